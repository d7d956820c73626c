import { FatalError } from '../base/errors.ts';
import { type Disk, DiskError } from '../io/disk.ts';
import { type Zxid, zxidHex } from '../jute/zxid.ts';
import { join, type LogName } from './file-names.ts';
import { LogFileReader, type LogRecord } from './log-file-reader.ts';
import type { LogEntry } from './recent-log.ts';
import { follows } from './zxid-order.ts';

/**
 * Transactions from the log on disk, in order, a chunk of a file in memory at a time. It ends at what was synced when
 * it was opened, and it has no holes: a learner takes what it gets for everything there is.
 */
export class LogCursor {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly files: readonly LogName[];
  private readonly last: Zxid;
  private readonly onClose: () => void;
  private index = 0;
  private reader: LogFileReader | undefined;
  private ahead: LogRecord | undefined;
  private previous: Zxid | undefined;

  /**
   * Throws DiskError. `files` are in order, the first of them holds the first transaction at or above `from` or begins
   * right before it; nothing above `last` is read.
   */
  constructor(disk: Disk, dir: string, files: readonly LogName[], from: Zxid, last: Zxid, onClose: () => void) {
    this.disk = disk;
    this.dir = dir;
    this.files = files;
    this.last = last;
    this.onClose = onClose;
    this.ahead = this.read();
    while (this.ahead !== undefined && this.ahead.zxid < from) this.ahead = this.read();
  }

  /** Zxid of what `next` will give; undefined at the end. */
  get nextZxid(): Zxid | undefined {
    return this.ahead?.zxid;
  }

  /** Name of the oldest file that is still needed. */
  get oldestFile(): LogName | undefined {
    return this.files[this.index];
  }

  /** Throws FatalError when the log cannot be read: it is this peer's own. */
  next(): LogEntry | undefined {
    const entry = this.ahead;
    if (entry === undefined) {
      this.close();
      return undefined;
    }
    try {
      this.ahead = this.read();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      throw new FatalError(`cannot read the transaction log: ${error.message}`, 10, { cause: error });
    }
    return entry;
  }

  close(): void {
    this.reader?.close();
    this.reader = undefined;
    if (this.index <= this.files.length) this.onClose();
    this.index = this.files.length + 1;
    this.ahead = undefined;
  }

  private read(): LogRecord | undefined {
    while (this.index < this.files.length) {
      this.reader ??= new LogFileReader(this.disk, join(this.dir, (this.files[this.index] as LogName).name));
      const record = this.reader.next();
      if (record === undefined) {
        this.reader.close();
        this.reader = undefined;
        this.index++;
        continue;
      }
      if (record.zxid > this.last) return undefined;
      if (this.previous !== undefined) {
        if (record.zxid <= this.previous) continue;
        if (!follows(this.previous, record.zxid)) {
          throw new FatalError(
            `${this.reader.path}: at offset ${record.offset} zxid 0x${zxidHex(record.zxid)} follows 0x${zxidHex(this.previous)}`,
            10,
          );
        }
      }
      this.previous = record.zxid;
      return record;
    }
    return undefined;
  }
}
