import type { Mutant } from './mutant.ts';

export const ZAB_MUTANTS: readonly Mutant[] = [
  {
    name: 'write currentEpoch before the transactions are on disk',
    bug: 'ZOOKEEPER-4643',
    edits: [
      {
        at: 'Learner.onNewLeader',
        from: 'if (!this.isUnproven) this.ports.epochs.setCurrent(this.ownEpoch); this.isNewLeaderAcked',
        to: 'this.isNewLeaderAcked',
      },
      {
        at: 'Learner.onNewLeader',
        from: 'this.ports.durable.run(() => {',
        to: 'if (!this.isUnproven) this.ports.epochs.setCurrent(this.ownEpoch); this.ports.durable.run(() => {',
      },
    ],
  },
  {
    name: 'never write currentEpoch',
    bug: 'ZOOKEEPER-2307',
    edits: [
      {
        at: 'Learner.onNewLeader',
        from: 'if (!this.isUnproven) this.ports.epochs.setCurrent(this.ownEpoch); this.isNewLeaderAcked',
        to: 'this.isNewLeaderAcked',
      },
    ],
  },
  {
    name: 'let a learner keep what was never decided',
    bug: 'ZOOKEEPER-2832',
    edits: [{ at: 'planSync', from: "return plan('trunc', max, NOTHING);", to: "return plan('diff', max, NOTHING);" }],
  },
  {
    name: 'cut one transaction too many',
    bug: 'ZOOKEEPER-1156',
    edits: [
      {
        at: 'planSync',
        from: "return plan('trunc', max, NOTHING);",
        to: "return plan('trunc', counterOf(max) > 1 ? ((max - 1) as Zxid) : max, NOTHING);",
      },
    ],
  },
  {
    name: 'keep snapshots above the cut',
    bug: 'ZOOKEEPER-4837, ZOOKEEPER-1549',
    edits: [
      { at: 'Learner.onTruncated', from: 'if (lastZxid !== this.syncZxid) {', to: 'if (lastZxid === undefined) {' },
      {
        at: 'carryOutTruncate',
        from: 'if (snapshot.zxid > zxid) disk.unlink(join(dirs.snapDir, snapshot.name));',
        to: '',
      },
    ],
  },
  {
    name: 'forget the committed transactions in memory in a DIFF',
    bug: 'ZOOKEEPER-4925, ZOOKEEPER-2418',
    edits: [
      {
        at: 'fromMemory',
        from: "return plan('diff', (entries.at(-1) as Entry).zxid, missing);",
        to: "return plan('diff', (entries.at(-1) as Entry).zxid, NOTHING);",
      },
    ],
  },
  {
    name: 'forget one transaction between the log and the memory',
    bug: 'ZOOKEEPER-2418',
    edits: [
      {
        at: 'withTransactions',
        from: 'fromDisk(peerZxid, min, known.slice(1), history, rules)',
        to: 'fromDisk(peerZxid, min, known.slice(2), history, rules)',
      },
    ],
  },
  {
    name: 'send what the log on disk has beyond what is decided',
    bug: 'ZOOKEEPER-2846',
    edits: [
      {
        at: 'SyncSource.nextFromDisk',
        from: 'if (entry === undefined || entry.zxid > this.through || !follows(this.previous, entry.zxid)) {',
        to: `if (entry === undefined && this.previous >= this.through) {
      this.cursor = undefined;
      return this.entries[this.at++];
    }
    if (entry === undefined || !follows(this.previous, entry.zxid)) {`,
      },
      {
        at: 'SyncSource.nextFromDisk',
        from: 'if (entry.zxid === this.through) {',
        to: 'if (entry.zxid < this.previous) {',
      },
    ],
  },
  {
    name: 'take an empty memory for a history that begins there',
    bug: 'ZOOKEEPER-4352',
    edits: [
      {
        at: 'withTransactions',
        from: 'return counterOf(last) === 0 ? undefined : fromDisk(',
        to: "return counterOf(last) === 0 ? plan('diff', last, NOTHING) : fromDisk(",
      },
    ],
  },
  {
    name: 'leave out what is proposed while a learner is synchronised',
    bug: 'ZOOKEEPER-3104, ZOOKEEPER-3589, Zab specification issue 1',
    edits: [
      {
        at: 'Synchronization.synchronise',
        from: 'this.proposals.forEachAbove(plan.reaches,',
        to: 'this.proposals.forEachAbove(this.proposals.proposed,',
      },
      {
        at: 'Learner.accept',
        from: 'if (epochOf(zxid) > this.ownEpoch || !follows(this.lastZxid, zxid)) {',
        to: 'if (epochOf(zxid) > this.ownEpoch || zxid < 0) {',
      },
    ],
  },
  {
    name: 'count proposals before NEWLEADER is acknowledged',
    bug: 'ZOOKEEPER-4685',
    edits: [
      // Proposals before NEWLEADER, as Apache's leaders send them.
      {
        at: 'Synchronization.synchronise',
        from: 'else if (!link.observer) open.push(entry);',
        to: 'else if (!link.observer) link.wire.send(new Packet(PacketType.proposal, entry.zxid, entry.payload));',
      },
      {
        at: 'Leader.onAck',
        from: 'if (zxid > link.acks.early) link.acks.early = zxid;',
        to: 'if (link.voter) { this.proposals.acknowledge(link.sid, zxid); this.advance(); }',
      },
      { at: 'Learner.mayAcknowledge', from: "&& this.stage !== 'synchronising'", to: '' },
    ],
  },
  {
    name: 'remember acknowledgements over the cut of the log they were for',
    edits: [{ at: 'Synchronization.synchronise', from: 'this.proposals.forget(link.sid);', to: '' }],
  },
  {
    name: 'overlook a learner that is ahead',
    bug: 'ZOOKEEPER-1154, ZOOKEEPER-1156',
    edits: [
      {
        at: 'Discovery.onAckEpoch',
        from: 'if (this.isMoreRecent(currentEpoch, link.lastZxid)) {',
        to: 'if (currentEpoch < -1) {',
      },
    ],
  },
  {
    name: 'commit on half of the voters',
    edits: [
      {
        at: 'Proposals.isOnQuorum',
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size < Math.floor(verifier.voters.size / 2)) return false;',
      },
    ],
  },
  {
    name: 'count observers in a quorum',
    bug: 'ZOOKEEPER-2959',
    edits: [
      {
        at: 'Discovery.onInfo',
        from: 'link.voter = !link.observer && this.members.isVoter(link.sid);',
        to: 'link.voter = true;',
      },
      { at: 'Leader.countAck', from: 'if (link.observer) return;', to: '' },
      {
        at: 'Majority.containsQuorum',
        from: 'for (const sid of this.voters) { if (acks.has(sid)) count++; }',
        to: 'count = acks.size;',
      },
      {
        at: 'AckTracker.add',
        from: 'if (!voters.has(sid)) continue; this.acked.add(sid);',
        to: 'this.acked.add(voters.size > 0 ? sid : -1);',
      },
    ],
  },
  {
    name: 'take what was accepted for the next epoch',
    bug: 'ZOOKEEPER-1270, ZOOKEEPER-1343',
    edits: [
      {
        at: 'Discovery.admit',
        from: 'this.epochWanted = Math.max(this.epochWanted, link.acceptedEpoch + 1);',
        to: 'this.epochWanted = Math.max(this.epochWanted, link.acceptedEpoch);',
      },
    ],
  },
  {
    name: 'count what is sent to a learner for nothing',
    bug: 'ZOOKEEPER-1697, ZOOKEEPER-2678',
    edits: [
      {
        at: 'LearnerLinks.watch',
        from: "if (link.phase === 'syncing' && link.tookBytes(",
        to: "if (link.phase === 'info' && link.tookBytes(",
      },
    ],
  },
  {
    name: 'count what the kernel takes for a learner that is gone',
    edits: [
      {
        at: 'LearnerLink.tookBytes',
        from: 'const isRest = this.hadBytesWaiting && this.wire.queuedBytes === 0;',
        to: 'const isRest = this.wire.queuedBytes === 0;',
      },
    ],
  },
  {
    name: 'wait for all voters',
    bug: 'ZOOKEEPER-2201, ZOOKEEPER-3531',
    edits: [
      {
        at: 'Proposals.isOnQuorum',
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size < verifier.voters.size) return false;',
      },
    ],
  },
  {
    name: 'answer a sync without asking a quorum',
    edits: [
      {
        at: 'Leader.onRequest',
        from: 'this.barriers.askFor(link, proposed);',
        to: 'link.wire.send(new Packet(PacketType.sync, ZXID_ZERO));',
      },
    ],
  },
];
