import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { adler32 } from '../../txnlog/adler32.ts';
import { END_OF_RECORD, LOG_HEADER_BYTES, logHeaderDefect, RECORD_HEAD_BYTES } from '../../txnlog/log/log-format.ts';
import { ToolError } from './tool.ts';

/**
 * A log file record by record, for tools: goes on behind a checksum that does not match, which a server must not.
 * Ends at padding, at the end of the file and in a record that was cut short.
 */
export interface RawRecord {
  /** Checksum, length, payload and end mark, as they are in the file. */
  readonly bytes: Buffer;
  readonly payload: Buffer;
  readonly offset: number;
  /** As written, and as it should be. */
  readonly checksum: bigint;
  readonly rightChecksum: bigint;
  /** False when the record's last byte is something else. */
  readonly hasEndMark: boolean;
}

const MAX_RECORD_BYTES = 1 << 30;
const INVALID_MAGIC = 2;

export class RawLog {
  readonly header: Buffer;
  private readonly path: string;
  private readonly fd: number;
  private readonly size: number;
  private offset = LOG_HEADER_BYTES;

  /** Throws ToolError when the file is no log. */
  constructor(path: string) {
    this.path = path;
    try {
      this.fd = openSync(path, 'r');
    } catch {
      throw new ToolError(`File doesn't exist or not readable: ${path}`);
    }
    try {
      const stat = fstatSync(this.fd);
      if (!stat.isFile()) throw new ToolError(`${path} is not a file`);
      this.size = stat.size;
      if (this.size < LOG_HEADER_BYTES) {
        throw new ToolError(`${path} has ${this.size} bytes, and a log begins with a header of ${LOG_HEADER_BYTES}`);
      }
      this.header = this.read(0, LOG_HEADER_BYTES);
      const defect = logHeaderDefect(this.header);
      if (defect?.startsWith('magic') === true) {
        throw new ToolError(`Invalid magic number for ${basename(path)}`, INVALID_MAGIC);
      }
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  get formatVersion(): number {
    return this.header.readInt32BE(4);
  }

  get dbid(): bigint {
    return this.header.readBigInt64BE(8);
  }

  /** undefined at the end of what was written. Throws ToolError on a length that none can have. */
  next(): RawRecord | undefined {
    const { offset } = this;
    if (this.size - offset < RECORD_HEAD_BYTES) return undefined;
    const head = this.read(offset, RECORD_HEAD_BYTES);
    const checksum = head.readBigInt64BE(0);
    const length = head.readInt32BE(8);
    if (length === 0) return undefined;
    if (length < 0 || length > MAX_RECORD_BYTES) {
      throw new ToolError(`${this.path}: the record at offset ${offset} says that it has ${length} bytes`);
    }
    const end = offset + RECORD_HEAD_BYTES + length;
    // Cut short in the payload, or right behind it.
    if (end > this.size) return undefined;
    const bytes = this.read(offset, Math.min(RECORD_HEAD_BYTES + length + 1, this.size - offset));
    const payload = bytes.subarray(RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + length);
    this.offset = end + 1;
    return {
      bytes,
      payload,
      offset,
      checksum,
      rightChecksum: BigInt(adler32(payload)),
      hasEndMark: bytes[RECORD_HEAD_BYTES + length] === END_OF_RECORD,
    };
  }

  close(): void {
    closeSync(this.fd);
  }

  private read(offset: number, bytes: number): Buffer {
    const target = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes; ) {
      const got = readSync(this.fd, target, done, bytes - done, offset + done);
      if (got === 0) throw new ToolError(`${this.path} became shorter while it was read`);
      done += got;
    }
    return target;
  }
}
