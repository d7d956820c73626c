import { ProtocolError } from '../base/errors.ts';

/**
 * Cuts length-prefixed frames (int length, then that many bytes) out of a stream's arbitrary chunks. A frame that
 * lies within one chunk is handed on where it lies; one that spans chunks is gathered in a buffer of its own.
 *
 * That buffer grows with what has come, up to the frame's length. A length without its bytes holds no more memory than
 * a few times what was sent, and neither do bytes that come one at a time, each in a chunk of its own.
 */
export class SpanCutter {
  private readonly maxBytes: number;
  private readonly onFrame: (bytes: Buffer, start: number, end: number) => boolean;
  private readonly onLength: ((length: number) => void) | undefined;
  private readonly head: Buffer = Buffer.alloc(4);
  private headBytes = 0;
  /** Length of the frame whose head has been read; -1 while a head is awaited. */
  private frameBytes = -1;
  private gathered: Buffer = NO_BYTES;
  private gatheredBytes = 0;
  /** The bytes that came after the consumer had stopped, or were left of a chunk then. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private stopped = false;

  /**
   * `onFrame` is handed bytes [start, end) of a buffer, and returns false to stop: later bytes are left in the cutter
   * until `resume`. `onLength` is told a length before its bytes are gathered, and throws when it must not be.
   */
  constructor(
    maxBytes: number,
    onFrame: (bytes: Buffer, start: number, end: number) => boolean,
    onLength?: (length: number) => void,
  ) {
    this.maxBytes = maxBytes;
    this.onFrame = onFrame;
    this.onLength = onLength;
  }

  /** Bytes held back because a frame is incomplete or the consumer stopped. */
  get bufferedBytes(): number {
    return this.headBytes + this.gatheredBytes + this.heldBytes;
  }

  /** Throws FrameLengthError on a negative or oversized length. */
  push(chunk: Buffer): void {
    if (this.stopped) this.hold(chunk);
    else this.cut(chunk);
  }

  resume(): void {
    this.stopped = false;
    const held = this.held;
    this.held = [];
    this.heldBytes = 0;
    for (const chunk of held) this.push(chunk);
  }

  /** Everything not yet cut, for a stream that changes from frames to something else. */
  takeRest(): Buffer {
    const begun = [this.head.subarray(0, this.headBytes), this.gathered.subarray(0, this.gatheredBytes)];
    const rest = Buffer.concat([...begun, ...this.held]);
    this.headBytes = 0;
    this.gatheredBytes = 0;
    this.held = [];
    this.heldBytes = 0;
    return rest;
  }

  private hold(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.held.push(chunk);
    this.heldBytes += chunk.length;
  }

  private cut(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.stopped) {
        this.hold(chunk.subarray(at));
        return;
      }
      if (this.frameBytes < 0) at = this.cutHead(chunk, at);
      if (this.frameBytes >= 0) at = this.cutBody(chunk, at);
    }
  }

  private cutHead(chunk: Buffer, at: number): number {
    if (this.headBytes === 0 && chunk.length - at >= 4) {
      this.begin(chunk.readInt32BE(at), chunk, at);
      return at + 4;
    }
    const copied = chunk.copy(this.head, this.headBytes, at);
    this.headBytes += copied;
    if (this.headBytes === 4) {
      this.headBytes = 0;
      this.begin(this.head.readInt32BE(0), this.head, 0);
    }
    return at + copied;
  }

  private begin(length: number, source: Buffer, at: number): void {
    if (length < 0 || length > this.maxBytes) {
      throw new FrameLengthError(length, this.maxBytes, Buffer.from(source.subarray(at, at + 4)));
    }
    this.onLength?.(length);
    this.frameBytes = length;
  }

  private cutBody(chunk: Buffer, at: number): number {
    const missing = this.frameBytes - this.gatheredBytes;
    if (chunk.length - at < missing) {
      this.gather(chunk, at, chunk.length);
      return chunk.length;
    }
    const end = at + missing;
    if (this.gatheredBytes === 0) this.handOn(chunk, at, end);
    else {
      this.gather(chunk, at, end);
      const { gathered, frameBytes } = this;
      this.gathered = NO_BYTES;
      this.gatheredBytes = 0;
      this.handOn(gathered, 0, frameBytes);
    }
    return end;
  }

  private handOn(bytes: Buffer, start: number, end: number): void {
    this.frameBytes = -1;
    if (!this.onFrame(bytes, start, end)) this.stopped = true;
  }

  private gather(chunk: Buffer, from: number, to: number): void {
    const bytes = this.gatheredBytes + to - from;
    if (bytes > this.gathered.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.frameBytes, Math.max(bytes, 4 * this.gathered.length)));
      this.gathered.copy(grown, 0, 0, this.gatheredBytes);
      this.gathered = grown;
    }
    chunk.copy(this.gathered, this.gatheredBytes, from, to);
    this.gatheredBytes = bytes;
  }
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** The same for those who want each frame as a buffer of its own. */
export class FrameCutter extends SpanCutter {
  constructor(maxBytes: number, onFrame: (frame: Buffer) => boolean) {
    super(maxBytes, (bytes, start, end) => onFrame(bytes.subarray(start, end)));
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
