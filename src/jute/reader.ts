import { ProtocolError } from '../base/errors.ts';
import { ZXID_NONE, ZXID_OBSERVER, type Zxid } from './zxid.ts';

/**
 * Reads jute's binary archive: big-endian, no tags, lengths as ints, -1 for null. One Reader is re-pointed from
 * frame to frame. Everything out of bounds or out of range is a ProtocolError; whoever reads from a disk turns
 * that into a refusal that names file and offset.
 */
export class Reader {
  private buffer: Buffer;
  private offset: number;
  private limit: number;

  constructor(buffer: Buffer = Buffer.alloc(0), start = 0, end: number = buffer.length) {
    this.buffer = buffer;
    this.offset = start;
    this.limit = end;
  }

  /** Points this reader at bytes [start, end) of `buffer`. */
  reset(buffer: Buffer, start = 0, end: number = buffer.length): void {
    this.buffer = buffer;
    this.offset = start;
    this.limit = end;
  }

  /** Offset of the next byte in the buffer. */
  get position(): number {
    return this.offset;
  }

  set position(offset: number) {
    if (offset < 0 || offset > this.limit) throw shortBy(offset - this.limit);
    this.offset = offset;
  }

  get remaining(): number {
    return this.limit - this.offset;
  }

  readByte(): number {
    const at = this.take(1);
    return this.buffer[at] as number;
  }

  readBool(): boolean {
    return this.readByte() !== 0;
  }

  readInt(): number {
    const at = this.take(4);
    return this.buffer.readInt32BE(at);
  }

  /** For values that use all 64 bits: session ids, digests, node checksums. */
  readLong(): bigint {
    const at = this.take(8);
    return this.buffer.readBigInt64BE(at);
  }

  /** A long that is a count or a time and must fit a double exactly. */
  readSafeLong(what: string): number {
    const at = this.take(8);
    const value = this.buffer.readInt32BE(at) * 0x100000000 + this.buffer.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value))
      throw new ProtocolError(`${what} out of range: ${this.buffer.readBigInt64BE(at)}`);
    return value;
  }

  /** A zxid, or one of the two sentinels. */
  readZxid(): Zxid {
    const at = this.take(8);
    const value = this.buffer.readInt32BE(at) * 0x100000000 + this.buffer.readUInt32BE(at + 4);
    if (value >= 0 ? !Number.isSafeInteger(value) : value !== ZXID_NONE && value !== ZXID_OBSERVER) {
      throw new ProtocolError(
        `zxid out of range: 0x${BigInt.asUintN(64, this.buffer.readBigInt64BE(at)).toString(16)}`,
      );
    }
    return value as Zxid;
  }

  /**
   * The bytes, not copied: a view into the frame, valid as long as the frame is. undefined for null.
   * Negative lengths other than -1 are refused, as Apache does.
   */
  readBuffer(): Buffer | undefined {
    const length = this.readInt();
    if (length === -1) return undefined;
    if (length < 0) throw new ProtocolError(`unreasonable length ${length}`);
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  readString(): string | undefined {
    const length = this.readInt();
    if (length === -1) return undefined;
    if (length < 0) throw new ProtocolError(`unreasonable length ${length}`);
    const at = this.take(length);
    // latin1 is the quicker path and exact for ASCII, which paths nearly always are.
    for (let i = at; i < at + length; i++) {
      if ((this.buffer[i] as number) > 0x7f) return this.buffer.toString('utf8', at, at + length);
    }
    return this.buffer.toString('latin1', at, at + length);
  }

  /** A string that the protocol's own records never leave null. */
  readRequiredString(what: string): string {
    const value = this.readString();
    if (value === undefined) throw new ProtocolError(`${what} is null`);
    return value;
  }

  /** Length of a vector; -1 for null. Refused when the bytes that follow cannot hold that many items. */
  readVectorLength(minItemBytes: number): number {
    const length = this.readInt();
    if (length < -1 || length * minItemBytes > this.remaining)
      throw new ProtocolError(`unreasonable vector length ${length}`);
    return length;
  }

  readStrings(): string[] | undefined {
    const length = this.readVectorLength(4);
    if (length === -1) return undefined;
    const strings: string[] = [];
    for (let i = 0; i < length; i++) strings.push(this.readString() ?? '');
    return strings;
  }

  /** All that is left, as a view. */
  readRest(): Buffer {
    const at = this.take(this.remaining);
    return this.buffer.subarray(at, this.limit);
  }

  private take(length: number): number {
    const at = this.offset;
    if (length > this.limit - at) throw shortBy(length - (this.limit - at));
    this.offset = at + length;
    return at;
  }
}

function shortBy(bytes: number): ProtocolError {
  return new TruncatedError(bytes);
}

/** The record runs past the bytes at hand: for a stream parser "wait for more", for a whole frame an error. */
export class TruncatedError extends ProtocolError {
  /** The least number of bytes that has to follow before reading again can get further. */
  readonly missing: number;

  constructor(missing: number) {
    super(`record ends ${missing} bytes early`);
    this.missing = missing;
  }
}
