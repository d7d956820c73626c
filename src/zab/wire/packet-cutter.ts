import { ProtocolError } from '../../base/errors.ts';
import { Reader } from '../../jute/reader.ts';
import { type QuorumPacket, readPacket } from './packets.ts';

/**
 * Finds quorum packets in a stream. They come without a length before them, one jute record after the other, so the
 * length is worked out from the fields as they arrive. A packet that lies within one chunk is handed on as views into
 * it. Bytes are copied only where a packet spans chunks, into a buffer that doubles, so that each is worked off a
 * bounded number of times however small the chunks are.
 *
 * The consumer may stop after any packet (after a SNAP bytes of another kind follow), take what came behind it, and
 * go on later from other bytes.
 */

/**
 * The largest packet that is believed. No limit of the protocol: a transaction that was once accepted has to fit,
 * and the longest are those that close a session with a hundred thousand ephemerals. Nothing is allocated before
 * that many bytes have come.
 */
export const MAX_PACKET_BYTES = 256 * 1024 * 1024;
/** A request carries the ids its session has proved: a handful. */
const MAX_AUTH_IDS = 10_000;
/** Types above are noise (an HTTP request begins with 0x47455420); unknown ones below are for the consumer. */
const MAX_PACKET_TYPE = 255;

const TYPE_AND_ZXID_BYTES = 12;
const INT_BYTES = 4;
/** So much is first set aside for a packet that spans chunks, unless it is known to be shorter. */
const LEAST_KEPT_BYTES = 4096;
const NO_BYTES = Buffer.alloc(0);

export class PacketCutter {
  /** Longer ones are refused: as soon as their length is known, and before their bytes are kept. */
  maxPacketBytes = MAX_PACKET_BYTES;
  private readonly onPacket: (packet: QuorumPacket) => boolean;
  private readonly reader = new Reader();
  /** The bytes that came last; from `at` on they are not worked off. */
  private chunk: Buffer = NO_BYTES;
  private at = 0;
  /** The beginning of a packet that spans chunks: `keptBytes` of it, in a buffer that grows by doubling. */
  private kept: Buffer = NO_BYTES;
  private keptBytes = 0;
  private readonly measure = new PacketMeasure();
  private isStopped = false;

  /** `onPacket` returns false to stop. */
  constructor(onPacket: (packet: QuorumPacket) => boolean) {
    this.onPacket = onPacket;
  }

  get stopped(): boolean {
    return this.isStopped;
  }

  /** Bytes held back because a packet is incomplete or the consumer stopped. */
  get bufferedBytes(): number {
    return this.keptBytes + this.left;
  }

  private get left(): number {
    return this.chunk.length - this.at;
  }

  /** Throws ProtocolError on what cannot be a packet; the cutter is of no use then. */
  push(chunk: Buffer): void {
    this.chunk = this.left === 0 ? chunk : Buffer.concat([this.takeRest(), chunk]);
    this.at = 0;
    this.cut();
  }

  /** The bytes behind the packet that was stopped at. */
  takeRest(): Buffer {
    const rest = this.chunk.subarray(this.at);
    this.forgetChunk();
    return rest;
  }

  resume(): void {
    this.isStopped = false;
    this.cut();
  }

  private cut(): void {
    while (!this.isStopped && this.left > 0) {
      if (this.keptBytes === 0) this.cutHere();
      else this.cutKept();
    }
    if (this.left === 0) this.forgetChunk();
  }

  private forgetChunk(): void {
    this.chunk = NO_BYTES;
    this.at = 0;
  }

  /** A packet that begins in this chunk. */
  private cutHere(): void {
    const { chunk, at, left } = this;
    const length = this.measure.next(chunk, at, left, this.maxPacketBytes);
    if (length > left) {
      this.keep(left, length);
      return;
    }
    this.at = at + length;
    this.give(chunk, at, at + length);
  }

  /** One that began in an earlier chunk: no more than it needs is added to it. */
  private cutKept(): void {
    const length = this.measure.next(this.kept, 0, this.keptBytes, this.maxPacketBytes);
    if (length > this.keptBytes) {
      this.keep(Math.min(this.left, length - this.keptBytes), length);
      if (this.measure.next(this.kept, 0, this.keptBytes, this.maxPacketBytes) > this.keptBytes) return;
    }
    const whole = this.kept;
    const bytes = this.keptBytes;
    this.kept = NO_BYTES;
    this.keptBytes = 0;
    this.give(whole, 0, bytes);
  }

  /** Takes `count` bytes over from the chunk, for a packet that has at least `length`. */
  private keep(count: number, length: number): void {
    const bytes = this.keptBytes + count;
    if (bytes > this.kept.length) {
      const doubled = Math.max(2 * bytes, LEAST_KEPT_BYTES);
      // Among the ids every string makes it longer; before them the length is known but for those.
      const grown = Buffer.allocUnsafeSlow(
        this.measure.isAmongIds ? doubled : Math.max(bytes, Math.min(length, doubled)),
      );
      this.kept.copy(grown, 0, 0, this.keptBytes);
      this.kept = grown;
    }
    this.chunk.copy(this.kept, this.keptBytes, this.at, this.at + count);
    this.keptBytes = bytes;
    this.at += count;
  }

  private give(bytes: Buffer, start: number, end: number): void {
    this.measure.reset();
    this.reader.reset(bytes, start, end);
    if (!this.onPacket(readPacket(this.reader))) this.isStopped = true;
  }
}

/** Works out the length of a packet as its bytes come in, and never looks at the same bytes twice. */
class PacketMeasure {
  /** Where the part of the packet ends that is measured; `strings` of its ids lie behind that. */
  private end = 0;
  private strings = 0;

  get isAmongIds(): boolean {
    return this.end > 0;
  }

  reset(): void {
    this.end = 0;
    this.strings = 0;
  }

  /**
   * Length of the packet that begins at `start` of `bytes`, of which `count` are there, when all of it is. Otherwise how
   * many bytes are needed to know more, which is more than there are.
   */
  next(bytes: Buffer, start: number, count: number, limit: number): number {
    if (this.end === 0) {
      if (count < TYPE_AND_ZXID_BYTES + INT_BYTES) return TYPE_AND_ZXID_BYTES + INT_BYTES;
      const type = bytes.readInt32BE(start);
      if (type < 0 || type > MAX_PACKET_TYPE) throw new ProtocolError(`${type} is no type of a quorum packet`);
      const idsEnd = lengthAt(bytes, start + TYPE_AND_ZXID_BYTES, limit) + TYPE_AND_ZXID_BYTES + 2 * INT_BYTES;
      if (idsEnd > count) return idsEnd;
      const ids = bytes.readInt32BE(start + idsEnd - INT_BYTES);
      if (ids < -1 || ids > MAX_AUTH_IDS) throw new ProtocolError(`unreasonable vector length ${ids}`);
      this.end = idsEnd;
      this.strings = Math.max(0, ids) * 2;
    }
    for (; this.strings > 0; this.strings--) {
      if (this.end + INT_BYTES > count) return this.end + INT_BYTES;
      this.end += INT_BYTES + lengthAt(bytes, start + this.end, limit);
      if (this.end > limit) throw new ProtocolError(`packet of more than ${limit} bytes`);
    }
    return this.end;
  }
}

function lengthAt(bytes: Buffer, at: number, limit: number): number {
  const length = bytes.readInt32BE(at);
  if (length < -1 || length > limit) throw new ProtocolError(`unreasonable length ${length}`);
  return Math.max(0, length);
}
