import { assert } from '../base/assert.ts';
import { FatalError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { Database, type DatabaseOptions } from '../datatree/database.ts';
import type { Clock } from '../io/clock.ts';
import { type Disk, DiskError } from '../io/disk.ts';
import { counterOf, ZXID_ZERO, type Zxid, zxidHex } from '../jute/zxid.ts';
import { type DataDirs, openDataDirs, removeTemporaries, takeInitializeMarker } from './data-dir.ts';
import { Epochs } from './epochs.ts';
import {
  type Compression,
  join,
  type LogName,
  listLogs,
  listSnapshots,
  type SnapshotName,
  snapshotName,
} from './file-names.ts';
import { carryOut, type Intent, readIntent, writeIntent } from './history-change.ts';
import { LogCursor } from './log-cursor.ts';
import { LogFileReader } from './log-file-reader.ts';
import { filesFrom } from './log-replay.ts';
import { LogWriter, type LogWriterHandlers, type LogWriterStats } from './log-writer.ts';
import { RecentLog } from './recent-log.ts';
import { recoverHistory } from './recovery.ts';
import { carryOutPurge, planPurge } from './retention.ts';
import { replaceFile } from './small-file.ts';
import { looksComplete } from './snapshot-reader.ts';
import { encodeSnapshot, type SnapshotSource, SnapshotWriter, snapshotFailure } from './snapshot-writer.ts';
import { SyncNote } from './sync-note.ts';
import { follows } from './zxid-order.ts';

/**
 * Everything durable of one peer: log, snapshots, epochs. What it promises: a transaction that `onSynced` named is
 * there after any crash; nothing is there that was not appended; and the history on disk is always one history,
 * whatever moment the power goes while it is replaced or cut.
 *
 * How each file is written and judged is in the files beside this one; here is only what has to happen in which order.
 */
export interface StoreOptions {
  /** Absolute. Snapshots and epochs go to its version-2. */
  readonly dataDir: string;
  /** Absolute, equal to dataDir unless configured. Logs go to its version-2. */
  readonly dataLogDir: string;
  readonly dataDirAutocreate: boolean;
  readonly database: DatabaseOptions;
  readonly preAllocBytes: number;
  /** 0: a new log file only with `roll`. */
  readonly txnLogSizeLimitBytes: number;
  readonly forceSync: boolean;
  readonly fsyncWarningThresholdMs: number;
  readonly commitLogCount: number;
  readonly snapshotCompression: Compression;
  readonly serializeLastProcessedZxid: boolean;
  readonly snapshotTrustEmpty: boolean;
  readonly snapRetainCount: number;
}

/** Apache's defaults. */
export function defaultStoreOptions(dataDir: string, database: DatabaseOptions): StoreOptions {
  return {
    dataDir,
    dataLogDir: dataDir,
    dataDirAutocreate: true,
    database,
    preAllocBytes: 64 << 20,
    txnLogSizeLimitBytes: 0,
    forceSync: true,
    fsyncWarningThresholdMs: 1000,
    commitLogCount: 500,
    snapshotCompression: '',
    serializeLastProcessedZxid: true,
    snapshotTrustEmpty: false,
    snapRetainCount: 3,
  };
}

export interface StoreWorld {
  readonly disk: Disk;
  readonly clock: Clock;
}

export interface SnapshotInfo {
  readonly zxid: Zxid;
  readonly bytes: number;
  /** Wall clock, ms since 1970, of its last byte. */
  readonly writtenMs: number;
}

const TXNLOG_ERROR = 10;
const TRUNCATE_FAILED = 13;

export class Store {
  readonly epochs: Epochs;
  readonly recent: RecentLog;
  private readonly disk: Disk;
  private readonly clock: Clock;
  private readonly options: StoreOptions;
  private readonly log: Log;
  private readonly dirs: DataDirs;
  private readonly note: SyncNote;
  private readonly writer: LogWriter;
  private readonly cursors = new Set<LogCursor>();
  private snapshot: SnapshotInfo | undefined = undefined;
  private snapshotWriter: SnapshotWriter | undefined = undefined;
  private install: SnapshotWriter | undefined = undefined;
  private readonly whenSnapshotIsOver: (() => void)[] = [];
  /** The history begins with an empty tree and no snapshot says so yet. */
  private beginsEmpty = false;
  private recovered = false;
  /** Where the records end in log files that are full, as far as that is known: behind it is padding. */
  private readonly logEnds = new Map<Zxid, number>();

  /**
   * Takes the directories, finishes a change of history that a crash interrupted, and reads the epochs. Throws
   * FatalError when refused; then nothing was written.
   */
  static open(world: StoreWorld, options: StoreOptions, log: Log): Store {
    const dirs = openDataDirs(world.disk, options.dataDir, options.dataLogDir, options.dataDirAutocreate);
    try {
      return new Store(world, options, dirs, log);
    } catch (error) {
      for (const lock of dirs.locks) lock.release();
      throw fatal(error, 'cannot open the data directory', TXNLOG_ERROR);
    }
  }

  private constructor(world: StoreWorld, options: StoreOptions, dirs: DataDirs, log: Log) {
    this.disk = world.disk;
    this.clock = world.clock;
    this.options = options;
    this.log = log;
    this.dirs = dirs;
    // A rename that a killed process did not come to sync is to be seen either for good or not at all.
    this.disk.syncDir(dirs.snapDir);
    this.disk.syncDir(dirs.logDir);
    this.epochs = new Epochs(this.disk, dirs.snapDir, log);
    this.recent = new RecentLog(options.commitLogCount);
    this.note = new SyncNote(this.disk, dirs.logDir, log);
    const intent = readIntent(this.disk, dirs);
    if (intent !== undefined) {
      log.warn({ change: intent.kind }, 'finishing a change of history that was interrupted');
      carryOut(this.disk, dirs, this.note, intent);
    }
    removeTemporaries(this.disk, dirs.snapDir);
    this.writer = new LogWriter(
      this.disk,
      this.clock,
      dirs.logDir,
      {
        preAllocBytes: options.preAllocBytes,
        fileLimitBytes: options.txnLogSizeLimitBytes,
        forceSync: options.forceSync,
        fsyncWarningMs: options.fsyncWarningThresholdMs,
      },
      this.note,
      log,
    );
    this.writer.beforeFile = () => this.writeEmptySnapshot();
    this.writer.afterFile = (zxid, end) => this.logEnds.set(zxid, end);
  }

  /** Assign before the first append. */
  get handlers(): LogWriterHandlers {
    return this.writer.handlers;
  }

  set handlers(handlers: LogWriterHandlers) {
    this.writer.handlers = handlers;
  }

  /**
   * The state as the disk has it: the newest snapshot that loads, and the log replayed over it. Fills `recent` with
   * the last of what was replayed. Only while nothing is appended; again after `truncate`, or when a role ended before
   * the snapshot it received was installed. Throws FatalError.
   */
  recover(): Database {
    assert(this.writer.isIdle && this.install === undefined, 'recovery reads a log that nobody writes');
    this.recent.clear();
    try {
      const history = recoverHistory(this.disk, this.dirs, this.options, this.note, this.recent, this.log);
      this.beginsEmpty = history.snapshot === undefined;
      this.snapshot = history.snapshot === undefined ? undefined : this.describe(history.snapshot);
      this.writer.reset(history.lastZxid);
      this.logEnds.clear();
      for (const [zxid, end] of history.logEnds) this.logEnds.set(zxid, end);
      this.epochs.checkAgainst(history.lastZxid);
      this.recovered = true;
      return history.database;
    } catch (error) {
      throw fatal(error, 'cannot recover', TXNLOG_ERROR);
    }
  }

  /**
   * No epochs, no log record, no snapshot of anything: this peer has no history. An Apache server that was started
   * once and never joined leaves epochs of 0 and a snapshot at zxid 0, which is no history either.
   */
  get isEmpty(): boolean {
    assert(this.recovered, 'whether there is a history is known once it was looked for');
    if ((this.epochs.acceptedEpoch ?? 0) > 0 || (this.epochs.currentEpoch ?? 0) > 0) return false;
    return this.writer.lastAppended === ZXID_ZERO;
  }

  /**
   * The last transaction that is known to have been synced here and is no longer here, when the disk lost its log's
   * tail or the log; undefined when nothing is known to be missing. A peer with such a loss may have acknowledged
   * what it lost: until it was synchronised by a leader it must not decide anything on the strength of its log.
   */
  get missingUpTo(): Zxid | undefined {
    const noted = this.note.value?.zxid ?? ZXID_ZERO;
    return noted > this.writer.lastAppended ? noted : undefined;
  }

  takeInitializeMarker(): boolean {
    try {
      return takeInitializeMarker(this.disk, this.options.dataDir, this.options.dataLogDir);
    } catch (error) {
      throw fatal(error, 'cannot take the file initialize', 1);
    }
  }

  get lastAppended(): Zxid {
    return this.writer.lastAppended;
  }

  get lastSynced(): Zxid {
    return this.writer.lastSynced;
  }

  get logStats(): Readonly<LogWriterStats> {
    return this.writer.stats;
  }

  append(zxid: Zxid, payload: Buffer): void {
    assert(this.recovered && this.install === undefined, 'the log is appended to once its end is known');
    this.writer.append(zxid, payload);
  }

  /** After everything appended so far is synced, never from inside this call; FIFO with onSynced. */
  whenSynced(task: () => void): void {
    this.writer.whenSynced(task);
  }

  /**
   * A role ends: what was not handed to the disk is dropped, what is in flight finishes; then, lastAppended being
   * lastSynced, `done` runs. Nobody hears of a sync any more, no whenSynced of before runs, and a snapshot that was
   * being installed is given up with the old history whole.
   */
  quiesce(done: () => void): void {
    this.install?.cancel();
    this.writer.quiesce(done);
  }

  /** The next append starts a new file. */
  roll(): void {
    this.writer.roll();
  }

  /**
   * Cuts the history after `zxid`: only while quiesced. False, with nothing changed, when the history does not hold
   * that point. Snapshots above it go too (ZOOKEEPER-4837). The caller recovers afterwards. A disk that fails in the
   * middle is a FatalError: a cut that was only believed to have happened splits the ensemble (ZOOKEEPER-3701).
   */
  truncate(zxid: Zxid): boolean {
    assert(this.writer.isIdle && this.install === undefined, 'a log is cut while nobody writes it');
    this.snapshotWriter?.cancel();
    try {
      if (!this.holds(zxid)) return false;
      const intent: Intent = { kind: 'truncate', zxid };
      this.writer.reset(zxid);
      writeIntent(this.disk, this.dirs, intent);
      carryOut(this.disk, this.dirs, this.note, intent);
    } catch (error) {
      throw fatal(error, `cannot cut the log after zxid 0x${zxidHex(zxid)}`, TRUNCATE_FAILED);
    }
    this.recent.clear();
    this.recovered = false;
    return true;
  }

  /**
   * The log on disk from the first transaction at or above `zxid` on; undefined when it begins later than that, so
   * that what a learner at `zxid` lacks might not be in it. Close it unless read to the end.
   */
  readFrom(zxid: Zxid): LogCursor | undefined {
    try {
      const files = this.filesHolding(zxid);
      if (files === undefined) return undefined;
      const cursor: LogCursor = new LogCursor(this.disk, this.dirs.logDir, files, zxid, this.writer.lastSynced, () => {
        this.cursors.delete(cursor);
      });
      this.cursors.add(cursor);
      return cursor;
    } catch (error) {
      if (!(error instanceof DiskError || error instanceof FatalError)) throw error;
      this.log.warn({ from: zxidHex(zxid), reason: error.message }, 'the log on disk cannot be read for a learner');
      return undefined;
    }
  }

  /** Bytes of the log files that `readFrom(zxid)` would read, without their padding where its begin is known. */
  bytesFrom(zxid: Zxid): number {
    const current = this.writer.currentFile;
    let bytes = 0;
    for (const file of this.filesHolding(zxid) ?? []) {
      const end = current?.zxid === file.zxid ? current.end : this.logEnds.get(file.zxid);
      bytes += end ?? this.disk.stat(join(this.dirs.logDir, file.name)).bytes;
    }
    return bytes;
  }

  /**
   * Writes the cut to a file of its own, beside the loop. One at a time. `done` comes with the reason when it failed:
   * then no trace of it is left, and the log still has everything.
   */
  takeSnapshot(cut: SnapshotSource, done: (error: Error | undefined) => void): void {
    assert(!this.snapshotInProgress, 'one snapshot at a time');
    const isOnDisk = counterOf(cut.zxid) === 0 || cut.zxid <= this.writer.lastSynced;
    assert(isOnDisk, 'a snapshot holds nothing that the own log could still lose');
    const writer = this.newSnapshotWriter(cut, (error) => {
      this.snapshotWriter = undefined;
      const failure = error === undefined ? this.publish(writer) : snapshotFailure(cut.zxid, error);
      for (const next of this.whenSnapshotIsOver.splice(0)) next();
      done(failure);
    });
    this.snapshotWriter = writer;
    writer.start();
  }

  /**
   * What a leader sent by SNAP becomes the whole history: `done` when that is durable, and never when the role ends
   * before. A crash leaves the old history or the new one, whole (ZOOKEEPER-3642). A disk that cannot hold it is fatal.
   */
  installSnapshot(cut: SnapshotSource, done: () => void): void {
    assert(this.writer.isIdle && this.install === undefined, 'a history is replaced while nobody writes it');
    const writer = this.newSnapshotWriter(cut, (error) => {
      this.install = undefined;
      for (const next of this.whenSnapshotIsOver.splice(0)) next();
      if (error === undefined) this.finishInstall(writer, done);
      else if (error instanceof DiskError) this.failInstall(snapshotFailure(cut.zxid, error));
    });
    this.install = writer;
    // The snapshot of the old history holds the thread of the pool that this one needs.
    this.snapshotWriter?.cancel();
    if (this.snapshotWriter === undefined) writer.start();
    else this.whenSnapshotIsOver.push(() => writer.start());
  }

  get snapshotInProgress(): boolean {
    return this.snapshotWriter !== undefined || this.install !== undefined;
  }

  /** The newest snapshot known to be good: loaded, or written by this process. */
  get lastSnapshot(): SnapshotInfo | undefined {
    return this.snapshot;
  }

  get newestSnapshotBytes(): number {
    return this.snapshot?.bytes ?? 0;
  }

  /** Bytes of all files in dataDir/version-2, as `dirs` and `mntr` tell them. */
  get dataDirBytes(): number {
    return this.bytesIn(this.dirs.snapDir);
  }

  get logDirBytes(): number {
    return this.bytesIn(this.dirs.logDir);
  }

  /** Removes snapshots and logs that recovery no longer needs. A disk that refuses is warned about. */
  purge(): void {
    if (this.install !== undefined) return;
    let inUse = this.writer.currentFile?.zxid;
    for (const cursor of this.cursors) {
      const oldest = cursor.oldestFile?.zxid;
      if (oldest !== undefined && (inUse === undefined || oldest < inUse)) inUse = oldest;
    }
    const { snapDir, logDir } = this.dirs;
    try {
      const plan = planPurge(this.disk, snapDir, logDir, this.options.snapRetainCount, inUse);
      carryOutPurge(this.disk, snapDir, logDir, plan, this.log);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.log.warn({ reason: error.message }, 'old snapshots and logs could not be purged');
    }
  }

  /** Syncs what was appended, and lets the directories go. */
  close(done: () => void): void {
    this.snapshotWriter?.cancel();
    this.install?.cancel();
    for (const cursor of [...this.cursors]) cursor.close();
    this.writer.close(() => {
      this.note.close();
      this.releaseWhenFree(done);
    });
  }

  private releaseWhenFree(done: () => void): void {
    if (this.snapshotInProgress) {
      this.whenSnapshotIsOver.push(() => this.releaseWhenFree(done));
      return;
    }
    for (const lock of this.dirs.locks) lock.release();
    done();
  }

  private newSnapshotWriter(cut: SnapshotSource, done: (error: Error | undefined) => void): SnapshotWriter {
    return new SnapshotWriter(this.disk, this.clock, this.dirs.snapDir, this.options, cut, done);
  }

  private publish(writer: SnapshotWriter): Error | undefined {
    try {
      writer.publish();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return error;
    }
    this.snapshot = { zxid: writer.zxid, bytes: writer.bytes, writtenMs: this.clock.wallMs() };
    this.beginsEmpty = false;
    return undefined;
  }

  private finishInstall(writer: SnapshotWriter, done: () => void): void {
    try {
      this.writer.reset(writer.zxid);
      // The entry of the temporary file must outlive the intent that speaks of it.
      this.disk.syncDir(this.dirs.snapDir);
      const intent: Intent = { kind: 'install', snapshot: writer.name };
      writeIntent(this.disk, this.dirs, intent);
      carryOut(this.disk, this.dirs, this.note, intent);
    } catch (error) {
      if (!(error instanceof DiskError || error instanceof FatalError)) throw error;
      this.failInstall(error);
      return;
    }
    this.snapshot = { zxid: writer.zxid, bytes: writer.bytes, writtenMs: this.clock.wallMs() };
    this.beginsEmpty = false;
    this.recent.clear();
    this.recovered = true;
    done();
  }

  private failInstall(error: Error): void {
    const line = `cannot install the snapshot of the leader: ${error.message}`;
    this.handlers.onFatal(new FatalError(line, TXNLOG_ERROR, { cause: error }));
  }

  /** Apache does not start on logs without a snapshot, so the first log file never comes before one. */
  private writeEmptySnapshot(): void {
    if (!this.beginsEmpty || listSnapshots(this.disk, this.dirs.snapDir).length > 0) return;
    const empty = encodeSnapshot(new Database(this.options.database).startCut(), this.options);
    replaceFile(this.disk, this.dirs.snapDir, snapshotName(ZXID_ZERO, ''), empty);
    this.beginsEmpty = false;
  }

  /** Whether the history has a point `zxid` that recovery would come to after everything above it is gone. */
  private holds(zxid: Zxid): boolean {
    if (zxid > this.writer.lastAppended) return false;
    const { snapDir, logDir } = this.dirs;
    const snapshots = listSnapshots(this.disk, snapDir);
    const base = snapshots.find((snapshot) => snapshot.zxid <= zxid && looksComplete(this.disk, snapDir, snapshot));
    if (base === undefined && !this.beginsEmpty) return false;
    let last = base?.zxid ?? ZXID_ZERO;
    for (const file of filesFrom(listLogs(this.disk, logDir), last)) {
      if (last >= zxid) break;
      last = lastContinuing(this.disk, join(logDir, file.name), last, zxid);
    }
    return last === zxid;
  }

  /** Log files from the one that holds `zxid`; undefined when the oldest begins above it. */
  private filesHolding(zxid: Zxid): LogName[] | undefined {
    const files = listLogs(this.disk, this.dirs.logDir);
    const first = files.findLastIndex((file) => file.zxid <= zxid);
    return first === -1 ? undefined : files.slice(first);
  }

  private describe(snapshot: SnapshotName): SnapshotInfo {
    const { bytes, mtimeMs } = this.disk.stat(join(this.dirs.snapDir, snapshot.name));
    return { zxid: snapshot.zxid, bytes, writtenMs: mtimeMs };
  }

  private bytesIn(dir: string): number {
    let bytes = 0;
    for (const name of this.disk.list(dir)) bytes += this.disk.stat(join(dir, name)).bytes;
    return bytes;
  }
}

/** The last transaction up to `limit` that continues the history at `from`, in one file. */
function lastContinuing(disk: Disk, path: string, from: Zxid, limit: Zxid): Zxid {
  const reader = new LogFileReader(disk, path);
  try {
    let last = from;
    for (let record = reader.next(); record !== undefined && record.zxid <= limit; record = reader.next()) {
      if (record.zxid > last && follows(last, record.zxid)) last = record.zxid;
    }
    return last;
  } finally {
    reader.close();
  }
}

/** What a failing disk becomes; everything else stays what it is. */
function fatal(error: unknown, what: string, exitCode: number): unknown {
  if (!(error instanceof DiskError)) return error;
  return new FatalError(`${what}: ${error.message}`, exitCode, { cause: error });
}
