import { assert, unreachable } from '../../base/assert.ts';
import { FatalError } from '../../base/errors.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { Fifo } from '../../base/fifo.ts';
import type { Log } from '../../base/log.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import { type DiskError, diskError } from '../../io/disk.ts';
import { counterOf, follows, ZXID_ZERO, type Zxid, zxidHex } from '../../jute/zxid.ts';
import type { DurableNote } from './durable-note.ts';
import { LogFile } from './log-file.ts';
import { LOG_HEADER_BYTES, RECORD_OVERHEAD_BYTES, writeLogHeader, writeRecord } from './log-format.ts';
import type { LogOrder } from './log-order.ts';
import type { LogPlace } from './log-place.ts';

/**
 * Appends, and what may happen once they are on disk. Appends of one loop turn gather; then one write, through to the
 * disk, covers them all, and everything that arrives meanwhile is the next group. Nothing is ever acknowledged from here
 * before its sync. A sync that failed is not tried again: what the pages hold is unknown from then on, so the peer
 * stops (`onFatal`, once) and stays silent.
 *
 * One file operation is in flight at a time, the note's included, so the log never holds more than one thread of
 * the pool (io/node-disk.ts).
 *
 * Always: synced <= the group in flight <= appended; as many appends are durable, at most, as there were; nothing is
 * written beside what is in flight.
 */
export interface LogWriterOptions {
  /** Files grow in steps of so many bytes of zeros; 0: as they are written. */
  readonly preAllocBytes: number;
  /** A file longer than this is not appended to any more; 0: no limit. */
  readonly fileLimitBytes: number;
  /** False: the log is written, but never synced. An acknowledged write may be lost. */
  readonly forceSync: boolean;
  /** A sync that takes longer is warned about. */
  readonly fsyncWarningMs: number;
}

export interface LogWriterHandlers {
  /** Everything up to `zxid` is on disk. */
  onDurable(zxid: Zxid): void;
  onFatal(error: FatalError): void;
}

export interface LogWriterStats {
  syncs: number;
  slowSyncs: number;
  /** Of the last sync. */
  lastSyncMs: number;
  /** Until the last group was written, of the first of it. */
  lastQueueMs: number;
  /** Appended since the last group. */
  waiting: number;
  records: number;
  bytes: number;
}

interface Pending {
  readonly zxid: Zxid;
  readonly payload: Buffer;
  readonly startsFile: boolean;
}

interface Task {
  /** Runs once so many appends, counted from the start of the role, are synced. */
  readonly after: number;
  readonly run: () => void;
}

/** A group is cut here, so that under a backlog the first of it is acknowledged before the last is written. */
const MAX_GROUP_BYTES = 4 << 20;
const MIN_STAGING_BYTES = 64 * 1024;
const NOTE_INTERVAL_MS = 1000;

export class LogWriter {
  readonly stats: LogWriterStats = {
    syncs: 0,
    slowSyncs: 0,
    lastSyncMs: 0,
    lastQueueMs: 0,
    waiting: 0,
    records: 0,
    bytes: 0,
  };
  handlers: LogWriterHandlers = { onDurable() {}, onFatal() {} };
  /** Before a file is created; may block and throw DiskError. */
  beforeFile: () => void = () => {};
  /** A file is not written any more; its records end at `end`. */
  afterFile: (zxid: Zxid, end: number) => void = () => {};

  private readonly place: LogPlace;
  private readonly clock: Clock;
  private readonly options: LogWriterOptions;
  private readonly note: DurableNote;
  private readonly order: LogOrder;
  private readonly log: Log;

  private readonly pending = new Fifo<Pending>(1024);
  private readonly tasks = new Fifo<Task>(256);
  private appended = ZXID_ZERO;
  private synced = ZXID_ZERO;
  private appendedCount = 0;
  private durableCount = 0;

  private file: LogFile | undefined = undefined;
  private rollRequested = false;
  private staging = Buffer.alloc(0);

  private busy = false;
  private flushScheduled = false;
  /** In flight: the last zxid of the group and how many records it has. */
  private groupLast = ZXID_ZERO;
  private groupCount = 0;
  /** When the first of what is pending came. */
  private waitsSinceMs = 0;
  private syncStartMs = 0;
  /** The role that appended the group in flight is over: its completion tells nobody. */
  private orphaned = false;
  private noteTimer: Timer | undefined = undefined;
  private notedOffset = 0;
  private noteDueMs = 0;
  private readonly whenIdle: (() => void)[] = [];
  private closed = false;

  constructor(place: LogPlace, clock: Clock, options: LogWriterOptions, log: Log) {
    this.place = place;
    this.note = place.note;
    this.order = place.order;
    this.clock = clock;
    this.options = options;
    this.log = log;
  }

  get lastAppended(): Zxid {
    return this.appended;
  }

  get lastDurable(): Zxid {
    return this.synced;
  }

  get isIdle(): boolean {
    return !this.busy && this.pending.length === 0;
  }

  /** The file being written and how long its records are; undefined when the next append creates one. */
  get currentFile(): { readonly zxid: Zxid; readonly end: number } | undefined {
    return this.file;
  }

  /** Where the history stands; the next append begins a file. Only while idle. */
  reset(lastZxid: Zxid): void {
    assert(this.isIdle, 'the log is repositioned only while idle');
    this.closeFile();
    this.cancelNote();
    this.rollRequested = false;
    this.appended = lastZxid;
    this.synced = lastZxid;
  }

  append(zxid: Zxid, payload: Buffer): void {
    assert(!this.closed && this.whenIdle.length === 0, 'no append while a role ends');
    if (!follows(this.appended, zxid)) unreachable(`append of ${zxidHex(zxid)} after ${zxidHex(this.appended)}`);
    if (this.pending.length === 0) this.waitsSinceMs = this.clock.nowMs();
    this.pending.push({ zxid, payload, startsFile: this.rollRequested });
    this.rollRequested = false;
    this.appended = zxid;
    this.appendedCount++;
    this.scheduleFlush();
  }

  whenDurable(run: () => void): void {
    this.tasks.push({ after: this.appendedCount, run });
    // Never from inside the call: who registers is in the middle of something.
    if (this.appendedCount === this.durableCount) this.scheduleFlush();
  }

  roll(): void {
    this.rollRequested = true;
  }

  /** See Store.quiesce. */
  quiesce(done: () => void): void {
    for (let head = this.pending.shift(); head !== undefined; head = this.pending.shift()) {
      if (head.startsFile) this.rollRequested = true;
    }
    this.tasks.clear();
    this.appended = this.busy && this.groupCount > 0 ? this.groupLast : this.synced;
    this.appendedCount = this.durableCount;
    this.orphaned = true;
    this.finishWhenIdle(done);
  }

  /** Writes and syncs all that was appended, then closes. */
  close(done: () => void): void {
    this.finishWhenIdle(() => {
      this.closed = true;
      this.writeLastNote();
      this.closeFile();
      done();
    });
    this.scheduleFlush();
  }

  private finishWhenIdle(done: () => void): void {
    this.whenIdle.push(done);
    if (!this.busy) this.scheduleFlush();
  }

  private scheduleFlush(): void {
    if (this.flushScheduled || this.busy) return;
    this.flushScheduled = true;
    this.clock.afterTurn(() => {
      this.flushScheduled = false;
      if (!this.busy) this.flush();
    });
  }

  private flush(): void {
    if (this.closed) return;
    this.runTasks();
    const head = this.pending.peek();
    if (head !== undefined) {
      this.busy = true;
      if (this.file === undefined || head.startsFile) this.startFile(head.zxid);
      else this.writeGroup();
      return;
    }
    if (this.whenIdle.length === 0) return;
    this.orphaned = false;
    // Not in the next role, which may cut or replace the history before it appends: that wants nobody else to write.
    this.cancelNote();
    for (const done of this.whenIdle.splice(0)) done();
  }

  /** Writes the line for log-order.ts where the name does not say what comes before; then begins the file. */
  private startFile(zxid: Zxid): void {
    this.closeFile();
    // An epoch's start is no transaction: nobody comes to it by replaying.
    const isKnown = counterOf(this.synced) !== 0 || this.synced === ZXID_ZERO;
    if (zxid === this.synced + 1 || !isKnown) {
      this.makeFile(zxid);
      return;
    }
    this.order.write(zxid, this.synced, (error) => {
      if (error !== undefined) this.fail(error);
      else this.makeFile(zxid);
    });
  }

  /** The file, then the note that it is ours and holds nothing synced yet, and only then its first bytes. */
  private makeFile(zxid: Zxid): void {
    try {
      this.beforeFile();
      this.file = new LogFile(this.place, zxid, this.options.preAllocBytes, this.options.forceSync);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.notedOffset = 0;
    this.note.write({ file: zxid, offset: 0, zxid: this.synced }, true, (error) => {
      if (error !== undefined) this.fail(error);
      else this.writeGroup();
    });
  }

  private writeGroup(): void {
    const file = this.file as LogFile;
    const headerBytes = file.end === 0 ? LOG_HEADER_BYTES : 0;
    let count = 0;
    let bytes = headerBytes;
    for (let next = this.pending.at(0); next !== undefined; next = this.pending.at(count)) {
      const size = next.payload.length + RECORD_OVERHEAD_BYTES;
      if (count > 0 && (next.startsFile || bytes + size > MAX_GROUP_BYTES)) break;
      bytes += size;
      count++;
    }
    if (count === 0) {
      this.dropEmptyFile();
      return;
    }
    const nowMs = this.clock.nowMs();
    this.stats.lastQueueMs = nowMs - this.waitsSinceMs;
    const target = this.stagingFor(bytes);
    let at = headerBytes === 0 ? 0 : writeLogHeader(target, 0);
    for (let i = 0; i < count; i++) {
      const record = this.pending.shift() as Pending;
      at = writeRecord(target, at, record.payload);
      this.groupLast = record.zxid;
    }
    this.groupCount = count;
    this.stats.records += count;
    this.stats.bytes += bytes;
    this.syncStartMs = nowMs;
    file.write(target.subarray(0, bytes), this.onGroupDone);
  }

  private readonly onGroupDone = (error: DiskError | undefined): void => {
    if (error !== undefined) {
      this.fail(error);
      return;
    }
    this.measureSync();
    const file = this.file as LogFile;
    file.accept();
    assert(this.groupLast > this.synced, 'a group ends above the one before it');
    this.synced = this.groupLast;
    const count = this.groupCount;
    this.groupCount = 0;
    if (this.options.fileLimitBytes > 0 && file.end > this.options.fileLimitBytes) this.rollRequested = true;
    if (!this.orphaned) {
      this.durableCount += count;
      assert(this.durableCount <= this.appendedCount, 'nothing is durable that was not appended');
      this.handlers.onDurable(this.synced);
    }
    this.settle();
  };

  /** The group is over: what waited for it runs, and the next one begins at the end of this turn. */
  private settle(): void {
    this.busy = false;
    this.runTasks();
    if (this.whenIdle.length === 0 && this.isNoteDue()) this.writeNote();
    else if (this.pending.length > 0 || this.whenIdle.length > 0) this.scheduleFlush();
  }

  private runTasks(): void {
    for (
      let head = this.tasks.peek();
      head !== undefined && head.after <= this.durableCount;
      head = this.tasks.peek()
    ) {
      this.tasks.shift();
      head.run();
    }
  }

  private measureSync(): void {
    if (!this.options.forceSync) return;
    const elapsedMs = this.clock.nowMs() - this.syncStartMs;
    this.stats.syncs++;
    this.stats.waiting = this.pending.length;
    this.stats.lastSyncMs = elapsedMs;
    if (elapsedMs <= this.options.fsyncWarningMs) return;
    this.stats.slowSyncs++;
    const fields = { file: this.file?.path, elapsedMs: Math.round(elapsedMs), records: this.groupCount };
    this.log.warn(fields, 'syncing the transaction log was slow; every write waits for it');
  }

  /** The note follows the log: a moment after the last group and, under load, once in so many milliseconds. */
  private isNoteDue(): boolean {
    if (!this.options.forceSync || this.file === undefined || this.notedOffset === this.file.end) return false;
    const nowMs = this.clock.nowMs();
    if (this.noteTimer !== undefined) return nowMs >= this.noteDueMs;
    this.noteDueMs = nowMs + NOTE_INTERVAL_MS;
    this.noteTimer = this.clock.after(NOTE_INTERVAL_MS, () => {
      if (!this.busy && !this.closed && this.whenIdle.length === 0) this.writeNote();
    });
    return false;
  }

  private writeNote(): void {
    const { zxid, end } = this.file as LogFile;
    assert(!this.busy, 'the note is written when nothing else is');
    this.cancelNote();
    this.busy = true;
    this.notedOffset = end;
    const note = { file: zxid, offset: end, zxid: this.synced };
    // With writes waiting it goes without a sync of its own: they are not to pay for it, and a low note does no harm.
    this.note.write(note, this.pending.length === 0, (error) => {
      if (error !== undefined) this.fail(error);
      else this.settle();
    });
  }

  private writeLastNote(): void {
    this.cancelNote();
    if (this.file === undefined || !this.options.forceSync || this.notedOffset === this.file.end) return;
    try {
      this.note.writeNow({ file: this.file.zxid, offset: this.file.end, zxid: this.synced });
    } catch (error) {
      const { message: reason } = diskError(error);
      this.log.warn({ reason }, 'the note of what is synced was not written; the log itself is whole');
    }
  }

  private cancelNote(): void {
    this.noteTimer?.cancel();
    this.noteTimer = undefined;
  }

  /** The role ended while the file was made. A name that promises a transaction it will not hold is taken back. */
  private dropEmptyFile(): void {
    const { path } = this.file as LogFile;
    this.closeFile();
    try {
      this.place.disk.unlink(path);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.settle();
  }

  private closeFile(): void {
    if (this.file === undefined) return;
    if (this.file.end > 0) this.afterFile(this.file.zxid, this.file.end);
    this.file.close();
    this.file = undefined;
  }

  private stagingFor(bytes: number): Buffer {
    if (bytes <= this.staging.length) return this.staging;
    // One oversized transaction is written from a buffer of its own rather than kept room for.
    if (bytes > MAX_GROUP_BYTES) return Buffer.allocUnsafeSlow(bytes);
    let size = Math.max(this.staging.length, MIN_STAGING_BYTES);
    while (size < bytes) size *= 2;
    this.staging = Buffer.allocUnsafeSlow(size);
    return this.staging;
  }

  /** The operation that failed stays in flight for good: nothing is written or acknowledged from here any more. */
  private fail(error: unknown): void {
    const { code, message } = diskError(error);
    this.pending.clear();
    this.tasks.clear();
    this.cancelNote();
    const path = this.file?.path ?? this.place.dir;
    const line =
      code === 'ENOSPC'
        ? `no space left for the transaction log ${path}: nothing of the last group was answered`
        : `cannot write the transaction log ${path}: ${message}`;
    this.handlers.onFatal(new FatalError(line, EXIT.transactionLog, { cause: error }));
  }
}
