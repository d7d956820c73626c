import { Fifo } from '../base/fifo.ts';
import type { SnapshotCut } from '../datatree/snapshot-cut.ts';
import type { Clock } from '../io/clock.ts';
import type { Stream } from '../io/net.ts';
import { Writer } from '../jute/writer.ts';
import type { PacketSource } from '../zab/leader-host.ts';
import { PACKET_OVERHEAD_BYTES, type QuorumPacket, writePacket } from '../zab/packets.ts';

/**
 * The sending half of a connection between leader and learner: packets, packets still to be made, and raw snapshots,
 * in the order given. What a turn of the loop sends goes out in one write. Sources and snapshots are drawn on only
 * while the network takes what is there, so a slow learner costs memory for what was proposed since, and no more.
 */
type Item = QuorumPacket | PacketSource | SnapshotCut;

/** Drawing on a source or snapshot pauses above this many bytes not yet taken by the network. */
const HIGH_WATER_BYTES = 1 << 20;
const SNAPSHOT_SLICE_BYTES = 64 * 1024;
/** Ends a raw snapshot on the wire, written as a jute string. */
export const SNAPSHOT_TRAILER = 'BenWasHere';

export class Link {
  private readonly stream: Stream;
  private readonly clock: Clock;
  private readonly w = new Writer(64 * 1024);
  private readonly items = new Fifo<Item>();
  private waitingBytes = 0;
  private writtenBytes = 0;
  private flushing = false;
  private closed = false;

  constructor(stream: Stream, clock: Clock) {
    this.stream = stream;
    this.clock = clock;
  }

  /** In memory on our side. */
  get queuedBytes(): number {
    return this.waitingBytes + this.w.length + this.stream.bufferedBytes;
  }

  /** Taken by the network since the beginning. */
  get sentBytes(): number {
    return this.writtenBytes - this.stream.bufferedBytes;
  }

  get remoteAddress(): string {
    return this.stream.remoteAddress;
  }

  get remotePort(): number {
    return this.stream.remotePort;
  }

  send(packet: QuorumPacket): void {
    if (this.closed) return;
    if (this.items.length === 0) {
      writePacket(this.w, packet);
    } else {
      this.items.push(packet);
      this.waitingBytes += bytesOf(packet);
    }
    this.flushAfterTurn();
  }

  sendFrom(source: PacketSource): void {
    if (this.closed) return;
    this.items.push(source);
    this.flushAfterTurn();
  }

  sendSnapshot(cut: SnapshotCut): void {
    if (this.closed) {
      cut.cancel();
      return;
    }
    this.items.push(cut);
    this.flushAfterTurn();
  }

  /** The network took everything: go on. */
  onDrain(): void {
    this.flush();
  }

  close(): void {
    if (this.closed) return;
    this.flush();
    this.abandon();
    this.stream.end();
  }

  /** Nothing more can be sent: gives up what was waiting. */
  abandon(): void {
    this.closed = true;
    for (let item = this.items.shift(); item !== undefined; item = this.items.shift()) {
      if ('cancel' in item) item.cancel();
    }
    this.waitingBytes = 0;
  }

  private flushAfterTurn(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.clock.afterTurn(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.closed) return;
    while (this.items.length > 0 && this.stream.bufferedBytes + this.w.length < HIGH_WATER_BYTES) {
      this.drawOnHead(this.items.peek() as Item);
      if (this.closed) return;
    }
    if (this.w.length === 0) return;
    const bytes = this.w.take();
    this.writtenBytes += bytes.length;
    this.stream.write(bytes);
    // A stream that took it all at once will not report that it drained.
    if (this.items.length > 0 && this.stream.bufferedBytes === 0) this.flushAfterTurn();
  }

  private drawOnHead(item: Item): void {
    if ('type' in item) {
      this.items.shift();
      this.waitingBytes -= bytesOf(item);
      writePacket(this.w, item);
      return;
    }
    if ('cancel' in item) {
      const slice = item.next(SNAPSHOT_SLICE_BYTES);
      if (slice !== undefined) {
        this.w.writeRaw(slice);
        return;
      }
      this.w.writeString(SNAPSHOT_TRAILER);
      this.items.shift();
      return;
    }
    const packet = item.next();
    if (packet !== undefined) writePacket(this.w, packet);
    else if (this.items.peek() === item) this.items.shift();
  }
}

function bytesOf(packet: QuorumPacket): number {
  return PACKET_OVERHEAD_BYTES + (packet.data?.length ?? 0);
}
