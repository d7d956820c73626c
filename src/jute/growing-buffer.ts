import { ProtocolError } from '../base/errors.ts';

/**
 * One buffer that grows while it is written to. `take` hands the bytes over and starts a fresh buffer when the old one is
 * nearly used up, so that a taken slice is never overwritten.
 *
 * Records that a client can make long are written under a limit. The buffer does not grow beyond it; a record that
 * would exceed it is a ProtocolError. The check is where the buffer grows, so that it costs nothing.
 *
 * Large bytes that never change can be referred to instead of copied. They then lie between parts of the buffer, and
 * `takeParts` hands over all of them in order.
 */
export class GrowingBuffer {
  protected buffer: Buffer;
  /** The same bytes: numbers go through it four times as fast as through Buffer. */
  protected view: DataView;
  protected start = 0;
  protected offset = 0;
  /** The finished parts that stand before `start`, in order, and how long they are together. */
  protected parts: Buffer[] = [];
  protected partsBytes = 0;
  private readonly chunkBytes: number;
  protected maxLength = Number.POSITIVE_INFINITY;

  constructor(chunkBytes = 16 * 1024) {
    this.chunkBytes = chunkBytes;
    this.buffer = Buffer.allocUnsafeSlow(chunkBytes);
    this.view = viewOf(this.buffer);
  }

  /** Bytes written since the last take. */
  get length(): number {
    return this.partsBytes + this.offset - this.start;
  }

  /** The bytes of the buffer that is written to, used or not. */
  get heldBytes(): number {
    return this.buffer.length;
  }

  /** Bytes [start, end) of a buffer, without a length before them. */
  writeRaw(source: Buffer, start = 0, end: number = source.length): void {
    this.reserve(end - start);
    source.copy(this.buffer, this.offset, start, end);
    this.offset += end - start;
  }

  /** Bytes that are never changed after this, without a length before them: referred to until they are taken. */
  writeShared(bytes: Buffer): void {
    if (this.length + bytes.length > this.maxLength) throw new LimitError(this.maxLength);
    if (this.offset > this.start) this.parts.push(this.buffer.subarray(this.start, this.offset));
    this.parts.push(bytes);
    this.partsBytes = this.length + bytes.length;
    this.start = this.offset;
  }

  /**
   * Makes room for a record of a fixed length, which the caller fills: `putInt` and `putLong` at the place returned and
   * behind it, to the last byte. Looks once whether there is room, where writing field by field looks at each.
   */
  claim(bytes: number): number {
    this.reserve(bytes);
    const at = this.offset;
    this.offset = at + bytes;
    return at;
  }

  /** Only at a place that was claimed. */
  putInt(at: number, value: number): void {
    this.view.setInt32(at, value);
  }

  putLong(at: number, value: number): void {
    const high = Math.floor(value / 0x100000000);
    this.view.setInt32(at, high);
    this.view.setUint32(at + 4, value - high * 0x100000000);
  }

  putBigLong(at: number, value: bigint): void {
    this.view.setBigInt64(at, value);
  }

  /** Overwrites an int written before, `at` being the length at that time. */
  patchInt(at: number, value: number): void {
    if (at >= this.partsBytes) this.view.setInt32(this.start + at - this.partsBytes, value);
    else this.patchPart(at, value);
  }

  /** The four bytes lie in one part: a part ends where something shared begins. */
  private patchPart(at: number, value: number): void {
    let before = 0;
    for (const part of this.parts) {
      if (at < before + part.length) {
        part.writeInt32BE(value, at - before);
        return;
      }
      before += part.length;
    }
  }

  /** No more than so many bytes from here on; Infinity: as many as there are. */
  limit(bytes: number): void {
    this.maxLength = this.length + bytes;
  }

  /** Forgets everything written after the length was `length`. */
  rewind(length: number): void {
    if (length >= this.partsBytes) {
      this.offset = this.start + length - this.partsBytes;
      return;
    }
    this.offset = this.start;
    while (this.partsBytes > length) {
      const last = this.parts.pop() as Buffer;
      this.partsBytes -= last.length;
      if (this.partsBytes >= length) continue;
      this.parts.push(last.subarray(0, length - this.partsBytes));
      this.partsBytes = length;
    }
  }

  /** A copy of what was written after the length was `length`, nothing shared being in it. */
  copySince(length: number): Buffer {
    return Buffer.from(this.buffer.subarray(this.start + length - this.partsBytes, this.offset));
  }

  /** The bytes written since the last take; they are the caller's to keep. */
  take(): Buffer {
    if (this.parts.length > 0) return Buffer.concat(this.takeParts());
    return this.takeBuffer();
  }

  /** The same, shared bytes as they are. */
  takeParts(): Buffer[] {
    const { parts } = this;
    this.parts = [];
    this.partsBytes = 0;
    const last = this.takeBuffer();
    if (last.length > 0 || parts.length === 0) parts.push(last);
    return parts;
  }

  private takeBuffer(): Buffer {
    const taken = this.buffer.subarray(this.start, this.offset);
    if (this.buffer.length - this.offset < this.chunkBytes >> 2) {
      this.buffer = Buffer.allocUnsafeSlow(this.chunkBytes);
      this.view = viewOf(this.buffer);
      this.offset = 0;
    }
    this.start = this.offset;
    return taken;
  }

  /** Makes room for so many bytes more. */
  protected reserve(bytes: number): void {
    if (this.offset + bytes <= this.buffer.length) return;
    const used = this.offset - this.start;
    const needed = used + bytes;
    const most = this.maxLength - this.partsBytes;
    if (needed > most) throw new LimitError(this.maxLength);
    const grown = Buffer.allocUnsafeSlow(Math.max(this.chunkBytes, Math.min(needed * 2, most)));
    this.buffer.copy(grown, 0, this.start, this.offset);
    this.buffer = grown;
    this.view = viewOf(grown);
    this.start = 0;
    this.offset = used;
  }
}

/** The record asked for is longer than its limit. */
export class LimitError extends ProtocolError {
  constructor(bytes: number) {
    super(`more than ${bytes} bytes`);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
