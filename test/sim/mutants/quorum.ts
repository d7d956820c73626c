import type { Mutant } from './mutant.ts';

export const QUORUM_MUTANTS: readonly Mutant[] = [
  {
    name: 'forget what the start replayed',
    scenario: 'restarts without a snapshot',
    edits: [
      {
        at: 'Replica.constructor',
        from: 'this.txnsSinceSnapshot = this.store.facts.recovery.transactions;',
        to: '',
      },
    ],
  },
  {
    name: 'acknowledge before the sync',
    bug: 'ZOOKEEPER-4646, ZOOKEEPER-3911',
    edits: [
      {
        at: 'DurableQueue.send',
        from: 'this.waiting.push({ zxid: this.lastAppended, item: packet });',
        to: 'this.link.send(packet);',
      },
    ],
  },
  {
    name: 'skip the truncate',
    bug: 'ZOOKEEPER-3701',
    edits: [
      {
        at: 'Following.truncate',
        from: 'const isCut = store.truncate(zxid); if (isCut) replica.reload(); this.learner.onTruncated(isCut ? replica.lastZxid : undefined);',
        to: 'this.learner.onTruncated(zxid);',
      },
    ],
  },
  {
    name: 'install a snapshot in memory first',
    bug: 'ZOOKEEPER-3642',
    edits: [
      {
        at: 'SnapshotReceiver.onRawEnd',
        from: 'store.installSnapshot(database.startCut(), () => {',
        to: '((_: unknown, task: () => void) => task())(store, () => {',
      },
    ],
  },
  {
    name: 'let a wiped voter count',
    bug: 'ZOOKEEPER-261, CH-91464',
    edits: [
      {
        at: 'Peer.isEmpty',
        from: 'return !this.wasSynchronised && (this.store.isEmpty || this.store.missingUpTo !== undefined);',
        to: 'return false;',
      },
      {
        at: 'FastLeaderElection.start',
        from: 'this.empty = this.isVoter && (empty || !isWholeHistory(peerEpoch, zxid));',
        to: 'this.empty = empty && !isWholeHistory(peerEpoch, zxid);',
      },
      {
        at: 'Synchronization.begin',
        from: 'link.isUnproven = link.isEmpty && !',
        to: 'link.isUnproven = link.sid < 0 && !',
      },
      { at: 'claimFor', from: '(state.empty || isNew)', to: 'state.empty' },
      {
        at: 'Discovery.onAckEpoch',
        from: "this.histories.add(link.sid, link.isEmpty ? 'empty' : historyKind(link, currentEpoch));",
        to: "this.histories.add(link.sid, 'some');",
      },
    ],
  },
  {
    name: 'keep the writer of an old role alive',
    bug: 'ZOOKEEPER-4712, ZOOKEEPER-4541',
    edits: [
      { at: 'Replica.endRole', from: 'this.store.quiesce(() => {', to: '((task: () => void) => task())(() => {' },
    ],
  },
  {
    name: 'keep in memory what never reached the disk',
    bug: 'ZOOKEEPER-2845',
    edits: [
      {
        at: 'Replica.endRole',
        from: 'if (head.zxid <= this.store.lastDurable) this.applyOne(head);',
        to: 'this.applyOne(head);',
      },
    ],
  },
  {
    name: 'carry what one role had on its way into the next',
    bug: 'CH-54572',
    edits: [
      { at: 'Replica.endRole', from: 'while (this.pending.length > 0) {', to: 'while (this.pending.length < 0) {' },
      {
        at: 'Replica.beginRole',
        from: "assert(this.pending.length === 0, 'no transaction of an earlier role is pending');",
        to: '',
      },
      {
        at: 'Replica.reload',
        from: "assert(this.pending.length === 0, 'the tree is reloaded only while nothing is pending');",
        to: '',
      },
    ],
  },
  {
    name: "show what is not on this server's disk",
    bug: 'ZOOKEEPER-4882',
    edits: [
      {
        at: 'Replica.drain',
        from: 'Math.min(this.committed, this.store.lastDurable)',
        to: 'this.committed',
      },
    ],
  },
  {
    name: 'load the database before every role',
    bug: 'ZOOKEEPER-1642',
    edits: [
      {
        at: 'Peer.look',
        from: 'const { replica, store } = this.parts;',
        to: 'const { replica, store } = this.parts; replica.reload();',
      },
    ],
  },
  {
    name: 'follow by the first address only',
    edits: [
      {
        at: 'LeaderLink.dial',
        from: 'new AnyDial(this.parts, this.options.addresses, leftMs,',
        to: 'new AnyDial(this.parts, this.options.addresses.slice(0, 1), leftMs,',
      },
    ],
  },
  {
    name: 'apply a decision when the next one comes',
    bug: 'ZOOKEEPER-4537',
    edits: [
      {
        at: 'Replica.drain',
        from: 'Math.min(this.committed, this.store.lastDurable)',
        to: 'Math.min(this.committed - 1, this.store.lastDurable)',
      },
    ],
  },
  {
    name: 'forget what is on the disk and not in the tree when a role ends',
    bug: 'ZOOKEEPER-3598',
    edits: [
      {
        at: 'Replica.endRole',
        from: 'if (head.zxid <= this.store.lastDurable) this.applyOne(head);',
        to: 'if (head.zxid < 0) this.applyOne(head);',
      },
    ],
  },
  {
    name: 'lose the session on re-attach',
    edits: [
      {
        at: 'LeaderRequests.revalidateFor',
        from: 'learner.answerRevalidate(sessionId, true);',
        to: 'learner.answerRevalidate(sessionId, sessionId % 3n !== 0n);',
      },
    ],
  },
  {
    name: 'take a session over before what it left behind is known',
    edits: [
      {
        at: 'LearnerUpstream.revalidated',
        from: "if (this.mode === 'follower') {",
        to: 'if (this.mode !== undefined) {',
      },
    ],
  },
  {
    name: 'deny a session without asking whether one still leads',
    edits: [
      {
        at: 'LeaderRequests.revalidateFor',
        from: 'this.turn.ask({ sessionId, timeoutMs, learner });',
        to: 'learner.answerRevalidate(sessionId, false);',
      },
      {
        at: 'LeaderRequests.revalidate',
        from: 'this.turn.ask({ sessionId, timeoutMs, learner: undefined });',
        to: 'server.onRevalidated(sessionId, false);',
      },
    ],
  },
  {
    name: 'deny a session that has become known while its refusal waited',
    edits: [
      {
        at: 'LeaderRequests.barrierPassed',
        from: 'const valid = this.sessions.revalidate(sessionId, timeoutMs, learner ?? server, clock.nowMs());',
        to: 'const valid = timeoutMs < 0 && clock === undefined;',
      },
    ],
  },
  {
    name: 'leave the client port where it was',
    edits: [
      {
        at: 'ClientPort.follow',
        from: 'if (self?.client === undefined || self.clientFromStatic) return;',
        to: 'if (self?.client === undefined || !self.clientFromStatic) return;',
      },
    ],
  },
  {
    name: 'let who is left out of the members observe',
    edits: [
      {
        at: 'isObserver',
        from: "return verifier.members.get(sid)?.role === 'observer';",
        to: 'return !verifier.voters.has(sid);',
      },
    ],
  },
  {
    name: 'enter a core from inside itself',
    bug: 'ZOOKEEPER-2080',
    edits: [{ at: 'EventTurn.ask', from: 'if (this.isRunning) { this.waiting.push(asked); return; }', to: '' }],
    unseen:
      'a request comes from inside an event only at its end, when what was committed is told and applied: proposed there or a moment later, every packet has the same place. test/quorum/roles/event-turn judges the order',
  },
  {
    name: 'send one that waits for the disk because another one waits behind it',
    edits: [
      {
        at: 'DurableQueue.drain',
        from: 'head !== undefined && head.zxid <= this.lastDurable;',
        to: 'head !== undefined && (head.zxid <= this.lastDurable || this.waiting.length > 1);',
      },
    ],
  },
  {
    name: 'acknowledge the first of a group for all of it',
    edits: [{ at: 'DurableQueue.drain', from: '{ ack = item; continue; }', to: '{ ack ??= item; continue; }' }],
  },
  {
    name: 'count commits from where the tree of an earlier leader stood',
    edits: [{ at: 'Replica.beginRole', from: 'this.committed = this.store.lastDurable;', to: '' }],
  },
  {
    name: 'count commits from before a history was replaced',
    edits: [
      {
        at: 'Replica.replaceWith',
        from: 'this.committed = database.lastProcessedZxid;',
        to: 'if (this.committed < 0) this.committed = database.lastProcessedZxid;',
      },
    ],
  },
  {
    name: 'forget at a learner that a session is closed',
    edits: [{ at: 'LearnerUpstream.onApplied', from: 'this.sessions.remove(header.clientId);', to: 'this.link;' }],
    unseen:
      'the leader is told once more that a session was heard which it does not know any more, and passes over it; an id does not come again within a PING. It costs twelve bytes',
  },
  {
    name: 'come back at once',
    edits: [
      {
        at: 'Following.afterPartOf',
        from: 'maxMs > 0 ? random.below(maxMs) : 0',
        to: 'maxMs < 0 ? random.below(maxMs) : 0',
      },
    ],
  },
];
