import type { Mutant } from './mutant.ts';

/**
 * Ten more, written when the others were finished by somebody who knew the production source and nothing of the
 * simulator: a fairer measure, as far as no world was changed for their sake. Each says how it does harm.
 */
export const LATE_MUTANTS: readonly Mutant[] = [
  {
    name: 'any answer to an old ping counts for the newest round of pings',
    // Leader L of three; both followers answer a PING, and their answers are held up on the way (L's process stalls,
    // or the direction follower to L is slow). The followers leave L, elect one of them and commit a write w. A
    // client of L asks `sync` and then reads; L begins a new round of PINGs for it, the old answers arrive before L
    // notices that the links are gone, count as answers to the new round, and the sync is answered.
    edits: [
      {
        at: 'OpenPings.onAnswer',
        from: 'this.answered = ping.round;',
        to: 'this.answered = this.open.last()?.round ?? ping.round;',
      },
    ],
  },
  {
    name: 'a voter that joined without a history never takes the epoch for its own',
    // Servers 1 and 2 start and serve; server 3 starts for the first time later (or is cut off during the first
    // election) and is synchronised as an empty voter, so the task behind NEWLEADER leaves currentEpoch at 0 and
    // UPTODATE does too. It acknowledges writes and counts. The leader crashes: server 3 has transactions but epoch
    // 0, calls itself empty and abstains until every voter has told, so 2 and 3, a quorum, elect nobody as long as
    // the old leader is down.
    edits: [
      {
        at: 'Learner.onUpToDate',
        from: 'this.isUnproven = false; this.ports.epochs.setCurrent(this.ownEpoch);',
        to: 'this.isUnproven = false;',
      },
    ],
  },
  {
    name: 'a diff from the disk goes to a learner whose last transaction the leader does not have',
    // The leader of epoch 4 logs 4:11 and 4:12 on its own disk alone and is cut off or crashes; the other two go on
    // in epoch 5 from 4:10, take a snapshot and the new leader restarts (or commits more than commitLogCount), so
    // that its memory begins above 4:12 while its log files still hold 4:10, 5:1, ... and are small beside the
    // snapshot. The old leader comes back with 4:12: the log is read from there, its first entry is 5:1, and instead
    // of SNAP it is sent a DIFF beginning with 5:1, which it takes for the successor of 4:12.
    edits: [
      {
        at: 'fromDisk',
        from: 'if (first === undefined || (first.zxid !== peerZxid && counterOf(peerZxid) !== 0)) {',
        to: 'if (first === undefined || first.zxid < peerZxid) {',
      },
    ],
  },
  {
    name: 'candidates are compared by zxid alone, without the current epoch',
    // A, leader of epoch 4, logs 4:12 on its own disk alone and crashes; B leads epoch 5 with C from 4:10 and
    // crashes before anything is proposed, so C stands at current epoch 5 and 4:10. A comes back: its zxid is
    // higher, C votes for it, A leads, hears in ACKEPOCH that C is of a later epoch and steps down, and so again and
    // again, also after B restarted.
    edits: [{ at: 'isBetter', from: 'if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch;', to: '' }],
  },
  {
    name: 'a snapshot being received is installed on disk although its role has ended',
    // A follower far behind has received the whole SNAP and is writing it to a slow disk when the leader crashes or
    // the link breaks. Ending the role waits for the write and goes LOOKING with the old tree, and then the finished
    // snapshot replaces log and snapshots on disk, with nobody left to replace the tree. The next leader is told the
    // snapshot's zxid, sends a DIFF from there, and the follower applies it to the old tree.
    edits: [
      {
        at: 'Store.quiesce',
        from: 'this.snapshots.giveUpReceived(); this.writer.quiesce(',
        to: 'this.writer.quiesce(',
      },
    ],
  },
  {
    name: 'recovery writes the unsynced end of the log again and does not sync it',
    // On a slow disk a follower's process is killed after the write of t and before its sync; the machine stays up,
    // so the restarted process reads t back from memory of the system. With that history it is elected, or
    // acknowledges NEWLEADER, and t counts as on its disk (it and one other make the quorum that commits it); later
    // records go to a new file whose syncs do not cover the old one. Then the power of that machine fails, and t is
    // gone from its log while it was one of the two that had it.
    edits: [{ at: 'syncFile', from: 'file.writeAt(chunk, at); } file.syncNow();', to: 'file.writeAt(chunk, at); }' }],
  },
  {
    name: 'what reaches the disk while a role ends is not applied to the tree',
    // A follower has 4:11 and 4:12 in a group whose sync is slow when its leader's link breaks; the sync completes
    // while the role ends, so the log ends at 4:12, and the tree stays at 4:10. The transactions are committed by
    // others; in the next role the follower says that it has 4:12 (its log), gets a DIFF from there and applies 5:1
    // to a tree that lacks two transactions. Should it lead instead, it stands on 4:10 and its disk brings 4:11 and
    // 4:12 back at the next restart.
    edits: [
      {
        at: 'Replica.endRole',
        from: 'this.sink = undefined; this.store.quiesce(() => {',
        to: 'this.sink = undefined; const onDisk = this.store.lastDurable; this.store.quiesce(() => {',
      },
      {
        at: 'Replica.endRole',
        from: 'if (head.zxid <= this.store.lastDurable) this.applyOne(head);',
        to: 'if (head.zxid <= onDisk) this.applyOne(head);',
      },
    ],
  },
  {
    name: "a reconnecting client's last zxid is held against what is logged and not against what is applied",
    // Write t is committed by two of three while the disk of the third (a follower, or the leader itself) is slow,
    // so that it has t in its queue and not in its tree. A client that was answered t, or has read it, loses its
    // connection and comes back to the third with lastZxidSeen = t. It is let in, since t is the newest known there,
    // and its first read is answered at once from a tree without t.
    edits: [
      {
        at: 'SessionAttachments.onConnectRequest',
        from: 'if (request.lastZxidSeen > lastProcessedZxid) {',
        to: 'if (request.lastZxidSeen > upstream.newestKnownZxid) {',
      },
    ],
  },
  {
    name: 'the changes of a failed multi are taken back in the order they were made',
    // A client sends multi [setData /a, setData /a, check of a wrong version] or multi [create /p/x, create /p/y,
    // check that fails]: the path changed twice is put back last to what the first part had made of it. That ghost
    // is in no transaction and stays in the leader's pending state. The next setData of /a with the true version
    // gets BADVERSION, a delete of the empty /p gets NOTEMPTY (after [delete /a, create /a, failure] /a is NONODE
    // for writers), and the next accepted change skips a version or a sequence number.
    edits: [
      {
        at: 'PendingTree.rollback',
        from: 'for (let i = this.staged.length - 1; i >= 0; i--) {',
        to: 'for (let i = 0; i < this.staged.length; i++) {',
      },
    ],
  },
  {
    name: "who was told that a node is gone is not told that its parent's children changed",
    // One connection has a data or exists watch on /p/a and a child watch on /p (as every lock or membership recipe
    // has); another client deletes /p/a, or it is an ephemeral whose session ends. The first gets NodeDeleted for
    // /p/a; its child watch on /p fires and is spent, but the event is not sent.
    edits: [
      {
        at: 'WatchManager.onDeleted',
        from: 'this.onChildrenChanged(parent, zxid, parentAcl);',
        to: 'this.child.trigger(parent, EventType.nodeChildrenChanged, zxid, parentAcl, told);',
      },
    ],
  },
];
