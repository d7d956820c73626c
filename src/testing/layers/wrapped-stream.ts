import { NetError, type Stream, type StreamHandlers, type StreamTls } from '../../io/net.ts';
import type { Gate } from './gate.ts';
import { Lane } from './lane.ts';

/**
 * A stream as its owner, a peer, sees it, with a lane for each direction in between: `inbound` towards the owner,
 * `outbound` away from it. The content of a lane that is held is on its way, as packets of a network that does not
 * deliver: the end of a connection waits there too.
 */
export class WrappedStream implements Stream {
  readonly inbound: Lane;
  readonly outbound: Lane;
  protected inner!: Stream;
  private readonly gate: Gate;
  private readonly forget: (stream: WrappedStream) => void;
  private handlers: StreamHandlers | undefined = undefined;
  private isPaused = false;
  private isOver = false;

  /** `forget` is told of the end, once. */
  constructor(gate: Gate, forget: (stream: WrappedStream) => void) {
    this.gate = gate;
    this.forget = forget;
    this.inbound = new Lane(() => this.readOn());
    this.outbound = new Lane(() => this.onSent());
  }

  /** The stream below, made with `handlersOfInner`; before anything else happens. */
  around(inner: Stream): this {
    this.inner = inner;
    return this;
  }

  get remoteAddress(): string {
    return this.inner.remoteAddress;
  }

  get remotePort(): number {
    return this.inner.remotePort;
  }

  get localAddress(): string {
    return this.inner.localAddress;
  }

  get localPort(): number {
    return this.inner.localPort;
  }

  get tls(): StreamTls | undefined {
    return this.inner.tls;
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes + this.outbound.heldBytes;
  }

  write(bytes: Buffer): void {
    if (!this.isOver) this.onBytesOut(bytes);
  }

  writeNow(parts: readonly Buffer[]): void {
    for (const bytes of parts) this.write(bytes);
  }

  pause(): void {
    this.isPaused = true;
    this.inner.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.readOn();
  }

  end(): void {
    this.outbound.pass(() => this.inner.end());
  }

  destroy(): void {
    this.over(undefined);
    // The other side hears of it when it hears of anything.
    this.outbound.pass(() => this.inner.destroy());
  }

  /** Ends for both sides at once, as a connection that was reset. */
  cut(): void {
    this.inner.destroy();
    this.outbound.end();
    this.over(new NetError('ECONNRESET', 'the connection was cut'));
  }

  /** Its peer is no more, and with it what was on its way. */
  drop(): void {
    this.inbound.end();
    this.outbound.end();
    this.isOver = true;
  }

  /** The handlers for the inner stream; those of the owner come with `own`. */
  handlersOfInner(): StreamHandlers {
    return {
      onOpen: () => this.inbound.pass(() => this.tell((handlers) => handlers.onOpen?.())),
      onData: (chunk) => this.onBytesIn(chunk),
      onEnd: () => this.onEndIn(),
      onDrain: () => this.onSent(),
      onClose: (error) => {
        this.outbound.end();
        this.inbound.pass(() => this.over(error));
      },
    };
  }

  own(handlers: StreamHandlers): void {
    this.handlers = handlers;
  }

  /** Bytes that the owner wrote. */
  protected onBytesOut(bytes: Buffer): void {
    this.send(bytes);
  }

  /** Bytes that came for the owner. */
  protected onBytesIn(chunk: Buffer): void {
    this.deliver(chunk);
  }

  protected onEndIn(): void {
    this.inbound.pass(() => this.tell((handlers) => handlers.onEnd?.()));
  }

  protected send(bytes: Buffer, delayMs = 0): void {
    this.outbound.pass(() => this.inner.write(bytes), bytes.length, delayMs);
  }

  protected deliver(chunk: Buffer, delayMs = 0): void {
    this.inbound.pass(() => this.tell((handlers) => handlers.onData(chunk)), chunk.length, delayMs);
    // The sender is held up as by any reader that does not read.
    if (!this.inbound.isMoving) this.inner.pause();
  }

  protected onOver(): void {}

  private tell(task: (handlers: StreamHandlers) => void): void {
    if (this.gate.isShut) this.inner.pause();
    this.gate.run(() => {
      if (this.isOver || this.handlers === undefined) return;
      task(this.handlers);
      this.readOn();
    });
  }

  private over(error: NetError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.inbound.end();
    this.forget(this);
    this.onOver();
    // Never from inside a call of the stream's own methods.
    setImmediate(() => this.gate.run(() => this.handlers?.onClose(error)));
  }

  private readOn(): void {
    if (!this.isPaused && !this.gate.isShut && this.inbound.isMoving) this.inner.resume();
  }

  private onSent(): void {
    if (this.bufferedBytes === 0) this.tell((handlers) => handlers.onDrain?.());
  }
}

/** A dial into a network that does not answer: it opens never, and gives up when its time is over. */
export class UnreachableStream implements Stream {
  readonly remoteAddress = '';
  readonly remotePort = 0;
  readonly localAddress = '';
  readonly localPort = 0;
  readonly bufferedBytes = 0;
  private readonly handlers: StreamHandlers;
  private readonly gate: Gate;
  private readonly timer: { cancel(): void };
  private isOver = false;

  constructor(handlers: StreamHandlers, gate: Gate, after: (task: () => void) => { cancel(): void }) {
    this.handlers = handlers;
    this.gate = gate;
    this.timer = after(() => this.over(new NetError('ETIMEDOUT', 'the network does not answer')));
  }

  write(): void {}
  writeNow(): void {}
  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy();
  }

  destroy(): void {
    this.timer.cancel();
    setImmediate(() => this.gate.run(() => this.over(undefined)));
  }

  private over(error: NetError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handlers.onClose(error);
  }
}
