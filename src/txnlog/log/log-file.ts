import { type Disk, type DiskError, type DiskFile, diskError } from '../../io/disk.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { join, logName } from '../file-names.ts';
import { LOG_HEADER_BYTES, paddedSize, writeLogHeader } from './log-format.ts';
import type { LogPlace } from './log-place.ts';

/**
 * The log file being written: how it grows, and what makes a group in it durable. It is padded as Apache pads, by
 * making it longer than its records; and a stretch of that ahead of the records is really written with zeros. A
 * record that lands there changes no metadata, so its sync writes the data and nothing else.
 *
 * A file never is without its header, and not padded before its first group is durable. Apache's servers do not start
 * on a log that begins with zeros, and those before 3.9 not on an empty one either.
 */
const ZEROED_AHEAD_BYTES = 1 << 20;
/** A longer group has more to write than its metadata, and all that is zeroed is written twice. */
const ZEROED_FOR_BYTES = 32 * 1024;
const ZEROS = Buffer.alloc(ZEROED_AHEAD_BYTES);
const HEADER = Buffer.alloc(LOG_HEADER_BYTES);
writeLogHeader(HEADER, 0);

type Done = (error: DiskError | undefined) => void;

export class LogFile {
  readonly zxid: Zxid;
  readonly path: string;
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly file: DiskFile;
  private readonly preAllocBytes: number;
  private readonly isForced: boolean;
  private recordsEnd = 0;
  private groupEnd = 0;
  private fileBytes = 0;
  private zeroedTo = 0;

  /** Throws DiskError. The file must not exist. `isForced`: groups are durable, else they are only written. */
  constructor(place: LogPlace, zxid: Zxid, preAllocBytes: number, isForced: boolean) {
    this.disk = place.disk;
    this.dir = place.dir;
    this.zxid = zxid;
    this.path = join(place.dir, logName(zxid));
    this.preAllocBytes = preAllocBytes;
    this.isForced = isForced;
    // The header is written again with the first group, which makes it durable. Through, it would block the loop.
    const made = this.disk.open(this.path, 'create');
    made.writeAt(HEADER, 0);
    made.close();
    this.file = this.disk.open(this.path, isForced ? 'writeThrough' : 'write');
  }

  /** Where the groups that are durable end; 0: not even the header is. */
  get end(): number {
    return this.recordsEnd;
  }

  /**
   * The group is durable once `done` is called; so is the file's name, with the first one. That begins with the file
   * header.
   */
  write(group: Buffer, done: Done): void {
    this.groupEnd = this.recordsEnd + group.length;
    const chunks = [group];
    try {
      this.grow();
    } catch (error) {
      done(diskError(error));
      return;
    }
    if (this.groupEnd > this.zeroedTo && group.length < ZEROED_FOR_BYTES) {
      this.zeroedTo = Math.max(this.groupEnd, Math.min(this.fileBytes, this.groupEnd + ZEROED_AHEAD_BYTES));
      if (this.zeroedTo > this.groupEnd) chunks.push(ZEROS.subarray(0, this.zeroedTo - this.groupEnd));
    }
    if (this.recordsEnd > 0 || !this.isForced) this.file.write(chunks, this.recordsEnd, done);
    else this.writeFirst(chunks, done);
  }

  private writeFirst(chunks: readonly Buffer[], done: Done): void {
    this.file.write(chunks, 0, (error) => {
      if (error === undefined) this.disk.syncDirAsync(this.dir, done);
      else done(error);
    });
  }

  /** The group counts from now on, and the next one is written behind it. */
  accept(): void {
    this.recordsEnd = this.groupEnd;
  }

  close(): void {
    this.file.close();
  }

  private grow(): void {
    if (this.preAllocBytes <= 0 || this.recordsEnd === 0) return;
    const start = this.fileBytes === 0 ? LOG_HEADER_BYTES : this.recordsEnd;
    let size = paddedSize(start, Math.max(this.fileBytes, start), this.preAllocBytes);
    if (this.groupEnd > size) size = paddedSize(this.groupEnd, size, this.preAllocBytes);
    if (size === this.fileBytes) return;
    this.file.truncate(size);
    this.fileBytes = size;
  }
}
