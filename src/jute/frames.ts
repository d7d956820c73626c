import { ProtocolError } from '../base/errors.ts';

/**
 * Cuts length-prefixed frames (int length, then that many bytes) out of a stream's arbitrary chunks. A frame
 * that lies within one chunk is handed on as a view, so data is copied only where a frame spans chunks.
 */
export class FrameCutter {
  private readonly maxBytes: number;
  private readonly onFrame: (frame: Buffer) => boolean;
  private chunks: Buffer[] = [];
  private buffered = 0;
  private needed = 4;
  private inBody = false;
  private stopped = false;

  /** `onFrame` returns false to stop: what follows is left in the cutter until `resume`. */
  constructor(maxBytes: number, onFrame: (frame: Buffer) => boolean) {
    this.maxBytes = maxBytes;
    this.onFrame = onFrame;
  }

  /** Bytes held back because a frame is incomplete or the consumer stopped. */
  get bufferedBytes(): number {
    return this.buffered;
  }

  /** Throws FrameLengthError on a negative or oversized length. */
  push(chunk: Buffer): void {
    if (chunk.length > 0) {
      this.chunks.push(chunk);
      this.buffered += chunk.length;
    }
    this.drain();
  }

  resume(): void {
    this.stopped = false;
    this.drain();
  }

  /** Everything not yet cut, for a stream that changes from frames to something else. */
  takeRest(): Buffer {
    const rest = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    this.chunks = [];
    this.buffered = 0;
    return rest;
  }

  private drain(): void {
    while (!this.stopped && this.buffered >= this.needed) {
      const piece = this.cut(this.needed);
      if (this.inBody) {
        this.inBody = false;
        this.needed = 4;
        if (!this.onFrame(piece)) this.stopped = true;
        continue;
      }
      const length = piece.readInt32BE(0);
      if (length < 0 || length > this.maxBytes) throw new FrameLengthError(length, this.maxBytes, piece);
      this.inBody = true;
      this.needed = length;
    }
  }

  private cut(length: number): Buffer {
    this.buffered -= length;
    const first = this.chunks[0];
    if (first === undefined) return Buffer.alloc(0);
    if (first.length >= length) {
      if (first.length === length) this.chunks.shift();
      else this.chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const whole = Buffer.allocUnsafe(length);
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const chunk = this.chunks[used] as Buffer;
      const part = Math.min(chunk.length, length - filled);
      chunk.copy(whole, filled, 0, part);
      filled += part;
      if (part < chunk.length) this.chunks[used] = chunk.subarray(part);
      else used++;
    }
    this.chunks.splice(0, used);
    return whole;
  }
}

/** `head` holds the four bytes that were read as a length: they tell HTTP and TLS from a broken client. */
export class FrameLengthError extends ProtocolError {
  readonly length: number;
  readonly limit: number;
  readonly head: Buffer;

  constructor(length: number, limit: number, head: Buffer) {
    super(`frame length ${length} is not between 0 and ${limit}`);
    this.length = length;
    this.limit = limit;
    this.head = head;
  }
}
