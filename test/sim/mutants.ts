/**
 * The check on the checker: the production source with one thing broken, most of them bugs that ZooKeeper or one of its
 * kind once had. Random worlds have to find each. The replacements are made when the simulator is bundled; a text that
 * is not there exactly once is a failure, so that no mutant quietly becomes the original.
 */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  readonly name: string;
  /** The bug it brings back, if it has a number. */
  readonly bug?: string;
  readonly edits: readonly Edit[];
}

const FOLLOWING = 'src/quorum/following.ts';
const REPLICA = 'src/quorum/replica.ts';
const LEADER = 'src/zab/leader/leader.ts';
const DISCOVERY = 'src/zab/leader/discovery.ts';
const SYNCHRONIZATION = 'src/zab/leader/synchronization.ts';
const LEARNER = 'src/zab/learner/learner.ts';
const BROADCAST = 'src/zab/leader/broadcast.ts';
const SYNC_PLAN = 'src/zab/leader/sync-plan.ts';
const SYNC_SOURCE = 'src/zab/leader/sync-source.ts';
const RECOVERY = 'src/txnlog/recovery.ts';
const FLE = 'src/election/voting/fast-leader-election.ts';
const MESH = 'src/election/mesh/peer-mesh.ts';
const WATCHES = 'src/datatree/watches/watch-manager.ts';

export const MUTANTS: readonly Mutant[] = [
  // Synchronisation and recovery
  {
    name: 'acknowledge before the sync',
    bug: 'ZOOKEEPER-4646, ZOOKEEPER-3911',
    edits: [
      {
        file: FOLLOWING,
        from: 'this.durableQueue.push(() => this.link?.send(packet));',
        to: 'this.link?.send(packet);',
      },
    ],
  },
  {
    name: 'write currentEpoch before the transactions are on disk',
    bug: 'ZOOKEEPER-4643',
    edits: [
      {
        file: LEARNER,
        from: '      if (!this.isUnproven) this.host.setCurrentEpoch(this.ownEpoch);\n      this.isNewLeaderAcked',
        to: '      this.isNewLeaderAcked',
      },
      {
        file: LEARNER,
        from: '    this.host.whenDurable(() => {',
        to: '    if (!this.isUnproven) this.host.setCurrentEpoch(this.ownEpoch);\n    this.host.whenDurable(() => {',
      },
    ],
  },
  {
    name: 'never write currentEpoch',
    bug: 'ZOOKEEPER-2307',
    edits: [
      {
        file: LEARNER,
        from: '      if (!this.isUnproven) this.host.setCurrentEpoch(this.ownEpoch);\n      this.isNewLeaderAcked',
        to: '      this.isNewLeaderAcked',
      },
    ],
  },
  {
    name: 'skip the truncate',
    bug: 'ZOOKEEPER-3701',
    edits: [
      {
        file: FOLLOWING,
        from: `    if (store.truncate(zxid)) {
      replica.reload();
      this.newestKnown = replica.lastZxid;
      this.cut = { endsAt: replica.lastZxid };`,
        to: `    if (store !== undefined) {
      this.cut = { endsAt: zxid };`,
      },
    ],
  },
  {
    name: 'let a learner keep what was never decided',
    bug: 'ZOOKEEPER-2832',
    edits: [
      {
        file: SYNC_PLAN,
        from: "return plan('trunc', max, NOTHING);",
        to: "return plan('diff', max, NOTHING);",
      },
    ],
  },
  {
    name: 'cut one transaction too many',
    bug: 'ZOOKEEPER-1156',
    edits: [
      {
        file: SYNC_PLAN,
        from: "return plan('trunc', max, NOTHING);",
        to: "return plan('trunc', counterOf(max) > 1 ? ((max - 1) as Zxid) : max, NOTHING);",
      },
    ],
  },
  {
    name: 'believe in a cut that failed',
    bug: 'ZOOKEEPER-3701',
    edits: [
      {
        file: 'src/txnlog/store.ts',
        from: '    } catch (error) {\n      throw fatal(error, `cannot cut the log after',
        to: '    } catch (error) {\n      if (!(error instanceof DiskError)) throw fatal(error, `cannot cut the log after',
      },
      { file: LEARNER, from: 'if (lastZxid !== this.syncZxid) {', to: 'if (lastZxid === undefined) {' },
    ],
  },
  {
    // A learner whose history does not end where it was told to cut it asks for a snapshot: that line goes as well.
    name: 'keep snapshots above the cut',
    bug: 'ZOOKEEPER-4837, ZOOKEEPER-1549',
    edits: [
      { file: LEARNER, from: 'if (lastZxid !== this.syncZxid) {', to: 'if (lastZxid === undefined) {' },
      {
        file: 'src/txnlog/history-change.ts',
        from: 'if (snapshot.zxid > zxid) disk.unlink(join(dirs.snapDir, snapshot.name));',
        to: '',
      },
    ],
  },
  {
    name: 'install a snapshot in memory first',
    bug: 'ZOOKEEPER-3642',
    edits: [
      {
        file: FOLLOWING,
        from: 'store.installSnapshot(database.startCut(), () => {',
        to: '((_: unknown, task: () => void) => task())(store, () => {',
      },
    ],
  },
  {
    name: 'forget the committed transactions in memory in a DIFF',
    bug: 'ZOOKEEPER-4925, ZOOKEEPER-2418',
    edits: [
      {
        file: SYNC_PLAN,
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
        file: SYNC_PLAN,
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
        file: SYNC_SOURCE,
        from: '    if (entry === undefined || entry.zxid > this.through || !follows(this.previous, entry.zxid)) {',
        to: `    if (entry === undefined && this.previous >= this.through) {
      this.cursor = undefined;
      return this.entries[this.at++];
    }
    if (entry === undefined || !follows(this.previous, entry.zxid)) {`,
      },
      { file: SYNC_SOURCE, from: 'if (entry.zxid === this.through) {', to: 'if (entry.zxid < this.previous) {' },
    ],
  },
  {
    name: 'take an empty memory for a history that begins there',
    bug: 'ZOOKEEPER-4352',
    edits: [
      {
        file: SYNC_PLAN,
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
        file: SYNCHRONIZATION,
        from: 'this.inFlight.forEachAbove(plan.reaches,',
        to: 'this.inFlight.forEachAbove(this.inFlight.proposed,',
      },
      {
        file: LEARNER,
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
        file: SYNCHRONIZATION,
        from: 'else if (!link.observer) open.push(entry);',
        to: 'else if (!link.observer) this.host.send(link.id, new Packet(PacketType.proposal, entry.zxid, entry.payload));',
      },
      {
        file: LEADER,
        from: 'if (zxid > link.earlyAck) link.earlyAck = zxid;',
        to: 'if (link.voter) { this.inFlight.acknowledge(link.sid, zxid); this.advance(); }',
      },
      { file: LEARNER, from: " && this.stage !== 'synchronising'", to: '' },
    ],
  },
  {
    name: 'remember acknowledgements over the cut of the log they were for',
    edits: [{ file: SYNCHRONIZATION, from: 'this.inFlight.forget(link.sid);', to: '' }],
  },
  {
    name: 'overlook a learner that is ahead',
    bug: 'ZOOKEEPER-1154, ZOOKEEPER-1156',
    edits: [
      {
        file: DISCOVERY,
        from: 'if (this.isMoreRecent(currentEpoch, link.lastZxid)) {',
        to: 'if (currentEpoch < -1) {',
      },
    ],
  },
  {
    name: 'let a wiped voter count',
    bug: 'ZOOKEEPER-261, CH-91464',
    edits: [
      {
        file: 'src/quorum/peer.ts',
        from: 'return !this.wasSynchronised && (this.store.isEmpty || this.store.missingUpTo !== undefined);',
        to: 'return false;',
      },
      {
        file: 'src/election/voting/fast-leader-election.ts',
        from: 'this.empty = this.isVoter && (empty || !isWholeHistory(peerEpoch, zxid));',
        to: 'this.empty = empty && !isWholeHistory(peerEpoch, zxid);',
      },
      {
        file: SYNCHRONIZATION,
        from: 'link.isUnproven = link.isEmpty && !',
        to: 'link.isUnproven = link.sid < 0 && !',
      },
      { file: LEARNER, from: '(this.state.empty || isNew)', to: '(this.state.empty)' },
      {
        file: DISCOVERY,
        from: "this.histories.add(link.sid, link.isEmpty ? 'empty' : historyKind(link, currentEpoch));",
        to: "this.histories.add(link.sid, 'some');",
      },
    ],
  },
  {
    name: 'keep the writer of an old role alive',
    bug: 'ZOOKEEPER-4712, ZOOKEEPER-4541',
    edits: [{ file: REPLICA, from: 'this.store.quiesce(() => {', to: '((task: () => void) => task())(() => {' }],
  },
  {
    name: 'keep in memory what never reached the disk',
    bug: 'ZOOKEEPER-2845',
    edits: [
      {
        file: REPLICA,
        from: 'if (head.zxid <= this.store.lastDurable) this.applyOne(head);',
        to: 'this.applyOne(head);',
      },
    ],
  },
  {
    name: 'carry what one role had on its way into the next',
    bug: 'CH-54572',
    edits: [
      { file: REPLICA, from: 'while (this.pending.length > 0) {', to: 'while (this.pending.length < 0) {' },
      {
        file: REPLICA,
        from: "    assert(this.pending.length === 0, 'no transaction of an earlier role is pending');\n",
        to: '',
      },
      {
        file: REPLICA,
        from: "    assert(this.pending.length === 0, 'the tree is reloaded only while nothing is pending');\n",
        to: '',
      },
    ],
  },
  {
    name: 'go on after a sync that failed',
    bug: 'ZOOKEEPER-4882',
    edits: [
      {
        file: 'src/txnlog/log/log-writer.ts',
        from: 'private readonly onGroupDone = (error: DiskError | undefined): void => {\n    if (error !== undefined) {',
        to: 'private readonly onGroupDone = (error: DiskError | undefined): void => {\n    if (error !== undefined && this.failed) {',
      },
    ],
  },
  {
    name: 'show what the own disk does not have',
    bug: 'ZOOKEEPER-4882',
    edits: [
      {
        file: REPLICA,
        from: 'const limit = Math.min(this.committed, this.store.lastDurable);',
        to: 'const limit = this.committed;',
      },
    ],
  },
  {
    name: 'accept an epoch in memory only',
    bug: 'ZOOKEEPER-1653',
    edits: [{ file: 'src/txnlog/epochs.ts', from: '    this.write(ACCEPTED, epoch);\n', to: '' }],
  },
  {
    name: 'commit on half of the voters',
    edits: [
      {
        file: BROADCAST,
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size < Math.floor(verifier.voters.size / 2)) return false;',
      },
    ],
  },
  {
    name: 'count observers in a quorum',
    bug: 'ZOOKEEPER-2959',
    edits: [
      { file: DISCOVERY, from: 'link.voter = !link.observer && this.isVoter(info.sid);', to: 'link.voter = true;' },
      {
        file: 'src/election/quorum/majority.ts',
        from: '    for (const sid of this.voters) {\n      if (acks.has(sid)) count++;\n    }',
        to: '    count = acks.size;',
      },
      {
        file: 'src/election/quorum/quorum-verifier.ts',
        from: '      if (!verifier.voters.has(sid)) continue;\n      this.acked.add(sid);',
        to: '      this.acked.add(verifier.voters.size > 0 ? sid : -1);',
      },
    ],
  },
  {
    name: 'compare votes without the epoch',
    edits: [
      {
        file: 'src/election/voting/vote.ts',
        from: 'if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch;',
        to: '',
      },
      {
        file: DISCOVERY,
        from: 'return currentEpoch > own || (currentEpoch === own && lastZxid > this.history.lastZxid);',
        to: 'return lastZxid > this.history.lastZxid && own > 0;',
      },
    ],
  },
  {
    name: 'compare votes without the zxid',
    bug: 'ZOOKEEPER-1154',
    edits: [
      { file: 'src/election/voting/vote.ts', from: 'if (a.zxid !== b.zxid) return a.zxid > b.zxid;', to: '' },
      {
        file: DISCOVERY,
        from: 'if (this.isMoreRecent(currentEpoch, link.lastZxid)) {',
        to: 'if (currentEpoch < -1) {',
      },
    ],
  },
  // Elections
  {
    name: 'compare the epochs of votes that have none',
    bug: 'ZOOKEEPER-1732, ZOOKEEPER-1805',
    edits: [{ file: 'src/election/voting/vote.ts', from: 'vote.version > 0 !== received.version > 0 || ', to: '' }],
  },
  {
    name: 'compare all of the votes of who is settled',
    bug: 'ZOOKEEPER-1818, ZOOKEEPER-1732',
    edits: [
      {
        file: 'src/election/voting/vote.ts',
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
        file: FLE,
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
        file: FLE,
        from: 'if (this.isDecided(vote, this.settledVotes)) {',
        to: 'if (n.round === this.round && this.isDecided(vote, this.settledVotes)) {',
      },
    ],
  },
  {
    name: 'believe those who follow',
    bug: 'ZOOKEEPER-975',
    edits: [
      {
        file: 'src/election/voting/vote-table.ts',
        from: "return this.votes.get(sid)?.state === 'leading';",
        to: 'return this.votes.size > 0;',
      },
    ],
  },
  {
    name: 'count who looks again among those who follow',
    bug: 'ZOOKEEPER-3537',
    edits: [{ file: FLE, from: '        this.settledVotes.delete(from);\n', to: '' }],
  },
  {
    name: 'let who looks later wait for the next repetition',
    edits: [{ file: FLE, from: 'this.settledVotes.has(from) && !this.isBetterFor(n, this.vote)', to: 'false' }],
  },
  {
    name: 'take a malformed notification for a bug',
    bug: 'ZOOKEEPER-3769',
    edits: [
      {
        file: FLE,
        from: "this.log.warn({ from, reason: n }, 'a notification was dropped');\n      return;",
        to: 'throw new Error(n);',
      },
    ],
  },
  {
    name: 'take the length of names for that of their bytes',
    bug: 'ZOOKEEPER-4787',
    edits: [
      {
        file: 'src/election/mesh/initial-message.ts',
        from: 'const length = Buffer.byteLength(text);',
        to: 'const { length } = text;',
      },
    ],
  },
  {
    name: 'give up on a name that does not resolve',
    bug: 'ZOOKEEPER-2982',
    edits: [
      {
        file: 'src/election/mesh/election-ports.ts',
        from: "error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN'",
        to: "error.code === 'EAI_AGAIN'",
      },
    ],
  },
  {
    name: 'take what was accepted for the next epoch',
    bug: 'ZOOKEEPER-1270, ZOOKEEPER-1343',
    edits: [
      {
        file: DISCOVERY,
        from: 'this.epochWanted = Math.max(this.epochWanted, link.acceptedEpoch + 1);',
        to: 'this.epochWanted = Math.max(this.epochWanted, link.acceptedEpoch);',
      },
    ],
  },
  {
    name: 'load the database before every role',
    bug: 'ZOOKEEPER-1642',
    edits: [
      {
        file: 'src/quorum/peer.ts',
        from: '    const { replica, store } = this.parts;\n',
        to: '    const { replica, store } = this.parts;\n    replica.reload();\n',
      },
    ],
  },
  {
    name: 'count an empty voter in all rounds once it counts',
    bug: 'ZOOKEEPER-261',
    edits: [{ file: FLE, from: 'if (this.empty && this.mustAbstainAgain(nowMs)) {', to: 'if (nowMs < 0) {' }],
  },
  {
    name: 'overlook members that were proposed',
    edits: [
      {
        file: 'src/election/voting/electorate.ts',
        from: '? [verifier, next] : [verifier];',
        to: '? [verifier] : [verifier];',
      },
    ],
  },
  {
    name: 'follow by the first address only',
    edits: [
      {
        file: FOLLOWING,
        from: 'const { leaderAddresses } = this.options;',
        to: 'const leaderAddresses = this.options.leaderAddresses.slice(0, 1);',
      },
    ],
  },
  {
    name: 'listen at the election address of before',
    edits: [{ file: MESH, from: 'this.addresses = this.configured.get(this.options.self) ?? this.addresses;', to: '' }],
  },
  {
    name: 'count what is sent to a learner for nothing',
    bug: 'ZOOKEEPER-1697, ZOOKEEPER-2678',
    edits: [
      {
        file: 'src/zab/leader/learner-links.ts',
        from: "if (link.phase === 'syncing' && link.tookBytes(",
        to: "if (link.phase === 'info' && link.tookBytes(",
      },
    ],
  },
  {
    name: 'wait for all voters',
    bug: 'ZOOKEEPER-2201, ZOOKEEPER-3531',
    edits: [
      {
        file: BROADCAST,
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size < verifier.voters.size) return false;',
      },
    ],
  },
  {
    name: 'apply a decision when the next one comes',
    bug: 'ZOOKEEPER-4537',
    edits: [
      {
        file: REPLICA,
        from: 'const limit = Math.min(this.committed, this.store.lastDurable);',
        to: 'const limit = Math.min(this.committed - 1, this.store.lastDurable);',
      },
    ],
  },
  {
    name: 'dial one server at a time',
    bug: 'ZOOKEEPER-2164, ZOOKEEPER-3756',
    edits: [
      {
        file: MESH,
        from: 'if (link.dials.length > 0 || this.closed) return;',
        to: 'if ([...this.links.values()].some((each) => each.dials.length > 0) || this.closed) return;',
      },
    ],
  },
  {
    name: 'never give way to a higher id',
    bug: 'ZOOKEEPER-1419',
    edits: [{ file: 'src/election/voting/vote.ts', from: 'return a.leader > b.leader;', to: 'return a.zxid < 0;' }],
  },
  // Files
  {
    name: 'skip the sync of the directory after a rename',
    edits: [
      {
        file: 'src/txnlog/small-file.ts',
        from: '  disk.rename(aside, join(dir, name));\n  disk.syncDir(dir);',
        to: '  disk.rename(aside, join(dir, name));',
      },
    ],
  },
  {
    name: 'skip the sync of the directory of a new log',
    edits: [
      {
        file: 'src/txnlog/log/log-file.ts',
        from: 'if (error === undefined && isFirst) this.disk.syncDirAsync(this.dir, done);\n      else done(error);',
        to: 'done(error);',
      },
    ],
  },
  {
    name: 'trust what an earlier process wrote and did not sync',
    edits: [{ file: RECOVERY, from: 'makeDurable(disk, dirs, base.snapshot, replayed, note.value);', to: '' }],
  },
  {
    name: 'skip at replay what the sessions of the snapshot created',
    bug: 'RK-332, ZOOKEEPER-1319',
    edits: [
      {
        file: RECOVERY,
        from: '  const onRecord = (record: LogRecord, path: string): void => {\n    database.apply(parse(record, path));',
        to: `  const ended = new Set<bigint>();
  database.sessions.forEach((id) => ended.add(id));
  const onRecord = (record: LogRecord, path: string): void => {
    const txn = parse(record, path);
    if (txn.body.kind !== 'create' || !ended.has(txn.header.clientId)) database.apply(txn);
    else database.setLastProcessed(record.zxid);`,
      },
    ],
  },
  {
    name: 'take an epoch for whole wherever the log before it ends',
    edits: [
      { file: 'src/txnlog/log/log-replay.ts', from: ' || this.isHole(file, zxid)', to: '' },
      {
        file: 'src/txnlog/log/log-cursor.ts',
        from: ' || this.order.before(zxid) === previous',
        to: ' || zxid > previous',
      },
    ],
  },
  {
    name: 'take damage for a torn tail',
    edits: [
      {
        file: 'src/txnlog/log/log-replay.ts',
        from: 'if (beyond !== undefined && (known === undefined || offset < known.offset)) {',
        to: 'if (beyond !== undefined && offset < 0) {',
      },
    ],
  },
  {
    name: 'take what a later release adds to a snapshot for damage',
    edits: [
      {
        file: 'src/txnlog/snapshot/snapshot-format.ts',
        from: 'if (part === undefined || part.bytes + SEAL_BYTES > left) break;',
        to: "if (part === undefined || part.bytes + SEAL_BYTES > left) return { defect: 'a part', digest: undefined };",
      },
    ],
  },
  {
    name: 'load a snapshot whatever its checksum',
    edits: [
      {
        file: 'src/txnlog/snapshot/snapshot-format.ts',
        from: 'return bytes.readUInt32BE(at) === 0 && bytes.readUInt32BE(at + 4) === checksum;',
        to: 'return bytes.readUInt32BE(at) === 0 && checksum >= 0;',
      },
    ],
  },
  {
    name: 'count snapshots that are not whole as kept',
    bug: 'ZOOKEEPER-3231',
    edits: [
      {
        file: 'src/txnlog/retention.ts',
        from: 'if (looksComplete(disk, snapDir, snapshot)) kept.push(snapshot);',
        to: 'if (looksComplete(disk, snapDir, snapshot) || retain > 0) kept.push(snapshot);',
      },
    ],
  },
  {
    name: 'take a log without a snapshot for the whole history',
    bug: 'ZOOKEEPER-2325',
    edits: [{ file: RECOVERY, from: 'if (!options.snapshotTrustEmpty) {', to: 'if (base.damaged.size > 9) {' }],
  },
  {
    name: 'leave the epochs that were made up for out of the files',
    edits: [
      {
        file: 'src/txnlog/epochs.ts',
        from: 'if (this.accepted === undefined && this.current === undefined && lastZxid > 0) this.current = logged;',
        to: '',
      },
    ],
  },
  {
    name: 'leave the parent alone when what is to be deleted is gone',
    bug: 'ZOOKEEPER-3125, ZOOKEEPER-3145',
    edits: [
      {
        file: 'src/datatree/tree/data-tree.ts',
        from: '    if (parent === NO_NODE) return ErrorCode.noNode;\n    if (zxid > nodes.long(parent, PZXID)) {',
        to: '    if (parent === NO_NODE) return ErrorCode.noNode;\n    if (zxid > nodes.long(parent, PZXID) && this.lookup(path) !== NO_NODE) {',
      },
    ],
  },
  {
    name: 'cut a snapshot without what an access list was before',
    bug: 'ZOOKEEPER-3306',
    edits: [
      {
        file: 'src/datatree/tree/data-tree.ts',
        from: '    this.beforeChange(node);\n    this.nodes.setInt(node, AVERSION, version);',
        to: '    this.nodes.setInt(node, AVERSION, version);',
      },
    ],
  },
  {
    name: 'leave what a failed snapshot has written',
    bug: 'ZOOKEEPER-3082',
    edits: [
      {
        file: 'src/txnlog/snapshot/snapshot-writer.ts',
        from: 'for (const path of paths) if (this.disk.exists(path)) this.disk.unlink(path);',
        to: 'for (const path of paths) this.disk.exists(path);',
      },
    ],
  },
  {
    name: 'write small files in their place',
    bug: 'ZOOKEEPER-2354, ZOOKEEPER-1387',
    edits: [
      {
        file: 'src/txnlog/small-file.ts',
        from: 'const aside = join(dir, temporary ?? temporaryName(name));',
        to: 'const aside = join(dir, temporary === undefined ? temporaryName(name) : name);',
      },
    ],
  },
  {
    name: 'forget what is on the disk and not in the tree when a role ends',
    bug: 'ZOOKEEPER-3598',
    edits: [
      {
        file: REPLICA,
        from: 'if (head.zxid <= this.store.lastDurable) this.applyOne(head);',
        to: 'if (head.zxid < 0) this.applyOne(head);',
      },
    ],
  },
  {
    name: 'go on after a write that failed',
    edits: [
      {
        file: 'src/txnlog/log/log-writer.ts',
        from: '    if (error !== undefined) {\n      this.fail(error);\n      return;\n    }\n    this.syncStartMs',
        to: '    this.syncStartMs',
      },
    ],
  },
  {
    name: 'look no further than one piece of the log',
    edits: [
      {
        file: 'src/txnlog/log/log-file-reader.ts',
        from: 'const wanted = Math.min(Math.max(CHUNK_BYTES, bytes), this.fileBytes - offset);',
        to: 'const wanted = Math.min(CHUNK_BYTES, this.fileBytes - offset);',
      },
    ],
  },
  {
    name: 'leave later log files when a log is cut',
    edits: [
      {
        file: 'src/txnlog/history-change.ts',
        from: 'for (const log of logs.reverse()) if (log.zxid > zxid) disk.unlink(join(dirs.logDir, log.name));',
        to: '',
      },
    ],
  },
  {
    name: 'purge what somebody reads',
    edits: [
      {
        file: 'src/txnlog/retention.ts',
        from: 'inUse ?? Number.POSITIVE_INFINITY);',
        to: 'inUse === undefined ? 0 : Number.POSITIVE_INFINITY);',
      },
    ],
  },
  {
    name: 'believe a note whatever its checksum',
    edits: [
      {
        file: 'src/txnlog/log/durable-note.ts',
        from: 'if (adler32(Buffer.from(text as string)).toString(16) !== checksum) return undefined;',
        to: 'if (checksum === undefined) return undefined;',
      },
    ],
  },
  {
    name: 'install a snapshot that was given up',
    edits: [
      {
        file: 'src/txnlog/snapshot/snapshot-writer.ts',
        from: '    if (this.cancelled) {\n      this.fail(new Error(GIVEN_UP));\n      return;\n    }\n    if (this.streamIsOver) {',
        to: '    if (this.streamIsOver) {',
      },
      {
        file: 'src/txnlog/snapshot/snapshot-writer.ts',
        from: 'if (error !== undefined || this.cancelled) this.fail(error ?? new Error(GIVEN_UP));',
        to: 'if (error !== undefined) this.fail(error);',
      },
    ],
  },
  {
    name: 'make directories that have to be there',
    edits: [
      {
        file: 'src/txnlog/data-dir.ts',
        from: 'if (!disk.exists(dir)) throw new FatalError(',
        to: "if (dir === '') throw new FatalError(",
      },
    ],
  },
  {
    name: 'leave out what the log on disk does not have',
    edits: [
      {
        file: 'src/txnlog/log/log-cursor.ts',
        from: 'if (!follows(previous, zxid)) return false;',
        to: 'if (!follows(previous, zxid)) return zxid > previous;',
      },
      { file: 'src/zab/leader/sync-source.ts', from: ' || !follows(this.previous, entry.zxid)', to: '' },
    ],
  },
  {
    name: 'sync what is read without writing it again',
    edits: [{ file: RECOVERY, from: '      file.writeAt(chunk, at);\n', to: '' }],
  },
  {
    name: 'leave the torn end of the log',
    bug: 'ZOOKEEPER-1489',
    edits: [
      {
        file: RECOVERY,
        from: 'if (replayed.torn !== undefined) cutTornTail(disk, dirs.logDir, replayed.torn, note, log);',
        to: '',
      },
    ],
  },
  {
    name: 'write a snapshot under its real name',
    bug: 'ZOOKEEPER-2872',
    edits: [
      {
        file: 'src/txnlog/snapshot/snapshot-writer.ts',
        from: 'return join(this.dir, temporaryName(this.name));',
        to: 'return join(this.dir, this.name + temporaryName("").slice(0, 0));',
      },
    ],
  },
  {
    // The new snapshot is above everything that may be left of the old history; so the order goes as well.
    name: 'replace a history without saying so first',
    edits: [
      {
        file: 'src/txnlog/history-change.ts',
        from: '  if (disk.exists(temporary)) {\n    disk.rename(temporary, path);',
        to: `  for (const log of listLogs(disk, dirs.logDir)) disk.unlink(join(dirs.logDir, log.name));
  disk.syncDir(dirs.logDir);
  if (disk.exists(temporary)) {
    disk.rename(temporary, path);`,
      },
      {
        file: 'src/txnlog/history-change.ts',
        from: 'replaceFile(disk, dirs.snapDir, INTENT, ',
        to: 'if (what.length < 0) replaceFile(disk, dirs.snapDir, INTENT, ',
      },
      {
        file: 'src/txnlog/history-change.ts',
        from: '  disk.unlink(join(dirs.snapDir, INTENT));\n',
        to: '',
      },
    ],
  },
  // Sessions, ephemerals, reads, watches
  {
    name: 'never delete an ephemeral',
    bug: 'ZOOKEEPER-2355',
    edits: [
      {
        file: 'src/datatree/database.ts',
        from: 'const unnamed = this.tree.killSession(header.clientId, header.zxid, body.paths ?? []);',
        to: 'const unnamed = 0;',
      },
    ],
  },
  {
    name: 'keep closed sessions in the table',
    bug: 'ZOOKEEPER-3144',
    edits: [{ file: 'src/datatree/database.ts', from: '    this.sessions.remove(header.clientId);\n', to: '' }],
  },
  {
    name: 'lose the session on re-attach',
    edits: [
      {
        file: 'src/quorum/leading.ts',
        from: 'this.enter(() => this.leader.revalidated(link, sessionId, valid));',
        to: 'this.enter(() => this.leader.revalidated(link, sessionId, valid && sessionId % 3n !== 0n));',
      },
    ],
  },
  {
    name: 'do not tell the leader who was heard',
    bug: 'ZOOKEEPER-710',
    edits: [
      {
        file: 'src/server/sessions/learner-session-tracker.ts',
        from: 'touch(sessionId: bigint, timeoutMs: number): boolean {\n    this.touched.set(sessionId, timeoutMs);',
        to: 'touch(_sessionId: bigint, _timeoutMs: number): boolean {',
      },
    ],
  },
  {
    name: 'let a session that is being closed go on',
    bug: 'CH-65198, ZOOKEEPER-1496',
    edits: [
      {
        file: 'src/server/sessions/session-tracker.ts',
        from: 'if (session.isClosing) return ErrorCode.sessionExpired;',
        to: '',
      },
    ],
  },
  {
    name: 'never fire a watch on data',
    edits: [
      {
        file: WATCHES,
        from: 'this.data.trigger(path, EventType.nodeDataChanged, zxid, acl);',
        to: 'if (zxid < 0) this.data.trigger(path, 0, zxid, acl);',
      },
    ],
  },
  {
    name: 'deliver a watch after the reply',
    edits: [
      {
        file: 'src/server/connection/client-connection.ts',
        from: 'this.replies.event(type, path, zxid);',
        to: 'this.server.clock.after(5, () => this.replies.event(type, path, zxid));',
      },
    ],
  },
  {
    name: 'forget what changed while a client was away',
    bug: 'ZOOKEEPER-1412',
    edits: [
      {
        file: WATCHES,
        from: 'else if (tree.modifiedAt(node) > lists.relativeZxid) {',
        to: 'else if (tree.modifiedAt(node) < 0) {',
      },
    ],
  },
  {
    name: 'serve a client that has seen more',
    edits: [
      {
        file: 'src/server/zookeeper-server.ts',
        from: 'if (request.lastZxidSeen > this.lastProcessedZxid) {',
        to: 'if (request.lastZxidSeen < 0) {',
      },
    ],
  },
  {
    name: 'answer a sync before what it waits for is applied',
    edits: [
      {
        file: 'src/server/zookeeper-server.ts',
        from: 'if (head.committed > this.lastProcessedZxid) return;',
        to: '',
      },
    ],
  },
  {
    name: 'answer a sync without asking a quorum',
    edits: [
      {
        file: LEADER,
        from: 'this.barriers.ask(proposed, link.id, 0);',
        to: 'this.host.send(link.id, new Packet(PacketType.sync, ZXID_ZERO));',
      },
    ],
  },
  // Transactions
  {
    name: 'name sequential nodes by the number of children',
    bug: 'ZOOKEEPER-1046',
    edits: [
      {
        file: 'src/server/prep/create.ts',
        from: 'record.path + sequenceSuffix(parent.cversion)',
        to: 'record.path + sequenceSuffix(parent.childCount)',
      },
    ],
  },
  {
    name: 'apply a failed multi in part',
    edits: [
      {
        file: 'src/datatree/database.ts',
        from: "if (!failed || part.kind === 'error') item =",
        to: "if (!pastFailure || part.kind === 'error') item =",
      },
    ],
  },
  {
    name: 'set data whatever the version',
    edits: [
      {
        file: 'src/server/prep/change.ts',
        from: '  if (!versionMatches(node.version, record.version)) return ErrorCode.badVersion;\n  const version',
        to: '  const version',
      },
    ],
  },
  {
    name: 'judge a write by the tree without what is on its way',
    edits: [
      {
        file: 'src/server/prep/change.ts',
        from: 'pending.setData(node, data, version, context.zxid, context.timeMs);',
        to: '',
      },
    ],
  },
  {
    name: 'tell a recursive watch of children that changed',
    bug: 'ZOOKEEPER-4475',
    edits: [
      {
        file: WATCHES,
        from: 'addRecursive(path: string, watcher: Watcher): void {',
        to: 'addRecursive(path: string, watcher: Watcher): void {\n    this.child.add(path, watcher, WatchMode.recursive);',
      },
    ],
  },
  {
    name: 'do not set a persistent watch again',
    bug: 'ZK#1950',
    edits: [{ file: WATCHES, from: 'for (const path of lists.persistent) this.addPersistent(path, watcher);', to: '' }],
  },
  {
    name: 'fire a watch on what may not be read',
    bug: 'CVE-2024-23944',
    edits: [
      {
        file: 'src/datatree/watches/watch-table.ts',
        from: 'if (watcher.mayRead(acl)) watcher.onWatchEvent',
        to: 'if (acl !== undefined) watcher.onWatchEvent',
      },
    ],
  },
  {
    name: 'send an event with the zxid before it',
    bug: 'etcd-19998',
    edits: [
      {
        file: 'src/server/connection/client-connection.ts',
        from: 'this.replies.event(type, path, zxid);',
        to: 'this.replies.event(type, path, zxid > 0 ? this.server.lastProcessedZxid : zxid);',
      },
    ],
  },
  {
    name: 'tell a client that its session moved',
    bug: 'ZOOKEEPER-710',
    edits: [
      {
        file: 'src/server/answers/client-answers.ts',
        from: 'if (err !== ErrorCode.sessionMoved) return false;',
        to: 'if (err !== ErrorCode.sessionMoved || this.connection.sessionId !== 0n) return false;',
      },
    ],
  },
  {
    name: 'attach to a session whatever the password',
    edits: [
      {
        file: 'src/server/zookeeper-server.ts',
        from: 'if (!isSessionPassword(sessionId, password)) {',
        to: 'if (!isSessionPassword(sessionId, password) && sessionId === 0n) {',
      },
    ],
  },
  {
    name: "let the clock run into the server's number",
    bug: 'ZOOKEEPER-1622',
    edits: [
      {
        file: 'src/server/sessions/session-ids.ts',
        from: 'const clock = BigInt(Math.floor(wallMs)) & CLOCK_MASK;',
        to: 'const clock = BigInt(Math.floor(wallMs));',
      },
    ],
  },
  {
    name: 'wait for a client that does not read, whatever it costs',
    edits: [
      {
        file: 'src/server/connection/client-replies.ts',
        from: 'if (this.waitingBytes > OUTPUT_CLOSE_BYTES + this.largestBytes) this.isOverflowing = true;',
        to: '',
      },
    ],
  },
  // Requests
  {
    name: 'take a check for a write',
    bug: 'ZOOKEEPER-2623',
    edits: [
      {
        file: 'src/server/operations.ts',
        from: "  [OpCode.multi, 'MULT'],",
        to: "  [OpCode.multi, 'MULT'],\n  [OpCode.check, 'NA'],",
      },
    ],
  },
  {
    name: 'pass over what does not fit into a multi',
    bug: 'RK-400',
    edits: [
      {
        file: 'src/server/prep/multi.ts',
        from: 'and here Apache fails on them.\n      throw invalidItem(type);',
        to: 'and here Apache fails on them.\n      record.type = OpCode.error;\n      record.path = "/";',
      },
    ],
  },
  {
    name: 'delete a container for whoever asks',
    edits: [
      {
        file: 'src/server/prep/change.ts',
        from: 'if (request.owner !== undefined) return ErrorCode.unimplemented;',
        to: '',
      },
    ],
  },
  {
    name: 'delete without asking the parent',
    edits: [
      {
        file: 'src/server/prep/change.ts',
        from: '  if (!isPermitted(context, parent.acl, Perm.delete)) return ErrorCode.noAuth;\n',
        to: '',
      },
    ],
  },
  {
    name: 'show everything to everybody',
    edits: [
      {
        file: 'src/server/answers/reads.ts',
        from: 'return context.auth.permits(acl, Perm.read, request.authIds);',
        to: 'return context.auth !== undefined || acl === undefined || request === undefined;',
      },
    ],
  },
  {
    name: 'show the hashes of passwords',
    bug: 'CVE-2019-0201',
    edits: [
      {
        file: 'src/server/answers/reads.ts',
        from: 'context.auth.permits(acl, Perm.admin, request.authIds) ? acl : withoutHashes(acl)',
        to: 'acl.length > 0 ? acl : withoutHashes(acl)',
      },
    ],
  },
  {
    name: 'judge a check in a multi by the tree before it',
    edits: [
      {
        file: 'src/server/prep/change.ts',
        from: 'export function prepareCheck(context: PrepContext, record: WriteRecord): TxnBody | number {\n  const { request, pending } = context;',
        to: `export function prepareCheck(context: any, record: any): any {
  const { request } = context;
  const own = context.pending;
  const pending = {
    find: (path: any) => {
      const handle = own.tree.lookup(path);
      return handle === -1 ? undefined : own.fromTree(path, handle);
    },
  };`,
      },
    ],
  },
  {
    name: 'count a ttl from the creation',
    edits: [
      {
        file: 'src/datatree/tree/owned-nodes.ts',
        from: 'import { CHILD_COUNT, CVERSION, KIND, MTIME,',
        to: 'import { CHILD_COUNT, CTIME, CVERSION, KIND, MTIME,',
      },
      {
        file: 'src/datatree/tree/owned-nodes.ts',
        from: 'if (ttlMs !== 0 && wallMs - nodes.long(node, MTIME) > ttlMs)',
        to: 'if (ttlMs !== 0 && wallMs - nodes.long(node, CTIME) > ttlMs)',
      },
    ],
  },
  {
    name: 'delete a container that was never used',
    edits: [
      {
        file: 'src/datatree/tree/owned-nodes.ts',
        from: 'if (wasUsed || (',
        to: 'if (wasUsed || idleMs > 0 || (',
      },
    ],
  },
  {
    name: 'forget what a deleted node had of its quota',
    edits: [{ file: 'src/datatree/tree/data-tree.ts', from: '    this.quotas.onUsage(path, -bytes, -1);\n', to: '' }],
  },
  {
    name: 'stop at the last version',
    bug: 'ZOOKEEPER-4743',
    edits: [
      {
        file: 'src/server/prep/prep-context.ts',
        from: 'return (version + 1) | 0;',
        to: 'return Math.min(version + 1, 2147483647);',
      },
    ],
  },
  {
    name: 'let the number of children wrap',
    bug: 'kazoo-730',
    edits: [
      {
        file: 'src/server/prep/pending-tree.ts',
        from: 'if (parentCversion > changed.cversion) {',
        to: 'if (parentCversion !== changed.cversion) {',
      },
      {
        file: 'src/datatree/tree/data-tree.ts',
        from: 'if (creates > nodes.int(parent, CVERSION)) {',
        to: 'if (creates !== nodes.int(parent, CVERSION)) {',
      },
    ],
  },
  {
    name: 'keep the first owner of a session',
    bug: 'ZOOKEEPER-2886',
    edits: [
      {
        file: 'src/server/sessions/session-tracker.ts',
        from: '    session.owner = owner;\n    return true;',
        to: '    session.owner ??= owner;\n    return true;',
      },
    ],
  },
  {
    name: 'take a session over before what it left behind is known',
    edits: [
      {
        file: 'src/quorum/following.ts',
        from: 'if (!this.options.observer) {\n      this.parts.server.onRev',
        to: 'if (this.isServing) {\n      this.parts.server.onRev',
      },
    ],
  },
  {
    name: 'deny a session without asking whether one still leads',
    edits: [
      { file: 'src/quorum/leading.ts', from: 'if (valid) answer();', to: 'if (valid || !valid) answer();' },
      {
        file: 'src/quorum/leader-upstream.ts',
        from: 'this.door.whenFree(() => this.door.barrier(() => server.onRevalidated(sessionId, false)));',
        to: 'server.onRevalidated(sessionId, false);',
      },
    ],
  },
  {
    name: 'delete a node that was written since its TTL was over',
    edits: [
      {
        file: 'src/server/prep/change.ts',
        from: 'if (kind === OwnerKind.ttl && context',
        to: 'if (kind === OwnerKind.none && context',
      },
    ],
  },
  {
    name: 'attach a connection by the answer to an earlier one',
    edits: [{ file: 'src/server/zookeeper-server.ts', from: 'if (more > 0) {', to: 'if (more < 0) {' }],
  },
  {
    name: 'forget what an earlier connection of a session asked',
    edits: [{ file: 'src/server/zookeeper-server.ts', from: 'connection.queue.inherit(older.queue);', to: '' }],
  },
];
