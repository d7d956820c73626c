import type { Mutant } from './mutant.ts';

export const ELECTION_MUTANTS: readonly Mutant[] = [
  {
    name: 'compare votes without the epoch',
    edits: [
      { at: 'isBetter', from: 'if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch;', to: '' },
      {
        at: 'Discovery.isMoreRecent',
        from: 'return currentEpoch > own || (currentEpoch === own && lastZxid > this.history.lastZxid);',
        to: 'return lastZxid > this.history.lastZxid && own > 0;',
      },
    ],
  },
  {
    name: 'compare votes without the zxid',
    bug: 'ZOOKEEPER-1154',
    edits: [
      { at: 'isBetter', from: 'if (a.zxid !== b.zxid) return a.zxid > b.zxid;', to: '' },
      {
        at: 'Discovery.onAckEpoch',
        from: 'if (this.isMoreRecent(currentEpoch, link.lastZxid)) {',
        to: 'if (currentEpoch < -1) {',
      },
    ],
  },
  {
    name: 'compare the epochs of votes that have none',
    bug: 'ZOOKEEPER-1732, ZOOKEEPER-1805',
    edits: [{ at: 'supports', from: 'vote.version > 0 !== received.version > 0 ||', to: '' }],
  },
  {
    name: 'compare all of the votes of who is settled',
    bug: 'ZOOKEEPER-1818, ZOOKEEPER-1732',
    edits: [
      {
        at: 'supports',
        from: "if (vote.state === 'looking' || received.state === 'looking') {",
        to: 'if (vote.round >= 0) {',
      },
    ],
  },
  {
    name: 'reopen a decision for any vote',
    bug: 'ZOOKEEPER-3109',
    edits: [
      {
        at: 'FastLeaderElection.onLookingVote',
        from: 'if (this.finalizeAtMs !== undefined && !this.isBetterFor(n, this.vote)) {',
        to: 'if (nowMs < 0) {',
      },
    ],
  },
  {
    name: 'join only in the own round',
    bug: 'ZOOKEEPER-1514',
    edits: [
      {
        at: 'FastLeaderElection.onSettledVote',
        from: 'if (this.isDecided(vote, this.settledVotes) || (fresh',
        to: 'if ((n.round === this.round && this.isDecided(vote, this.settledVotes)) || (fresh',
      },
    ],
  },
  {
    name: 'believe those who follow',
    bug: 'ZOOKEEPER-975',
    edits: [
      {
        at: 'VoteTable.saysItLeads',
        from: "return this.votes.get(sid)?.state === 'leading';",
        to: 'return this.votes.size > 0;',
      },
    ],
  },
  {
    name: 'count who looks again among those who follow',
    bug: 'ZOOKEEPER-3537',
    edits: [{ at: 'FastLeaderElection.onVote', from: 'this.settledVotes.delete(from);', to: '' }],
  },
  {
    name: 'let who looks later wait for the next repetition',
    edits: [
      {
        at: 'FastLeaderElection.hasMissedOurVote',
        from: 'this.settledVotes.has(from) && !this.isBetterFor(n, this.vote)',
        to: 'false',
      },
    ],
  },
  {
    name: 'take a malformed notification for a bug',
    bug: 'ZOOKEEPER-3769',
    edits: [
      {
        at: 'FastLeaderElection.onNotification',
        from: "this.log.warn({ from, reason: n }, 'a notification was dropped'); return;",
        to: 'throw new Error(n);',
      },
    ],
  },
  {
    name: 'take the length of names for that of their bytes',
    bug: 'ZOOKEEPER-4787',
    edits: [
      { at: 'writeInitialMessage', from: 'const length = Buffer.byteLength(text);', to: 'const { length } = text;' },
    ],
  },
  {
    name: 'give up on a name that does not resolve',
    bug: 'ZOOKEEPER-2982',
    edits: [
      {
        at: 'ElectionPorts.onBindError',
        from: "error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN'",
        to: "error.code === 'EAI_AGAIN'",
      },
    ],
  },
  {
    name: 'count an empty voter in all rounds once it counts',
    bug: 'ZOOKEEPER-261',
    edits: [
      {
        at: 'FastLeaderElection.onLookingVote',
        from: 'if (this.empty && this.mustAbstainAgain(nowMs)) {',
        to: 'if (nowMs < 0) {',
      },
    ],
  },
  {
    name: 'overlook members that were proposed',
    edits: [{ at: 'Electorate.use', from: '? [verifier, next] : [verifier];', to: '? [verifier] : [verifier];' }],
  },
  {
    name: 'listen at the election address of before',
    edits: [
      {
        at: 'PeerMesh.setMembers',
        from: 'this.addresses = this.configured.get(this.options.self) ?? this.addresses;',
        to: '',
      },
    ],
  },
  {
    name: 'dial one server at a time',
    bug: 'ZOOKEEPER-2164, ZOOKEEPER-3756',
    edits: [
      {
        at: 'PeerMesh.dial',
        from: 'if (link.dials.length > 0 || this.closed) return;',
        to: 'if ([...this.links.values()].some((each) => each.dials.length > 0) || this.closed) return;',
      },
    ],
  },
  {
    name: 'never give way to a higher id',
    bug: 'ZOOKEEPER-1419',
    edits: [{ at: 'isBetter', from: 'return a.leader > b.leader;', to: 'return a.zxid < 0;' }],
  },
];
