import { diskError } from '../../io/disk.ts';
import { follows, type Zxid, zxidHex } from '../../jute/zxid.ts';
import { join, type LogName } from '../file-names.ts';
import { LogFileReader, type LogRecord } from './log-file-reader.ts';
import { LOG_HEADER_BYTES } from './log-format.ts';
import type { LogPlace } from './log-place.ts';
import type { LogEntry } from './recent-log.ts';

/** Where a cursor begins. */
export interface CursorStart {
  /** With the first transaction at or above this one. */
  readonly zxid: Zxid;
  /** Of a record of the first file, none that matters being before it. */
  readonly offset: number;
}

/**
 * Transactions from the log on disk, in order, a chunk of a file in memory at a time, up to what was synced when it
 * was opened. It has no holes: a learner takes what it gets for everything there is. Where the disk does not give the
 * next transaction the cursor ends, and says through `onBroken` from which one on the log can be read again.
 */
export interface CursorHost {
  onBroken(readableFrom: Zxid, reason: string): void;
  onClose(cursor: LogCursor): void;
}

export class LogCursor {
  private readonly place: LogPlace;
  private readonly files: readonly LogName[];
  private readonly last: Zxid;
  private readonly host: CursorHost;
  private index = 0;
  private reader: LogFileReader | undefined = undefined;
  private ahead: LogRecord | undefined;
  private previous: Zxid | undefined = undefined;
  private closed = false;
  private readonly firstOffset: number;

  /** `files` are in order, the first of them begins at or below `start`; nothing above `last` is read. */
  constructor(place: LogPlace, files: readonly LogName[], start: CursorStart, last: Zxid, host: CursorHost) {
    this.place = place;
    this.files = files;
    this.firstOffset = start.offset;
    this.last = last;
    this.host = host;
    this.ahead = this.readAhead();
    while (this.ahead !== undefined && this.ahead.zxid < start.zxid) this.ahead = this.readAhead();
  }

  /** Zxid of what `next` will give; undefined at the end. */
  get nextZxid(): Zxid | undefined {
    return this.ahead?.zxid;
  }

  /** The oldest file that is still needed. */
  get oldestFile(): LogName | undefined {
    return this.files[this.index];
  }

  next(): LogEntry | undefined {
    const entry = this.ahead;
    if (entry === undefined) this.close();
    else this.ahead = this.readAhead();
    return entry;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.ahead = undefined;
    this.reader?.close();
    this.reader = undefined;
    this.host.onClose(this);
  }

  private readAhead(): LogRecord | undefined {
    if (this.previous === this.last) return undefined;
    let record: LogRecord | undefined;
    try {
      record = this.read();
    } catch (error) {
      this.host.onBroken(this.last, diskError(error).message);
      return undefined;
    }
    const { previous } = this;
    if (record === undefined) {
      if (previous !== undefined) this.host.onBroken(this.last, `nothing after zxid 0x${zxidHex(previous)}`);
      return undefined;
    }
    if (previous !== undefined && !this.isNext(previous, record.zxid)) {
      this.host.onBroken(record.zxid, `zxid 0x${zxidHex(record.zxid)} after 0x${zxidHex(previous)}`);
      return undefined;
    }
    this.previous = record.zxid;
    return record;
  }

  /** Where a file begins an epoch it has to be known what comes before: its number does not say. */
  private isNext(previous: Zxid, zxid: Zxid): boolean {
    if (!follows(previous, zxid)) return false;
    return zxid === previous + 1 || zxid !== this.files[this.index]?.zxid || this.place.order.before(zxid) === previous;
  }

  /** The next record that is not a repetition. */
  private read(): LogRecord | undefined {
    while (this.index < this.files.length) {
      this.reader ??= new LogFileReader(
        this.place.disk,
        join(this.place.dir, (this.files[this.index] as LogName).name),
        this.index === 0 ? this.firstOffset : LOG_HEADER_BYTES,
      );
      const record = this.reader.next();
      if (record === undefined) {
        this.reader.close();
        this.reader = undefined;
        this.index++;
      } else if (this.previous === undefined || record.zxid > this.previous) {
        return record.zxid > this.last ? undefined : record;
      }
    }
    return undefined;
  }
}
