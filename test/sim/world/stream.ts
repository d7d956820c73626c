import { Fifo } from '../../../src/base/fifo.ts';
import { NetError, type Stream, type StreamHandlers } from '../../../src/io/net.ts';
import type { SimHost, SimNetwork } from './net.ts';
import type { Micros, SimEvent, SimProcess } from './scheduler.ts';

/**
 * One end of a simulated connection, and the pipe that leads away from it. Bytes never reorder; they arrive cut and
 * joined at random, and only so many are under way at once, so a reader that pauses or a host that stops is felt
 * by the writer. Bytes that a cut cable holds back come through or are lost with the connection, as the world decides.
 */

/** The most that goes out, and arrives, in one piece. */
const SEGMENT_BYTES = 16 * 1024;
/** As much as one read takes. */
const READ_BYTES = 64 * 1024;
/** After `end`, how long the other side may take to close. */
const LINGER_US = 1_000_000;

type Segment = Buffer | 'fin' | 'rst';

export class SimStream implements Stream {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;

  readonly host: SimHost;
  readonly process: SimProcess;
  /** The address that was dialled, at both ends. */
  path = '';
  /** The other end; undefined while a dial is under way. */
  peer: SimStream | undefined = undefined;
  handlers: StreamHandlers | undefined;
  /** The fate of the bytes of one `write`. */
  outgoing: ((bytes: Buffer) => Buffer) | undefined = undefined;
  /** Stops a dial that has not opened. */
  onGivenUp: (() => void) | undefined = undefined;
  private readonly network: SimNetwork;

  // What this side writes
  private unsent: Buffer[] = [];
  private unsentBytes = 0;
  private inFlight = 0;
  private flushing = false;
  private ending = false;
  private finSent = false;
  /** On the cable, oldest first, with the time each arrives. */
  private readonly cable = new Fifo<Segment>();
  private readonly arrivals = new Fifo<Micros>();
  private lastArrival: Micros = 0;
  private pumping = false;
  /** The cable is cut, or nobody is at its other end: what is on it waits. */
  private stalled = false;
  private giveUp: SimEvent | undefined = undefined;

  // What this side reads
  private inbox: Buffer[] = [];
  private inboxBytes = 0;
  private delivering = false;
  private isPaused = false;
  private finReceived = false;
  private endSeen = false;

  private open = false;
  private closed = false;

  constructor(
    network: SimNetwork,
    host: SimHost,
    process: SimProcess,
    handlers: StreamHandlers | undefined,
    local: readonly [string, number],
    remote: readonly [string, number],
  ) {
    this.network = network;
    this.host = host;
    this.process = process;
    this.handlers = handlers;
    [this.localAddress, this.localPort] = local;
    [this.remoteAddress, this.remotePort] = remote;
  }

  get bufferedBytes(): number {
    return this.unsentBytes;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  write(bytes: Buffer): void {
    if (this.closed || this.ending || bytes.length === 0) return;
    const sent = this.outgoing?.(bytes) ?? bytes;
    this.unsent.push(sent);
    this.unsentBytes += sent.length;
    if (this.unsentBytes > this.network.mostUnsentBytes) this.network.mostUnsentBytes = this.unsentBytes;
    this.scheduleFlush();
  }

  writeNow(parts: readonly Buffer[]): void {
    for (const bytes of parts) this.write(bytes);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.scheduleDelivery(0);
  }

  end(): void {
    if (this.closed || this.ending) return;
    this.ending = true;
    this.isPaused = false;
    this.scheduleFlush();
    this.scheduleDelivery(0);
  }

  destroy(): void {
    if (this.closed) return;
    if (this.peer === undefined) {
      this.onGivenUp?.();
      this.finish(undefined);
      return;
    }
    // A kernel answers for bytes nobody read with a reset; otherwise it sends what it took and then the end.
    this.depart(this.inboxBytes > 0 || this.network.random.chance(1, 4) ? 'rst' : 'fin');
    this.finish(undefined);
  }

  /** The connection is there and has its handlers. */
  opened(peer: SimStream, dialled: boolean): void {
    this.peer = peer;
    this.open = true;
    if (dialled) {
      this.own(0, () => {
        if (!this.closed) this.handlers?.onOpen?.();
      });
    }
    this.scheduleFlush();
    this.scheduleDelivery(0);
  }

  /** This end is gone with a reason: a refused dial, a reset, a peer that never answers. */
  fail(error: NetError): void {
    this.finish(error);
  }

  /** The process died. Its kernel closes the connection, unless the whole machine is gone. */
  abandon(machineGone: boolean): void {
    if (this.closed) return;
    if (!machineGone && this.peer !== undefined) {
      this.depart(this.inboxBytes > 0 || this.network.random.chance(1, 2) ? 'rst' : 'fin');
    }
    this.closed = true;
    this.forget();
  }

  /** The cable is whole again: what it held arrives after all, or the connection is reset. */
  released(lost: boolean): void {
    if (!this.stalled) return;
    this.stalled = false;
    this.giveUp?.cancel();
    this.giveUp = undefined;
    const peer = this.peer as SimStream;
    if (!lost) {
      this.lastArrival = this.network.scheduler.nowUs + this.network.delayUs(this.host, peer.host);
      this.arrivals.clear();
      for (let i = 0; i < this.cable.length; i++) this.arrivals.push(this.lastArrival);
      this.schedulePump();
      return;
    }
    this.loseCable();
    peer.arrive('rst');
    if (!this.closed) this.finish(new NetError('ECONNRESET', 'read ECONNRESET'));
  }

  // ---- the way out

  private scheduleFlush(): void {
    if (this.flushing || !this.open) return;
    this.flushing = true;
    this.own(0, this.flush);
  }

  private readonly flush = (): void => {
    this.flushing = false;
    if (this.closed) return;
    const hadBytes = this.unsentBytes > 0;
    const { windowBytes } = this.network;
    while (this.unsentBytes > 0 && this.inFlight < windowBytes) {
      const first = this.unsent[0] as Buffer;
      const room = Math.min(windowBytes - this.inFlight, SEGMENT_BYTES);
      const part = first.length <= room ? first : first.subarray(0, room);
      if (part === first) this.unsent.shift();
      else this.unsent[0] = first.subarray(room);
      this.unsentBytes -= part.length;
      this.inFlight += part.length;
      // The kernel takes a copy: a caller that changes bytes after this cannot be noticed, before this it will be.
      this.transmit(Buffer.from(part));
    }
    if (this.unsentBytes > 0) return;
    if (this.ending && !this.finSent) {
      this.finSent = true;
      this.transmit('fin');
      this.own(LINGER_US, () => this.destroy());
      this.maybeFinish();
    } else if (hadBytes) {
      this.handlers?.onDrain?.();
    }
  };

  private transmit(segment: Segment): void {
    const peer = this.peer;
    if (peer === undefined) return;
    const bytes = typeof segment === 'string' ? 0 : segment.length;
    const earliest = this.network.scheduler.nowUs + this.network.delayUs(this.host, peer.host);
    const busyUs = this.network.transferUs(this.host, peer.host, bytes);
    this.lastArrival = Math.max(this.lastArrival, earliest) + busyUs;
    this.cable.push(segment);
    this.arrivals.push(this.lastArrival);
    this.schedulePump();
  }

  private schedulePump(): void {
    const next = this.arrivals.peek();
    if (this.pumping || this.stalled || next === undefined) return;
    this.pumping = true;
    this.network.scheduler.at(next, undefined, this.pump);
  }

  private readonly pump = (): void => {
    this.pumping = false;
    const peer = this.peer as SimStream;
    if (this.network.isCut(this.host, peer.host) || this.network.isPathLost(this.path) || peer.host.isDown) {
      this.stalled = true;
      this.network.hold(this);
      this.giveUp = this.network.scheduler.after(this.network.giveUpUs, undefined, () => {
        this.loseCable();
        if (!this.closed) this.finish(new NetError('ETIMEDOUT', 'read ETIMEDOUT'));
      });
      return;
    }
    const nowUs = this.network.scheduler.nowUs;
    for (let next = this.arrivals.peek(); next !== undefined && next <= nowUs; next = this.arrivals.peek()) {
      this.arrivals.shift();
      peer.arrive(this.cable.shift() as Segment);
    }
    this.schedulePump();
  };

  private loseCable(): void {
    this.cable.clear();
    this.arrivals.clear();
  }

  /** Closing for good: what was handed to the kernel goes first. */
  private depart(last: 'fin' | 'rst'): void {
    if (this.finSent && last === 'fin') return;
    this.finSent = true;
    this.transmit(last);
  }

  // ---- the way in

  /** A segment reached this side's kernel. */
  arrive(segment: Segment): void {
    if (this.closed) {
      if (typeof segment !== 'string') this.transmit('rst');
      return;
    }
    if (segment === 'rst') {
      this.finish(new NetError('ECONNRESET', 'read ECONNRESET'));
      return;
    }
    if (segment === 'fin') this.finReceived = true;
    else {
      this.inbox.push(segment);
      this.inboxBytes += segment.length;
    }
    this.scheduleDelivery(0);
  }

  private scheduleDelivery(delay: Micros): void {
    if (this.delivering || this.isPaused || !this.open || this.closed) return;
    if (this.inboxBytes === 0 && (!this.finReceived || this.endSeen)) return;
    this.delivering = true;
    this.own(delay, this.deliver);
  }

  private readonly deliver = (): void => {
    this.delivering = false;
    if (this.closed || this.isPaused) return;
    if (this.inboxBytes > 0) {
      const chunk = this.takeFromInbox();
      this.network.scheduler.noteBytes(chunk);
      this.acknowledge(chunk.length);
      this.scheduleDelivery(this.network.random.chance(1, 8) ? this.network.random.between(1, 300) : 0);
      if (!this.ending) this.handlers?.onData(chunk);
      return;
    }
    if (!this.finReceived || this.endSeen) return;
    this.endSeen = true;
    if (!this.ending) {
      if (this.handlers?.onEnd === undefined) this.end();
      else this.handlers.onEnd();
    }
    this.maybeFinish();
  };

  /** All there is, or at random less of it, up to one read. */
  private takeFromInbox(): Buffer {
    const random = this.network.random;
    let bytes = Math.min(this.inboxBytes, READ_BYTES);
    if (bytes > 1 && random.chance(1, 6)) bytes = random.between(1, Math.min(bytes, random.chance(1, 2) ? 8 : bytes));
    this.inboxBytes -= bytes;
    const first = this.inbox[0] as Buffer;
    if (first.length === bytes) {
      this.inbox.shift();
      return first;
    }
    const taken = Buffer.allocUnsafe(bytes);
    let filled = 0;
    let used = 0;
    while (filled < bytes) {
      const piece = this.inbox[used] as Buffer;
      const part = Math.min(piece.length, bytes - filled);
      piece.copy(taken, filled, 0, part);
      filled += part;
      if (part < piece.length) this.inbox[used] = piece.subarray(part);
      else used++;
    }
    this.inbox.splice(0, used);
    return taken;
  }

  /** The window opens for the writer as the reader reads. */
  private acknowledge(bytes: number): void {
    const peer = this.peer;
    if (peer === undefined) return;
    const wasFull = peer.inFlight >= this.network.windowBytes;
    peer.inFlight -= bytes;
    if (wasFull && peer.unsentBytes > 0) peer.scheduleFlush();
  }

  // ---- the end

  private maybeFinish(): void {
    if (this.finSent && this.finReceived && this.inboxBytes === 0 && this.unsentBytes === 0) this.finish(undefined);
  }

  private finish(error: NetError | undefined): void {
    if (this.closed) return;
    this.closed = true;
    const handlers = this.handlers;
    this.forget();
    if (!this.process.isDead) this.own(0, () => handlers?.onClose(error));
  }

  private forget(): void {
    this.unsent = [];
    this.unsentBytes = 0;
    this.inbox = [];
    this.inboxBytes = 0;
    this.network.closed(this);
  }

  private own(delay: Micros, task: () => void): void {
    this.network.scheduler.after(delay, this.process, task);
  }
}
