import type { Mutant } from './mutant.ts';

export const TXNLOG_MUTANTS: readonly Mutant[] = [
  {
    name: 'believe in a cut that failed',
    bug: 'ZOOKEEPER-3701',
    // A learner whose history does not end where it was told to cut it asks for a snapshot: that line goes as well.
    edits: [
      {
        at: 'Store.cut',
        from: 'carryOut(this.disk, this.dirs, this.note, intent); } catch (error) {',
        to: 'carryOut(this.disk, this.dirs, this.note, intent); } catch (error) { if (!Object.hasOwn(error as object, `code`))',
      },
      { at: 'Learner.onTruncated', from: 'if (lastZxid !== this.syncZxid) {', to: 'if (lastZxid === undefined) {' },
    ],
  },
  {
    name: 'go on after a sync that failed',
    bug: 'ZOOKEEPER-4882',
    edits: [
      {
        at: 'LogWriter.onGroupDone',
        from: 'private readonly onGroupDone = (error: DiskError | undefined): void => { if (error !== undefined) {',
        to: 'private readonly onGroupDone = (error: DiskError | undefined): void => { if (error !== undefined && this.failed) {',
      },
    ],
  },
  {
    name: 'accept an epoch in memory only',
    bug: 'ZOOKEEPER-1653',
    edits: [{ at: 'Epochs.setAccepted', from: 'this.write(ACCEPTED_EPOCH, epoch);', to: '' }],
  },
  {
    name: 'skip the sync of the directory after a rename',
    edits: [
      {
        at: 'replaceFile',
        from: 'disk.rename(aside, join(dir, name)); disk.syncDir(dir);',
        to: 'disk.rename(aside, join(dir, name));',
      },
    ],
  },
  {
    name: 'skip the sync of the directory of a new log',
    edits: [
      {
        at: 'LogFile.writeFirst',
        from: 'if (error === undefined) this.disk.syncDirAsync(this.dir, done); else done(error);',
        to: 'done(error);',
      },
    ],
  },
  {
    name: 'trust what an earlier process wrote and did not sync',
    edits: [
      { at: 'recoverHistory', from: 'makeDurable(disk, dirs, base.snapshot, replayed, place.note.value);', to: '' },
    ],
  },
  {
    name: 'skip at replay what the sessions of the snapshot created',
    bug: 'RK-332, ZOOKEEPER-1319',
    edits: [
      {
        at: 'recoverHistory',
        from: 'const onRecord = (record: LogRecord, path: string): void => { database.apply(parse(record, path));',
        to: `const ended = new Set<bigint>();
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
      { at: 'Replay.readRecords', from: '|| this.isHole(file, zxid)', to: '' },
      { at: 'LogCursor.isNext', from: '|| this.place.order.before(zxid) === previous', to: '|| zxid > previous' },
    ],
  },
  {
    name: 'take damage for a torn tail',
    edits: [
      {
        at: 'Replay.endLastFile',
        from: 'if (beyond !== undefined && (known === undefined || offset < known.offset)) {',
        to: 'if (beyond !== undefined && offset < 0) {',
      },
    ],
  },
  {
    name: 'take what a later release adds to a snapshot for damage',
    edits: [
      {
        at: 'readTrailer',
        from: 'if (part === undefined || part.bytes + SEAL_BYTES > left) break;',
        to: "if (part === undefined || part.bytes + SEAL_BYTES > left) return { defect: 'a part', digest: undefined };",
      },
    ],
  },
  {
    name: 'load a snapshot whatever its checksum',
    edits: [
      {
        at: 'isSeal',
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
        at: 'planPurge',
        from: 'if (looksComplete(disk, snapDir, snapshot)) kept.push(snapshot);',
        to: 'if (looksComplete(disk, snapDir, snapshot) || retain > 0) kept.push(snapshot);',
      },
    ],
  },
  {
    name: 'take a log without a snapshot for the whole history',
    bug: 'ZOOKEEPER-2325',
    edits: [
      { at: 'refuseUnlessWhole', from: 'if (!options.snapshotTrustEmpty) {', to: 'if (base.damaged.size > 9) {' },
    ],
  },
  {
    name: 'leave the epochs that were made up for out of the files',
    edits: [
      {
        at: 'Epochs.checkAgainst',
        from: 'if (this.accepted === undefined && this.current === undefined && lastZxid > 0) this.current = logged;',
        to: '',
      },
    ],
  },
  {
    name: 'leave what a failed snapshot has written',
    bug: 'ZOOKEEPER-3082',
    edits: [
      {
        at: 'SnapshotWriter.remove',
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
        at: 'replaceFile',
        from: 'const aside = join(dir, temporary ?? temporaryName(name));',
        to: 'const aside = join(dir, temporary === undefined ? temporaryName(name) : name);',
      },
    ],
  },
  {
    name: 'write the log, but not through to the disk',
    edits: [
      {
        at: 'LogFile.constructor',
        from: "this.file = this.disk.open(this.path, isForced ? 'writeThrough' : 'write');",
        to: "this.file = this.disk.open(this.path, 'write');",
      },
    ],
  },
  {
    name: 'look no further than one piece of the log',
    edits: [
      {
        at: 'LogFileReader.load',
        from: 'const wanted = Math.min(Math.max(CHUNK_BYTES, bytes), this.fileBytes - offset);',
        to: 'const wanted = Math.min(CHUNK_BYTES, this.fileBytes - offset);',
      },
    ],
  },
  {
    name: 'leave later log files when a log is cut',
    edits: [
      {
        at: 'carryOutTruncate',
        from: 'for (const log of logs.reverse()) if (log.zxid > zxid) disk.unlink(join(dirs.logDir, log.name));',
        to: '',
      },
    ],
  },
  {
    name: 'purge what somebody reads',
    edits: [
      {
        at: 'planPurge',
        from: 'inUse ?? Number.POSITIVE_INFINITY);',
        to: 'inUse === undefined ? 0 : Number.POSITIVE_INFINITY);',
      },
    ],
  },
  {
    name: 'believe a note whatever its checksum',
    edits: [
      {
        at: 'parseSlot',
        from: 'if (adler32(Buffer.from(text as string)).toString(16) !== checksum) return undefined;',
        to: 'if (checksum === undefined) return undefined;',
      },
    ],
  },
  {
    name: 'install a snapshot that was given up',
    edits: [
      {
        at: 'SnapshotWriter.step',
        from: 'if (this.cancelled) { this.fail(new Error(GIVEN_UP)); return; } if (this.streamIsOver) {',
        to: 'if (this.streamIsOver) {',
      },
      {
        at: 'SnapshotWriter.step',
        from: 'if (error !== undefined || this.cancelled) this.fail(error ?? new Error(GIVEN_UP));',
        to: 'if (error !== undefined) this.fail(error);',
      },
    ],
  },
  {
    name: 'make directories that have to be there',
    edits: [
      {
        at: 'openDataDirs',
        from: 'if (!disk.exists(dir)) throw new FatalError(',
        to: "if (dir === '') throw new FatalError(",
      },
    ],
  },
  {
    name: 'leave out what the log on disk does not have',
    edits: [
      {
        at: 'LogCursor.isNext',
        from: 'if (!follows(previous, zxid)) return false;',
        to: 'if (!follows(previous, zxid)) return zxid > previous;',
      },
      { at: 'SyncSource.nextFromDisk', from: '|| !follows(this.previous, entry.zxid)', to: '' },
    ],
  },
  {
    name: 'sync what is read without writing it again',
    edits: [{ at: 'syncFile', from: 'file.writeAt(chunk, at);', to: '' }],
  },
  {
    name: 'leave the torn end of the log',
    bug: 'ZOOKEEPER-1489',
    edits: [
      {
        at: 'recoverHistory',
        from: 'if (replayed.torn !== undefined) cutTornTail(place, replayed.torn, log);',
        to: '',
      },
    ],
  },
  {
    name: 'write a snapshot under its real name',
    bug: 'ZOOKEEPER-2872',
    // The new snapshot is above everything that may be left of the old history; so the order goes as well.
    edits: [
      {
        at: 'SnapshotWriter.temporaryPath',
        from: 'return join(this.dir, temporaryName(this.name));',
        to: 'return join(this.dir, this.name + temporaryName("").slice(0, 0));',
      },
    ],
  },
  {
    name: 'replace a history without saying so first',
    edits: [
      {
        at: 'carryOutInstall',
        from: 'if (disk.exists(temporary)) { disk.rename(temporary, path);',
        to: 'for (const log of listLogs(disk, dirs.logDir)) disk.unlink(join(dirs.logDir, log.name)); disk.syncDir(dirs.logDir); if (disk.exists(temporary)) { disk.rename(temporary, path);',
      },
      {
        at: 'writeIntent',
        from: 'replaceFile(disk, dirs.snapDir, INTENT,',
        to: 'if (what.length < 0) replaceFile(disk, dirs.snapDir, INTENT,',
      },
      { at: 'carryOut', from: 'disk.unlink(join(dirs.snapDir, INTENT));', to: '' },
    ],
  },
  {
    name: 'take the oldest in memory for one older',
    edits: [
      {
        at: 'RecentLog.minZxid',
        from: 'return this.count === 0 ? undefined : this.at(0).zxid;',
        to: 'return this.count === 0 ? undefined : ((this.at(0).zxid - 1) as Zxid);',
      },
    ],
  },
];
