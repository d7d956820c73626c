import { ProtocolError } from '../../base/errors.ts';
import { Reader } from '../../jute/reader.ts';
import { type QuorumPacket, readPacket } from './packets.ts';

/**
 * Finds quorum packets in a stream. They come without a length before them, one jute record after the other, so the
 * length is worked out from the fields as they arrive. A packet that lies within one chunk is handed on as views into
 * it; bytes are copied only where a packet spans chunks, and then once.
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

export class PacketCutter {
  private readonly onPacket: (packet: QuorumPacket) => boolean;
  private readonly reader = new Reader();
  private chunks: Buffer[] = [];
  private buffered = 0;
  /** So many bytes have to be there before it is worth looking again. */
  private needed = TYPE_AND_ZXID_BYTES + INT_BYTES;
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
    return this.buffered;
  }

  /** Throws ProtocolError on what cannot be a packet; the cutter is of no use then. */
  push(chunk: Buffer): void {
    if (chunk.length > 0) {
      this.chunks.push(chunk);
      this.buffered += chunk.length;
    }
    this.cut();
  }

  /** What came behind the packet that was stopped at. */
  takeRest(): Buffer {
    const rest = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    this.chunks = [];
    this.buffered = 0;
    return rest;
  }

  resume(): void {
    this.isStopped = false;
    this.cut();
  }

  private cut(): void {
    while (!this.isStopped && this.buffered >= this.needed) {
      const whole = this.joinFirst(this.needed);
      const length = this.measure(whole);
      if (length > whole.length) {
        this.needed = length;
        continue;
      }
      this.needed = TYPE_AND_ZXID_BYTES + INT_BYTES;
      this.buffered -= length;
      if (length === whole.length) this.chunks.shift();
      else this.chunks[0] = whole.subarray(length);
      this.reader.reset(whole, 0, length);
      if (!this.onPacket(readPacket(this.reader))) this.isStopped = true;
    }
  }

  /**
   * Length of the packet at the start of `bytes` when all of it is there; otherwise how many bytes are needed to
   * know more, which is more than there are.
   */
  private measure(bytes: Buffer): number {
    const type = bytes.readInt32BE(0);
    if (type < 0 || type > MAX_PACKET_TYPE) throw new ProtocolError(`${type} is no type of a quorum packet`);
    const dataBytes = bytes.readInt32BE(TYPE_AND_ZXID_BYTES);
    if (dataBytes < -1 || dataBytes > MAX_PACKET_BYTES) throw new ProtocolError(`unreasonable length ${dataBytes}`);
    const authAt = TYPE_AND_ZXID_BYTES + INT_BYTES + Math.max(0, dataBytes);
    let end = authAt + INT_BYTES;
    if (end > bytes.length) return end;
    const ids = bytes.readInt32BE(authAt);
    if (ids < -1 || ids > MAX_AUTH_IDS) throw new ProtocolError(`unreasonable vector length ${ids}`);
    for (let strings = ids * 2; strings > 0; strings--) {
      if (end + INT_BYTES > bytes.length) return end + INT_BYTES;
      const length = bytes.readInt32BE(end);
      if (length < -1 || length > MAX_PACKET_BYTES) throw new ProtocolError(`unreasonable length ${length}`);
      end += INT_BYTES + Math.max(0, length);
      if (end > MAX_PACKET_BYTES * 2) throw new ProtocolError(`packet of more than ${MAX_PACKET_BYTES * 2} bytes`);
    }
    return end;
  }

  /** The first chunk, joined with as many more as it takes to hold `length` bytes. */
  private joinFirst(length: number): Buffer {
    const first = this.chunks[0] as Buffer;
    if (first.length >= length) return first;
    let count = 0;
    let bytes = 0;
    while (bytes < length) bytes += (this.chunks[count++] as Buffer).length;
    const joined = Buffer.concat(this.chunks.slice(0, count), bytes);
    this.chunks.splice(0, count, joined);
    return joined;
  }
}
