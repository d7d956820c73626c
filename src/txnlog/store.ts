import { assert } from '../base/assert.ts';
import { FatalError } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import type { Log } from '../base/log.ts';
import { Database } from '../datatree/database.ts';
import type { Clock } from '../io/clock.ts';
import { type Disk, diskError, fatalDiskError } from '../io/disk.ts';
import { counterOf, follows, ZXID_ZERO, type Zxid, zxidHex, zxidText } from '../jute/zxid.ts';
import { type DataDirs, openDataDirs, removeTemporaries } from './data-dir.ts';
import { Epochs } from './epochs.ts';
import { join, listLogs, listSnapshots, snapshotName } from './file-names.ts';
import { carryOut, type Intent, readIntent, writeIntent } from './history-change.ts';
import { DurableNote } from './log/durable-note.ts';
import { LogFileReader } from './log/log-file-reader.ts';
import { LogOrder } from './log/log-order.ts';
import type { LogPlace } from './log/log-place.ts';
import { filesFrom } from './log/log-replay.ts';
import { type LogReaders, LogShelf } from './log/log-shelf.ts';
import { LogWriter, type LogWriterHandlers, type LogWriterStats } from './log/log-writer.ts';
import { RecentLog } from './log/recent-log.ts';
import { type RecoveryCost, type RecoveryOptions, recoverHistory } from './recovery.ts';
import { carryOutPurge, planPurge } from './retention.ts';
import { replaceFile } from './small-file.ts';
import { looksComplete } from './snapshot/snapshot-reader.ts';
import { type SnapshotInfo, SnapshotShelf } from './snapshot/snapshot-shelf.ts';
import { encodeSnapshot, type SnapshotSource, type SnapshotWriter } from './snapshot/snapshot-writer.ts';
import type { StoreOptions } from './store-options.ts';
import type { StoreProbe } from './store-probe.ts';

export interface StoreWorld {
  readonly disk: Disk;
  readonly clock: Clock;
}

export interface StoreFacts {
  readonly log: Readonly<LogWriterStats>;
  /** The last one. */
  readonly recovery: RecoveryCost;
  readonly isWritingSnapshot: boolean;
  /** The newest that is known to be good: loaded, or written by this process. */
  readonly newestSnapshot: SnapshotInfo | undefined;
  /** Of all files in the two version-2 directories, as `dirs` and `mntr` tell them. Asks the disk. */
  bytesOnDisk(): { readonly dataDir: number; readonly logDir: number };
}

/**
 * Everything durable of one peer: log, snapshots, epochs. It promises three things. A transaction that `onDurable`
 * named is there after any crash. Nothing is there that was not appended. The history on disk is always one history,
 * whatever moment the power goes while it is replaced or cut.
 *
 * How each file is written and judged is in the files beside this one; here is only what has to happen in which order.
 */
export class Store {
  readonly epochs: Epochs;
  private readonly probe: StoreProbe | undefined;
  private recovery: RecoveryCost = { snapshotMs: 0, logMs: 0, transactions: 0 };
  readonly recent: RecentLog;
  private readonly disk: Disk;
  private readonly clock: Clock;
  private readonly options: StoreOptions;
  private readonly log: Log;
  private readonly dirs: DataDirs;
  private readonly note: DurableNote;
  private readonly order: LogOrder;
  private readonly place: LogPlace;
  private readonly writer: LogWriter;
  private readonly shelf: LogShelf;
  private readonly snapshots: SnapshotShelf;
  /** The history begins with an empty tree and no snapshot says so yet. */
  private beginsEmpty = false;
  private recovered = false;

  /**
   * Takes the directories, finishes a change of history that a crash interrupted, and reads the epochs. Throws
   * FatalError when refused; then nothing was written.
   */
  static open(world: StoreWorld, options: StoreOptions, log: Log, probe?: StoreProbe): Store {
    const dirs = openDataDirs(world.disk, options.dataDir, options.dataLogDir, options.dataDirAutocreate);
    try {
      return new Store(world, options, dirs, log, probe);
    } catch (error) {
      for (const lock of dirs.locks) lock.release();
      throw fatalDiskError(error, 'cannot open the data directory', EXIT.transactionLog);
    }
  }

  private constructor(world: StoreWorld, options: StoreOptions, dirs: DataDirs, log: Log, probe?: StoreProbe) {
    this.disk = world.disk;
    this.clock = world.clock;
    this.options = options;
    this.log = log;
    this.dirs = dirs;
    this.probe = probe;
    // A rename that a killed process did not come to sync is to be seen either for good or not at all.
    this.disk.syncDir(dirs.snapDir);
    this.disk.syncDir(dirs.logDir);
    this.epochs = new Epochs(this.disk, dirs.snapDir, log, probe);
    this.recent = new RecentLog(options.commitLogCount, options.recentBytes);
    this.note = new DurableNote(this.disk, dirs.logDir, log);
    this.order = new LogOrder(this.disk, dirs.logDir);
    this.place = { disk: this.disk, dir: dirs.logDir, note: this.note, order: this.order };
    const intent = readIntent(this.disk, dirs);
    if (intent !== undefined) {
      log.warn({ change: intent.kind }, 'finishing a change of history that was interrupted');
      carryOut(this.disk, dirs, this.note, intent);
    }
    removeTemporaries(this.disk, dirs.snapDir);
    const writerOptions = {
      preAllocBytes: options.preAllocBytes,
      fileLimitBytes: options.txnLogSizeLimitBytes,
      forceSync: options.forceSync,
      fsyncWarningMs: options.fsyncWarningThresholdMs,
    };
    this.writer = new LogWriter(this.place, this.clock, writerOptions, log);
    this.writer.beforeFile = () => this.writeEmptySnapshot();
    this.writer.afterFile = (zxid, end) => this.shelf.setEnd(zxid, end);
    this.shelf = new LogShelf(this.place, this.clock, this.writer, log);
    this.snapshots = new SnapshotShelf({ disk: world.disk, clock: world.clock, dir: dirs.snapDir }, options);
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
    assert(this.writer.isIdle && !this.snapshots.isReceiving, 'recovery reads a log that nobody writes');
    this.recent.clear();
    try {
      const history = recoverHistory(this.place, this.dirs, this.recoveryOptions(), this.recent, this.log);
      this.recovery = history.cost;
      this.beginsEmpty = history.snapshot === undefined;
      this.snapshots.onRecovered(history.snapshot);
      this.writer.reset(history.lastZxid);
      this.shelf.reset(history.logEnds);
      this.epochs.checkAgainst(history.lastZxid);
      this.recovered = true;
      this.reportMissing();
      return history.database;
    } catch (error) {
      throw fatalDiskError(error, 'cannot recover', EXIT.transactionLog);
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

  get lastAppended(): Zxid {
    return this.writer.lastAppended;
  }

  get lastDurable(): Zxid {
    return this.writer.lastDurable;
  }

  /** For those who read the log beside its writer. */
  get logs(): LogReaders {
    return this.shelf;
  }

  /** For whoever watches the store and changes nothing in it. */
  private recoveryOptions(): RecoveryOptions {
    return { ...this.options, nowMs: () => this.clock.nowMs() };
  }

  get facts(): StoreFacts {
    return {
      log: this.writer.stats,
      recovery: this.recovery,
      isWritingSnapshot: this.snapshots.isBusy,
      newestSnapshot: this.snapshots.newest,
      bytesOnDisk: () => ({ dataDir: this.bytesIn(this.dirs.snapDir), logDir: this.bytesIn(this.dirs.logDir) }),
    };
  }

  append(zxid: Zxid, payload: Buffer): void {
    assert(this.recovered && !this.snapshots.isReceiving, 'the log is appended to once its end is known');
    this.writer.append(zxid, payload);
  }

  /** After everything appended so far is synced, never from inside this call; FIFO with onDurable. */
  whenDurable(task: () => void): void {
    this.writer.whenDurable(task);
  }

  /**
   * A role ends: what was not handed to the disk is dropped, what is in flight finishes; then, lastAppended being
   * lastDurable, `done` runs. Nobody hears of a sync any more, no whenDurable of before runs, and a snapshot that was
   * being installed is given up with the old history whole. `done` waits for that too, however slow the disk: the next
   * role appends, or receives a snapshot of its own.
   */
  quiesce(done: () => void): void {
    this.snapshots.giveUpReceived();
    this.writer.quiesce(() => this.snapshots.whenNotReceiving(done));
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
    this.probe?.onCutting(zxid);
    const isCut = this.cut(zxid);
    this.probe?.onCut(zxid, isCut);
    return isCut;
  }

  private cut(zxid: Zxid): boolean {
    assert(this.writer.isIdle && !this.snapshots.isReceiving, 'a log is cut while nobody writes it');
    this.snapshots.giveUpOwn();
    try {
      if (!this.holds(zxid)) return false;
      const intent: Intent = { kind: 'truncate', zxid };
      this.writer.reset(zxid);
      writeIntent(this.disk, this.dirs, intent);
      carryOut(this.disk, this.dirs, this.note, intent);
    } catch (error) {
      throw fatalDiskError(error, `cannot cut the log after zxid 0x${zxidHex(zxid)}`, EXIT.badTruncate);
    }
    this.recent.clear();
    this.recovered = false;
    return true;
  }

  /**
   * Writes the cut to a file of its own, beside the loop. One at a time. `done` comes with the reason when it failed:
   * then no trace of it is left, and the log still has everything.
   */
  takeSnapshot(cut: SnapshotSource, done: (error: Error | undefined) => void): void {
    const isOnDisk = counterOf(cut.zxid) === 0 || cut.zxid <= this.writer.lastDurable;
    assert(isOnDisk, 'a snapshot holds nothing that the own log could still lose');
    this.snapshots.take(cut, (error) => {
      if (error === undefined) this.beginsEmpty = false;
      done(error);
    });
  }

  /**
   * The tree that a leader sent by SNAP becomes the whole history. `done` is called when that is durable, and never
   * when the role ends before. A crash leaves the old history or the new one, whole (ZOOKEEPER-3642). A disk that
   * cannot hold it is fatal.
   */
  installSnapshot(cut: SnapshotSource, done: () => void): void {
    this.probe?.onInstalling(cut.zxid);
    assert(this.writer.isIdle, 'a history is replaced while nobody writes it');
    this.snapshots.receive(cut, (error, writer) => {
      if (error === undefined) this.finishInstall(writer, done);
      else if (!writer.wasCancelled) this.failInstall(error);
    });
  }

  /** Removes snapshots and logs that recovery no longer needs. A disk that refuses is warned about. */
  purge(): void {
    if (this.snapshots.isReceiving) return;
    const inUse = this.shelf.oldestInUse ?? this.writer.currentFile?.zxid;
    const { snapDir, logDir } = this.dirs;
    try {
      const plan = planPurge(this.disk, snapDir, logDir, this.options.snapRetainCount, inUse);
      carryOutPurge(this.disk, snapDir, logDir, plan, this.log);
    } catch (error) {
      this.log.warn({ reason: diskError(error).message }, 'old snapshots and logs could not be purged');
    }
  }

  /** Syncs what was appended, and lets the directories go. */
  close(done: () => void): void {
    this.snapshots.giveUpOwn();
    this.snapshots.giveUpReceived();
    this.shelf.closeCursors();
    this.writer.close(() => {
      this.note.close();
      this.order.close();
      this.snapshots.whenIdle(() => {
        for (const lock of this.dirs.locks) lock.release();
        done();
      });
    });
  }

  private finishInstall(writer: SnapshotWriter, done: () => void): void {
    this.probe?.onReplacing(writer.zxid);
    try {
      this.writer.reset(writer.zxid);
      // The entry of the temporary file must outlive the intent that speaks of it.
      this.disk.syncDir(this.dirs.snapDir);
      const intent: Intent = { kind: 'install', snapshot: writer.name };
      writeIntent(this.disk, this.dirs, intent);
      carryOut(this.disk, this.dirs, this.note, intent);
    } catch (error) {
      this.failInstall(diskError(error));
      return;
    }
    this.snapshots.onPublished(writer);
    this.shelf.reset(new Map());
    this.beginsEmpty = false;
    this.recent.clear();
    this.recovered = true;
    this.probe?.onInstalled(writer.zxid);
    done();
  }

  private failInstall(error: Error): void {
    const line = `cannot install the snapshot of the leader: ${error.message}`;
    this.handlers.onFatal(new FatalError(line, EXIT.transactionLog, { cause: error }));
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

  private reportMissing(): void {
    const { missingUpTo } = this;
    if (missingUpTo === undefined) return;
    const fields = {
      dir: this.dirs.logDir,
      ends: zxidText(this.writer.lastAppended),
      syncedUpTo: zxidText(missingUpTo),
    };
    this.log.error(fields, 'transactions that were synced here are no longer on this disk');
  }

  private bytesIn(dir: string): number {
    let bytes = 0;
    try {
      for (const name of this.disk.list(dir)) bytes += this.disk.stat(join(dir, name)).bytes;
    } catch (error) {
      // Somebody asked for a number; a disk that fails is noticed where it matters.
      diskError(error);
    }
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
