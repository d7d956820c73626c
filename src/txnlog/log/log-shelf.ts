import type { Log } from '../../base/log.ts';
import type { Clock } from '../../io/clock.ts';
import { diskError } from '../../io/disk.ts';
import { ZXID_ZERO, type Zxid, zxidText } from '../../jute/zxid.ts';
import { join, type LogName, listLogs } from '../file-names.ts';
import { type CursorHost, LogCursor } from './log-cursor.ts';
import { LogMarks } from './log-marks.ts';
import type { LogPlace } from './log-place.ts';

export interface LogReaders {
  /** The log is being looked through: `isNear` says no to everybody. */
  readonly isBusy: boolean;
  /**
   * The log on disk from the first transaction at or above `zxid` on; undefined when it begins later than that, so
   * that what a learner at `zxid` lacks might not be in it. Close it unless read to the end.
   */
  readFrom(zxid: Zxid): LogCursor | undefined;
  /**
   * Whether `readFrom(zxid)` is a matter of a moment. If not, the log is looked through for it in the turns to come:
   * ask again.
   */
  isNear(zxid: Zxid): boolean;
  /** Bytes that `readFrom(zxid)` would go through, without padding where that is known; infinite on a failing disk. */
  bytesFrom(zxid: Zxid): number;
}

/** How far the log goes: its writer knows. */
export interface LogEnd {
  readonly lastDurable: Zxid;
  /** The file being written and how long its records are. */
  readonly currentFile: { readonly zxid: Zxid; readonly end: number } | undefined;
}

/**
 * The log files as their readers see them: which there are, how much of each is records, who is reading,
 * and from where on they hold together.
 */
export class LogShelf implements CursorHost, LogReaders {
  private readonly place: LogPlace;
  private readonly end: LogEnd;
  private readonly log: Log;
  /** Where the records end in files that are full, by the zxid in the name, as far as that is known. */
  private readonly ends = new Map<Zxid, number>();
  private readonly cursors = new Set<LogCursor>();
  readonly marks: LogMarks;
  /** Before it the log has a hole, or cannot be read. */
  private readableFrom = ZXID_ZERO;

  constructor(place: LogPlace, clock: Clock, end: LogEnd, log: Log) {
    this.place = place;
    this.marks = new LogMarks(place, clock);
    this.end = end;
    this.log = log;
  }

  /** After recovery, which read some of the files to their ends. */
  reset(ends: ReadonlyMap<Zxid, number>): void {
    this.closeCursors();
    this.marks.clear();
    this.ends.clear();
    for (const [zxid, end] of ends) this.ends.set(zxid, end);
    this.readableFrom = ZXID_ZERO;
  }

  setEnd(zxid: Zxid, end: number): void {
    this.ends.set(zxid, end);
  }

  readFrom(zxid: Zxid): LogCursor | undefined {
    try {
      return this.open(zxid);
    } catch (error) {
      const { message: reason } = diskError(error);
      this.log.warn({ from: zxidText(zxid), reason }, 'the log on disk cannot be read for a learner');
      return undefined;
    }
  }

  get isBusy(): boolean {
    return this.marks.isBusy;
  }

  isNear(zxid: Zxid): boolean {
    if (this.isBusy) return false;
    try {
      const first = this.filesFrom(zxid)?.[0];
      if (first === undefined || this.marks.isNear(first, zxid, this.bytesOf(first))) return true;
      this.marks.lookThrough(first, zxid);
      return false;
    } catch (error) {
      // Reading tells.
      diskError(error);
      return true;
    }
  }

  bytesFrom(zxid: Zxid): number {
    try {
      let bytes = 0;
      for (const file of this.filesFrom(zxid) ?? []) bytes += this.bytesOf(file);
      return bytes;
    } catch (error) {
      diskError(error);
      return Number.POSITIVE_INFINITY;
    }
  }

  /** Zxid in the name of the oldest file that somebody reads. */
  get oldestInUse(): Zxid | undefined {
    let oldest: Zxid | undefined;
    for (const cursor of this.cursors) {
      const zxid = cursor.oldestFile?.zxid;
      if (zxid !== undefined && (oldest === undefined || zxid < oldest)) oldest = zxid;
    }
    return oldest;
  }

  closeCursors(): void {
    this.marks.stop();
    for (const cursor of [...this.cursors]) cursor.close();
  }

  onBroken(readableFrom: Zxid, reason: string): void {
    if (readableFrom <= this.readableFrom) return;
    this.readableFrom = readableFrom;
    const fields = { dir: this.place.dir, from: zxidText(readableFrom), reason };
    this.log.warn(fields, 'the log on disk has a hole; learners from before it will be sent a snapshot');
  }

  onClose(cursor: LogCursor): void {
    this.cursors.delete(cursor);
  }

  private open(zxid: Zxid): LogCursor | undefined {
    const files = this.filesFrom(zxid);
    if (files === undefined) return undefined;
    const offset = this.marks.before(files[0] as LogName, zxid);
    const cursor = new LogCursor(this.place, files, { zxid, offset }, this.end.lastDurable, this);
    // Opening it may have found a hole right at the start.
    if (zxid < this.readableFrom) {
      cursor.close();
      return undefined;
    }
    this.cursors.add(cursor);
    return cursor;
  }

  /** Without its padding, where it is known where the records end. */
  private bytesOf(file: LogName): number {
    const { currentFile } = this.end;
    const end = currentFile?.zxid === file.zxid ? currentFile.end : this.ends.get(file.zxid);
    return end ?? this.place.disk.stat(join(this.place.dir, file.name)).bytes;
  }

  /** From the newest file that begins at or below `zxid` on. */
  private filesFrom(zxid: Zxid): LogName[] | undefined {
    if (zxid < this.readableFrom) return undefined;
    const files = listLogs(this.place.disk, this.place.dir);
    this.marks.keep(files);
    const first = files.findLastIndex((file) => file.zxid <= zxid);
    return first === -1 ? undefined : files.slice(first);
  }
}
