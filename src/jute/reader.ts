import { ProtocolError } from '../base/errors.ts';
import { asciiString } from './known-strings.ts';
import { ZXID_NONE, ZXID_OBSERVER, type Zxid } from './zxid.ts';

/**
 * Reads jute's binary archive: big-endian, no tags, lengths as ints, -1 for null. One Reader is re-pointed from
 * frame to frame. Everything out of bounds or out of range is a ProtocolError; code that reads from a
 * disk turns that into a refusal that names file and offset.
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

  /** Throws TruncatedError when fewer bytes are left: what is read of them does not throw it. */
  expect(bytes: number): void {
    if (bytes > this.remaining) throw shortBy(bytes - this.remaining);
  }

  readByte(): number {
    const at = this.take(1);
    return this.buffer[at] as number;
  }

  readBool(): boolean {
    return this.readByte() !== 0;
  }

  readInt(): number {
    return int32At(this.buffer, this.take(4));
  }

  /** A long for values that use all 64 bits: session ids, digests, node checksums. */
  readLong(): bigint {
    const at = this.take(8);
    const high = int32At(this.buffer, at);
    const low = int32At(this.buffer, at + 4);
    // Of most nodes and many requests: a bigint is an object.
    if (high === 0 && low === 0) return 0n;
    scratch.setInt32(0, high);
    scratch.setInt32(4, low);
    return scratch.getBigInt64(0);
  }

  /** A long that is a count or a time and must fit a double exactly. */
  readSafeLong(what: string): number {
    const at = this.take(8);
    const value = int32At(this.buffer, at) * 0x100000000 + (int32At(this.buffer, at + 4) >>> 0);
    if (!Number.isSafeInteger(value))
      throw new ProtocolError(`${what} out of range: ${this.buffer.readBigInt64BE(at)}`);
    return value;
  }

  /** A zxid, or one of the two sentinels. */
  readZxid(): Zxid {
    const at = this.take(8);
    const high = int32At(this.buffer, at);
    const low = int32At(this.buffer, at + 4) >>> 0;
    // Judged by its halves: as doubles, neighbours of -(2^63) are the same number.
    if (high >= 0 && high <= MAX_SAFE_HIGH) return (high * 0x100000000 + low) as Zxid;
    if (high === -1 && low === 0xffffffff) return ZXID_NONE;
    if (high === -0x80000000 && low === 0) return ZXID_OBSERVER;
    throw new ProtocolError(`zxid out of range: 0x${BigInt.asUintN(64, this.buffer.readBigInt64BE(at)).toString(16)}`);
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

  /** As readBuffer or readString, without the value. */
  skipBuffer(): void {
    const length = this.readInt();
    if (length === -1) return;
    if (length < 0) throw new ProtocolError(`unreasonable length ${length}`);
    this.take(length);
  }

  /** Bytes that are no UTF-8 become replacement characters, as many as Java's decoder makes of them. */
  readString(): string | undefined {
    const length = this.readInt();
    if (length === -1) return undefined;
    if (length < 0) throw new ProtocolError(`unreasonable length ${length}`);
    const at = this.take(length);
    let hash = 0;
    for (let i = at; i < at + length; i++) {
      const byte = this.buffer[i] as number;
      if (byte > 0x7f) return decodeAsJava(this.buffer.subarray(at, at + length));
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return asciiString(this.buffer, at, at + length, hash);
  }

  /** Passes over a string and tells where its bytes begin in `bytes`; -1 for null. They end at `position`. */
  skipString(): number {
    const length = this.readInt();
    if (length === -1) return -1;
    if (length < 0) throw new ProtocolError(`unreasonable length ${length}`);
    return this.take(length);
  }

  /** The buffer that is read from. */
  get bytes(): Buffer {
    return this.buffer;
  }

  /** A string that the protocol's own records never leave null. */
  readRequiredString(what: string): string {
    const value = this.readString();
    if (value === undefined) throw new ProtocolError(`${what} is null`);
    return value;
  }

  /**
   * Length of a vector; -1 for null, and any other negative number is an empty one, as Apache's loop takes it.
   * Truncated when the bytes that follow cannot hold that many items.
   */
  readVectorLength(minItemBytes: number): number {
    const length = this.readInt();
    if (length < -1) return 0;
    const missing = length * minItemBytes - this.remaining;
    if (missing > 0) throw shortBy(missing);
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

/** High half of the largest long that a double holds exactly, 2^53 - 1. */
const MAX_SAFE_HIGH = 0x1fffff;

/**
 * UTF-8 with Java's count of replacement characters. It differs from that of Node in one case: half a surrogate pair,
 * encoded by itself, is one malformed character in Java and two or three in Node. The Java client writes every
 * character beyond the BMP as two such halves.
 */
function decodeAsJava(bytes: Buffer): string {
  let text = '';
  let start = 0;
  for (let i = 0; i + 1 < bytes.length; i++) {
    if (bytes[i] !== 0xed || (bytes[i + 1] as number) < 0xa0 || (bytes[i + 1] as number) > 0xbf) continue;
    text += `${bytes.toString('utf8', start, i)}\ufffd`;
    const third = bytes[i + 2];
    start = third !== undefined && (third & 0xc0) === 0x80 ? i + 3 : i + 2;
    i = start - 1;
  }
  return text + bytes.toString('utf8', start);
}

/** The quickest way to a bigint from two halves. */
const scratch = new DataView(new ArrayBuffer(8));

/** The number that Buffer.readInt32BE reads; `take` has made its checks already. */
function int32At(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
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
