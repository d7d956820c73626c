import { type Disk, DiskError, type DiskFile } from '../../io/disk.ts';
import type { Zxid } from '../../jute/zxid.ts';
import {
  END_OF_RECORD,
  LOG_HEADER_BYTES,
  logHeaderDefect,
  MIN_PAYLOAD_BYTES,
  NO_END_MARK,
  RECORD_HEAD_BYTES,
  RECORD_OVERHEAD_BYTES,
  recordDefect,
  zxidOfPayload,
} from './log-format.ts';

/**
 * Reads one log file record by record and says where and why it ended. It judges nothing: whether an end is clean,
 * torn or damage depends on the files around it and on what is known to have been synced (log-replay.ts).
 *
 * Every chunk is a fresh buffer, so payloads may be kept; they keep their chunk alive.
 */
export interface LogRecord {
  readonly zxid: Zxid;
  readonly payload: Buffer;
  /** Offset of the record's first byte. */
  readonly offset: number;
}

const CHUNK_BYTES = 1 << 20;

export class LogFileReader {
  readonly path: string;
  private readonly from: number;
  private readonly file: DiskFile;
  private readonly fileBytes: number;
  private chunk: Buffer = Buffer.alloc(0);
  private chunkAt = 0;
  private position = 0;
  private flaw: string | undefined = undefined;
  private ended = false;

  /** `from`: the offset of the first record to read, for those who have read what is before it. Throws DiskError. */
  constructor(disk: Disk, path: string, from = LOG_HEADER_BYTES) {
    this.path = path;
    this.from = from;
    this.file = disk.open(path, 'read');
    this.fileBytes = this.file.size();
    try {
      this.readHeader();
    } catch (error) {
      this.file.close();
      throw error;
    }
  }

  /** Where the next record begins or, once `next` gave none, where the good part of the file ends. */
  get offset(): number {
    return this.position;
  }

  /** Why the file ended at `offset`; undefined for padding or the end of the file. */
  get defect(): string | undefined {
    return this.flaw;
  }

  /** Bytes in the file, padding included. */
  get size(): number {
    return this.fileBytes;
  }

  next(): LogRecord | undefined {
    if (this.ended) return undefined;
    const offset = this.position;
    const left = this.fileBytes - offset;
    if (left < RECORD_OVERHEAD_BYTES)
      return this.end(this.isZero(offset, left) ? undefined : 'the record is cut short');
    this.load(offset, RECORD_HEAD_BYTES);
    const at = offset - this.chunkAt;
    const length = this.chunk.readInt32BE(at + 8);
    if (length === 0) {
      const isPadding = this.chunk.readUInt32BE(at) === 0 && this.chunk.readUInt32BE(at + 4) === 0;
      return this.end(isPadding ? undefined : 'the record has no length');
    }
    const defect = this.recordDefectAt(offset, length);
    if (defect !== undefined) return this.end(defect);
    const payloadAt = offset - this.chunkAt + RECORD_HEAD_BYTES;
    this.position = offset + length + RECORD_OVERHEAD_BYTES;
    const payload = this.chunk.subarray(payloadAt, payloadAt + length);
    return { zxid: zxidOfPayload(this.chunk, payloadAt), payload, offset };
  }

  /** The first whole record beyond `offset`, which holds none; undefined when there is nothing valid any more. */
  findRecordBeyond(offset: number, above: Zxid): LogRecord | undefined {
    for (let at = offset + 1; at + RECORD_OVERHEAD_BYTES + MIN_PAYLOAD_BYTES <= this.fileBytes; at++) {
      this.load(at, RECORD_HEAD_BYTES);
      if (this.isChunkZeroFrom(at)) {
        at = this.chunkAt + this.chunk.length - RECORD_HEAD_BYTES;
        continue;
      }
      const inChunk = at - this.chunkAt;
      if (this.chunk.readUInt32BE(inChunk) !== 0) continue;
      const length = this.chunk.readInt32BE(inChunk + 8);
      if (length < MIN_PAYLOAD_BYTES || this.recordDefectAt(at, length) !== undefined) continue;
      const payloadAt = at - this.chunkAt + RECORD_HEAD_BYTES;
      const zxid = zxidOfPayload(this.chunk, payloadAt);
      if (zxid > above) return { zxid, payload: this.chunk.subarray(payloadAt, payloadAt + length), offset: at };
    }
    return undefined;
  }

  /** Whether there is anything but zeros from `offset` on. */
  isZeroFrom(offset: number): boolean {
    for (let at = offset; at < this.fileBytes; at = this.chunkAt + this.chunk.length) {
      this.load(at, 1);
      if (!this.isChunkZeroFrom(at)) return false;
    }
    return true;
  }

  close(): void {
    this.file.close();
  }

  private readHeader(): void {
    if (this.fileBytes < LOG_HEADER_BYTES) {
      this.end('the header is cut short');
      return;
    }
    this.load(0, LOG_HEADER_BYTES);
    const defect = logHeaderDefect(this.chunk);
    if (defect !== undefined) this.end(defect);
    else this.position = this.from;
  }

  private end(defect: string | undefined): undefined {
    this.ended = true;
    this.flaw = defect;
    return undefined;
  }

  private recordDefectAt(offset: number, length: number): string | undefined {
    if (length < MIN_PAYLOAD_BYTES) return `the length ${length} cannot be`;
    const bytes = length + RECORD_OVERHEAD_BYTES;
    if (bytes > this.fileBytes - offset) return 'the record runs past the end of the file';
    // Bytes that only look like a length may name half the file: the end mark is looked at before all of that is read.
    if (offset + bytes > this.chunkAt + this.chunk.length && !this.hasEndMark(offset + bytes)) return NO_END_MARK;
    this.load(offset, bytes);
    return recordDefect(this.chunk, offset - this.chunkAt, length);
  }

  private hasEndMark(recordEnd: number): boolean {
    const mark = Buffer.alloc(1);
    this.file.readAt(mark, recordEnd - 1);
    return mark[0] === END_OF_RECORD;
  }

  private isZero(offset: number, bytes: number): boolean {
    if (bytes <= 0) return true;
    this.load(offset, bytes);
    const at = offset - this.chunkAt;
    return isAllZero(this.chunk, at, at + bytes);
  }

  private isChunkZeroFrom(offset: number): boolean {
    const at = offset - this.chunkAt;
    // Nearly always decided by the first byte; only a run of zeros is worth the look at the rest of the chunk.
    if (this.chunk[at] !== 0 || this.chunk[Math.min(at + 16, this.chunk.length - 1)] !== 0) return false;
    return isAllZero(this.chunk, at, this.chunk.length);
  }

  /** Has bytes [offset, offset + bytes), which the file had when it was opened, in the chunk. Throws DiskError. */
  private load(offset: number, bytes: number): void {
    if (offset >= this.chunkAt && offset + bytes <= this.chunkAt + this.chunk.length) return;
    const wanted = Math.min(Math.max(CHUNK_BYTES, bytes), this.fileBytes - offset);
    const fresh = Buffer.allocUnsafeSlow(wanted);
    if (this.file.readAt(fresh, offset) < wanted) {
      throw new DiskError('EIO', this.path, `${this.path} became shorter while it was read`);
    }
    this.chunk = fresh;
    this.chunkAt = offset;
  }
}

const ZEROS = Buffer.alloc(64 * 1024);

function isAllZero(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += ZEROS.length) {
    const upTo = Math.min(at + ZEROS.length, end);
    if (bytes.compare(ZEROS, 0, upTo - at, at, upTo) !== 0) return false;
  }
  return true;
}
