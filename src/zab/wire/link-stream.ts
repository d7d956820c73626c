import { assert } from '../../base/assert.ts';
import { ProtocolError, protocolError } from '../../base/errors.ts';
import { Fifo } from '../../base/fifo.ts';
import type { Clock } from '../../io/clock.ts';
import type { NetError, Stream, StreamHandlers } from '../../io/net.ts';
import { Writer } from '../../jute/writer.ts';
import { LinkCounts, QueueWatch } from './link-counts.ts';
import { PacketCutter } from './packet-cutter.ts';
import type { PacketRecord } from './packet-record.ts';
import { PACKET_OVERHEAD_BYTES, type QuorumPacket, writePacket } from './packets.ts';
import type { PacketSource, RawSink, RawSource } from './sources.ts';

/**
 * One link of ZAB on one stream, for either side: packets in, packets out, and a raw snapshot in their midst.
 *
 * Outgoing is one queue. Packets wait there as objects, and the data of a proposal is shared by all links. They become
 * bytes when the stream has room, at the end of a turn; sources make theirs only then. A neighbour that does not read
 * so costs what waits in its queue, which the leader bounds, and nobody else's time.
 *
 * Incoming, packets are handed on until the consumer stops; then the stream is paused, and goes on with `resume`, or
 * with a raw snapshot first:
 *
 *   SNAP packet, snapshot bytes, "BenWasHere" as a jute string, packets
 */
export interface LinkHandlers {
  onOpen?(): void;
  /** false: no more until `resume` or `receiveRaw`. */
  onPacket(packet: QuorumPacket): boolean;
  /** Bytes of a raw snapshot came in. */
  onRawBytes?(): void;
  /** All of it, trailer included; packets go on after `resume`. */
  onRawEnd?(): void;
  /** Something was given to the link so long before it was sent, and so much still waits. */
  onWaited?(ms: number, packets: number): void;
  /** Once, and nothing after it; not when this side destroyed the link. */
  onClose(reason: string): void;
  /** Hears of each packet. */
  readonly record?: PacketRecord | undefined;
}

/** Beyond this much in the stream's own buffers nothing more is made into bytes. */
const HIGH_WATER_BYTES = 256 * 1024;
/** One turn makes so much of a source, so that others get theirs in between. */
const SLICE_BYTES = 256 * 1024;
/** Data longer than this is given to the stream as it is instead of being copied behind its header. */
const COPY_LIMIT_BYTES = 16 * 1024;

const TRAILER_TEXT = 'BenWasHere';
const TRAILER = Buffer.concat([Buffer.from([0, 0, 0, TRAILER_TEXT.length]), Buffer.from(TRAILER_TEXT, 'latin1')]);
const NO_DATA = Buffer.alloc(0);

type Item = QuorumPacket | { readonly packets: PacketSource } | { readonly raw: RawSource };

export class LinkStream implements StreamHandlers {
  private readonly clock: Clock;
  private readonly handlers: LinkHandlers;
  private readonly cutter: PacketCutter;
  private readonly w = new Writer(64 * 1024);
  private readonly queue = new Fifo<Item>();
  private readonly watch: QueueWatch | undefined;
  readonly counts: LinkCounts;
  private stream: Stream | undefined;
  private isClosed = false;
  private isFlushDue = false;
  private waitingBytes = 0;
  private writtenBytes = 0;
  /** A raw snapshot goes to this, ... */
  private sink: RawSink | undefined = undefined;
  /** ... and how much has come of the trailer; undefined until the sink has all of the snapshot. */
  private trailerBytes: number | undefined = undefined;

  /** An accepted stream is known now; one that is dialled with this object as its handlers comes by `attach`. */
  constructor(stream: Stream | undefined, clock: Clock, handlers: LinkHandlers) {
    this.stream = stream;
    this.clock = clock;
    this.handlers = handlers;
    this.counts = new LinkCounts(clock.wallMs());
    const { onWaited } = handlers;
    this.watch = onWaited && new QueueWatch(clock, (ms) => onWaited(ms, this.queue.length));
    this.cutter = new PacketCutter((packet) => {
      this.counts.packetsReceived++;
      handlers.record?.onReceived(packet.type);
      return handlers.onPacket(packet) && !this.isClosed;
    });
  }

  attach(stream: Stream): void {
    this.stream = stream;
    this.scheduleFlush();
  }

  get remoteAddress(): string {
    return `${this.stream?.remoteAddress}:${this.stream?.remotePort}`;
  }

  get remoteHost(): string {
    return this.stream?.remoteAddress ?? '';
  }

  /** Longer packets end the link. */
  get maxPacketBytes(): number {
    return this.cutter.maxPacketBytes;
  }

  set maxPacketBytes(bytes: number) {
    this.cutter.maxPacketBytes = bytes;
  }

  /** Given to this link and not yet taken by the network; what a source has not made does not count. */
  get queuedBytes(): number {
    return this.waitingBytes + this.bufferedBytes;
  }

  /** Packets, and sources of them. */
  get queuedPackets(): number {
    return this.queue.length;
  }

  /** Of a packet that has not come in whole. */
  get heldBytes(): number {
    return this.cutter.bufferedBytes;
  }

  get sentBytes(): number {
    return this.writtenBytes - this.bufferedBytes;
  }

  private get bufferedBytes(): number {
    assert(this.stream !== undefined, 'a link that is only being dialled is asked nothing');
    return this.stream.bufferedBytes;
  }

  send(packet: QuorumPacket): void {
    if (this.isClosed) return;
    this.queue.push(packet);
    this.watch?.onQueued(this.queue.length);
    this.waitingBytes += sizeOf(packet);
    this.scheduleFlush();
  }

  sendFrom(packets: PacketSource): void {
    this.queue.push({ packets });
    this.watch?.onQueued(this.queue.length);
    this.scheduleFlush();
  }

  /** The bytes of `raw` and the trailer behind them. `raw` is cancelled should the link end before. */
  sendRaw(raw: RawSource): void {
    assert(!this.isClosed, 'nobody would cancel what a closed link was given');
    this.queue.push({ raw });
    this.watch?.onQueued(this.queue.length);
    this.scheduleFlush();
  }

  /** Behind the packet that was stopped at, a raw snapshot follows: it goes to `sink`. */
  receiveRaw(sink: RawSink): void {
    this.sink = sink;
    // Not from inside this call, which the consumer makes while it handles the SNAP packet.
    this.clock.afterTurn(() => {
      this.stream?.resume();
      const rest = this.cutter.takeRest();
      if (rest.length > 0) this.onData(rest);
    });
  }

  /** Packets are taken again. */
  resume(): void {
    this.clock.afterTurn(() => {
      if (this.isClosed) return;
      this.stream?.resume();
      try {
        this.cutter.resume();
        this.pauseIfStopped();
      } catch (error) {
        this.refuse(error);
      }
    });
  }

  /** Closes at once, without a word to the handlers. */
  destroy(): void {
    if (this.isClosed) return;
    this.shut();
    this.stream?.destroy();
  }

  // StreamHandlers

  onOpen(): void {
    this.handlers.onOpen?.();
  }

  onData(chunk: Buffer): void {
    if (this.isClosed) return;
    try {
      if (this.sink === undefined) {
        this.cutter.push(chunk);
        this.pauseIfStopped();
      } else if (this.trailerBytes === undefined) {
        this.takeRaw(this.sink, chunk);
      } else {
        this.takeTrailer(this.trailerBytes, chunk);
      }
    } catch (error) {
      this.refuse(error);
    }
  }

  onEnd(): void {
    this.fail('the other side has closed the connection');
  }

  onDrain(): void {
    this.flush();
  }

  onClose(error: NetError | undefined): void {
    if (this.isClosed) return;
    this.shut();
    this.handlers.onClose(error === undefined ? 'the connection is closed' : error.message);
  }

  // Incoming.

  private pauseIfStopped(): void {
    if (this.cutter.stopped && !this.isClosed) this.stream?.pause();
  }

  private takeRaw(sink: RawSink, chunk: Buffer): void {
    this.handlers.onRawBytes?.();
    if (sink.push(chunk) && !this.isClosed) this.takeTrailer(0, sink.rest);
  }

  private takeTrailer(already: number, chunk: Buffer): void {
    const count = Math.min(chunk.length, TRAILER.length - already);
    if (TRAILER.compare(chunk, 0, count, already, already + count) !== 0) {
      throw new ProtocolError(`a snapshot that does not end with ${TRAILER_TEXT}`);
    }
    this.trailerBytes = already + count;
    if (this.trailerBytes < TRAILER.length) return;
    this.sink = undefined;
    this.trailerBytes = undefined;
    this.stream?.pause();
    this.cutter.push(chunk.subarray(count));
    this.handlers.onRawEnd?.();
  }

  private refuse(error: unknown): void {
    this.fail(protocolError(error).message);
  }

  // Outgoing.

  private scheduleFlush(): void {
    if (this.isFlushDue || this.stream === undefined) return;
    this.isFlushDue = true;
    this.clock.afterTurn(() => {
      this.isFlushDue = false;
      this.flush();
    });
  }

  private flush(): void {
    const stream = this.stream;
    if (stream === undefined || this.isClosed || this.isFlushDue) return;
    let made = 0;
    while (this.queue.length > 0 && made < SLICE_BYTES && stream.bufferedBytes + this.w.length < HIGH_WATER_BYTES) {
      const size = this.makeNext(this.queue.peek() as Item);
      if (this.isClosed) return;
      made += size;
    }
    if (this.w.length > 0) this.writeOut(stream);
    // With room left it was the slice that ended; without, onDrain goes on.
    if (this.queue.length > 0 && stream.bufferedBytes < HIGH_WATER_BYTES) this.scheduleFlush();
  }

  /** Bytes made of the queue's head; it is shifted when it is done. */
  private makeNext(item: Item): number {
    if ('packets' in item) {
      const packet = item.packets.next();
      if (packet !== undefined) return this.makePacket(packet);
      if (!this.isClosed) this.shift();
      return 0;
    }
    if ('raw' in item) {
      const bytes = item.raw.next(SLICE_BYTES);
      if (bytes === undefined && item.raw.defect !== undefined) {
        this.fail(item.raw.defect);
        return 0;
      }
      if (bytes === undefined) {
        this.shift();
        this.w.writeRaw(TRAILER);
        return TRAILER.length;
      }
      this.w.writeShared(bytes);
      return bytes.length;
    }
    this.shift();
    this.waitingBytes -= sizeOf(item);
    assert(this.waitingBytes >= 0, 'no packet leaves the queue twice');
    return this.makePacket(item);
  }

  private shift(): void {
    this.queue.shift();
    this.watch?.onTaken();
  }

  private makePacket(packet: QuorumPacket): number {
    const data = packet.data ?? NO_DATA;
    this.counts.onSent(packet.zxid);
    this.handlers.record?.onSent(packet.type);
    if (data.length <= COPY_LIMIT_BYTES || packet.authinfo !== undefined) {
      writePacket(this.w, packet);
    } else {
      this.w.writeInt(packet.type);
      this.w.writeZxid(packet.zxid);
      this.w.writeInt(data.length);
      this.w.writeShared(data);
      this.w.writeInt(-1);
    }
    return sizeOf(packet);
  }

  /** Now, and not behind what else this turn's end has to do: the other side's disk may be waiting for it. */
  private writeOut(stream: Stream): void {
    this.writtenBytes += this.w.length;
    stream.writeNow(this.w.takeParts());
  }

  // The end.

  private fail(reason: string): void {
    this.shut();
    this.stream?.destroy();
    this.handlers.onClose(reason);
  }

  private shut(): void {
    this.isClosed = true;
    if (this.stream !== undefined) this.handlers.record?.end(this.remoteAddress);
    for (let item = this.queue.shift(); item !== undefined; item = this.queue.shift()) {
      if ('raw' in item) item.raw.cancel();
    }
    this.waitingBytes = 0;
    this.sink = undefined;
  }
}

function sizeOf(packet: QuorumPacket): number {
  return PACKET_OVERHEAD_BYTES + (packet.data === undefined ? 0 : packet.data.length);
}
