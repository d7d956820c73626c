import { ProtocolError } from '../base/errors.ts';
import type { Zxid } from './zxid.ts';

/**
 * Writes jute's binary archive into one growing buffer. `take` hands the bytes over and starts a fresh buffer
 * when the old one is nearly used up, so that a taken slice is never overwritten.
 *
 * What a client can make long is written under a limit: the buffer does not grow beyond it, and the record that would
 * is a ProtocolError. The check is where the buffer grows, so that it costs nothing.
 */
export class Writer {
  private buffer: Buffer;
  /** The same bytes: numbers go through it four times as fast as through Buffer. */
  private view: DataView;
  private start = 0;
  private offset = 0;
  private readonly chunkBytes: number;
  private maxLength = Number.POSITIVE_INFINITY;

  constructor(chunkBytes = 16 * 1024) {
    this.chunkBytes = chunkBytes;
    this.buffer = Buffer.allocUnsafeSlow(chunkBytes);
    this.view = viewOf(this.buffer);
  }

  /** Bytes written since the last take. */
  get length(): number {
    return this.offset - this.start;
  }

  writeByte(value: number): void {
    this.reserve(1);
    this.buffer[this.offset++] = value;
  }

  writeBool(value: boolean): void {
    this.writeByte(value ? 1 : 0);
  }

  writeInt(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.offset, value);
    this.offset += 4;
  }

  writeLong(value: bigint): void {
    this.reserve(8);
    this.view.setBigInt64(this.offset, value);
    this.offset += 8;
  }

  /** A long held in a double: a time, a size, a counter. Exact for every safe integer and for -(2^63). */
  writeSafeLong(value: number): void {
    this.reserve(8);
    const high = Math.floor(value / 0x100000000);
    this.view.setInt32(this.offset, high);
    this.view.setUint32(this.offset + 4, value - high * 0x100000000);
    this.offset += 8;
  }

  writeZxid(value: Zxid): void {
    this.writeSafeLong(value);
  }

  writeBuffer(value: Buffer | undefined): void {
    if (value === undefined) {
      this.writeInt(-1);
      return;
    }
    this.writeInt(value.length);
    this.writeRaw(value);
  }

  /** Bytes without a length before them. */
  writeRaw(value: Buffer): void {
    this.writeSlice(value, 0, value.length);
  }

  /** Bytes [start, end) of a buffer, without a length before them. */
  writeSlice(source: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    source.copy(this.buffer, this.offset, start, end);
    this.offset += end - start;
  }

  /**
   * UTF-8 of each UTF-16 unit by itself, so that a character beyond the BMP becomes two surrogates of three
   * bytes each: what Apache's server writes, and what its digests and lengths are counted over.
   */
  writeString(value: string | undefined): void {
    if (value === undefined) this.writeInt(-1);
    else this.writeStringFrom(value, 0);
  }

  /** The part of `value` from `start` on, without cutting it out first. */
  writeStringFrom(value: string, start: number): void {
    this.reserve(4 + (value.length - start) * 3);
    const buffer = this.buffer;
    const lengthAt = this.offset;
    let at = lengthAt + 4;
    for (let i = start; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit < 0x80) {
        buffer[at++] = unit;
      } else if (unit < 0x800) {
        buffer[at++] = 0xc0 | (unit >> 6);
        buffer[at++] = 0x80 | (unit & 0x3f);
      } else {
        buffer[at++] = 0xe0 | (unit >> 12);
        buffer[at++] = 0x80 | ((unit >> 6) & 0x3f);
        buffer[at++] = 0x80 | (unit & 0x3f);
      }
    }
    this.view.setInt32(lengthAt, at - lengthAt - 4);
    this.offset = at;
  }

  writeStrings(values: readonly string[] | undefined): void {
    if (values === undefined) {
      this.writeInt(-1);
      return;
    }
    this.writeInt(values.length);
    for (const value of values) this.writeString(value);
  }

  /** Leaves four bytes for a frame length and returns where they are, for `endFrame`. */
  beginFrame(): number {
    const at = this.length;
    this.writeInt(0);
    return at;
  }

  endFrame(at: number): void {
    this.view.setInt32(this.start + at, this.length - at - 4);
  }

  /** Overwrites an int written before, `at` being the length at that time. */
  patchInt(at: number, value: number): void {
    this.view.setInt32(this.start + at, value);
  }

  /** No more than so many bytes from here on, until `unlimit`. */
  limit(bytes: number): void {
    this.maxLength = this.length + bytes;
  }

  unlimit(): void {
    this.maxLength = Number.POSITIVE_INFINITY;
  }

  /** Forgets everything written after the length was `length`. */
  rewind(length: number): void {
    this.offset = this.start + length;
  }

  /** What was written since the last take; the bytes are the caller's to keep. */
  take(): Buffer {
    const taken = this.buffer.subarray(this.start, this.offset);
    if (this.buffer.length - this.offset < this.chunkBytes >> 2) {
      this.buffer = Buffer.allocUnsafeSlow(this.chunkBytes);
      this.view = viewOf(this.buffer);
      this.offset = 0;
    }
    this.start = this.offset;
    return taken;
  }

  private reserve(bytes: number): void {
    if (this.offset + bytes <= this.buffer.length) return;
    const used = this.offset - this.start;
    const needed = used + bytes;
    if (needed > this.maxLength) throw new LimitError(this.maxLength);
    const grown = Buffer.allocUnsafeSlow(Math.max(this.chunkBytes, Math.min(needed * 2, this.maxLength)));
    this.buffer.copy(grown, 0, this.start, this.offset);
    this.buffer = grown;
    this.view = viewOf(grown);
    this.start = 0;
    this.offset = used;
  }
}

/** What was asked for is longer than its limit. */
export class LimitError extends ProtocolError {
  constructor(bytes: number) {
    super(`more than ${bytes} bytes`);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
