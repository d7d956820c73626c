import { NetError, type Stream, type StreamHandlers } from '../../io/net.ts';

/**
 * A stream between servers with a login at its begin. To its owner it is open at once: what the owner writes waits until
 * the login is over, and what the other side sends behind it comes then. On an election port one message goes in front.
 */
export interface LoginSide {
  /** Bytes of the other side, all that were not taken. Says how many are taken, and what comes of it. */
  onBytes(bytes: Buffer): LoginStep;
  /** The other side ends here; may what it sent be passed on without a login? */
  readonly isOptional: boolean;
}

export type LoginStep = { readonly taken: number; readonly send?: Buffer } & (
  | { readonly next: 'wait' | 'open' }
  | { readonly next: 'fail'; readonly reason: string }
);

export interface AuthStreamOptions {
  /** How many of these bytes are the message in front of the login; undefined: more are needed to tell. */
  readonly front: (bytes: Buffer) => number | undefined;
  /** The front is written by this side, as by whoever dials; otherwise it comes from the other one. */
  readonly isDialled: boolean;
  readonly side: LoginSide;
  /** Runs it in another turn. */
  readonly later: (call: () => void) => void;
  readonly onOver: (fault: string | undefined) => void;
}

/** Held until the login is over. */
const HELD_BYTES_MAX = 1024 * 1024;
const NO_BYTES = Buffer.alloc(0);

export class AuthStream implements Stream {
  readonly innerHandlers: StreamHandlers;
  private readonly options: AuthStreamOptions;
  private inner: Stream | undefined = undefined;
  private first: Buffer | undefined = undefined;
  private owner: StreamHandlers | undefined = undefined;
  private phase: 'front' | 'login' | 'open' | 'failed' = 'front';
  /** Of the other side, not taken yet. */
  private received: Buffer = NO_BYTES;
  /** A front that came and waits for the login. */
  private front: Buffer = NO_BYTES;
  private held: Buffer = NO_BYTES;
  private isPaused = false;
  private isOpened: boolean;
  private isEndAsked = false;
  private isDestroyed = false;
  private fault: NetError | undefined = undefined;

  constructor(options: AuthStreamOptions) {
    this.options = options;
    this.isOpened = !options.isDialled;
    this.innerHandlers = {
      onOpen: () => this.onOpen(),
      onData: (chunk) => this.onData(chunk),
      onEnd: () => this.onEnd(),
      onDrain: () => this.owner?.onDrain?.(),
      onClose: (error) => this.onClose(error),
    };
  }

  attach(inner: Stream): void {
    this.inner = inner;
  }

  /** The first packet of this side, where it is the one to begin; before `attach`. */
  begin(first: Buffer): void {
    this.first = first;
  }

  /** Nothing is to be attached any more. */
  get isOver(): boolean {
    return this.isDestroyed || this.phase === 'failed';
  }

  /** There is nothing to log in with, and nothing was dialled. */
  refuse(reason: string): void {
    if (this.isOver || this.inner !== undefined) return;
    this.fail(reason);
    this.options.later(() => this.onClose(undefined));
  }

  own(owner: StreamHandlers): void {
    this.owner = owner;
  }

  /** It took too long. Nothing happens when it is over already. */
  expire(): void {
    if (this.phase !== 'open' && this.phase !== 'failed') this.fail('the login took too long');
  }

  private onOpen(): void {
    this.isOpened = true;
    this.owner?.onOpen?.();
    // Where nothing goes in front the login begins at once.
    if (this.phase === 'front' && this.options.isDialled) this.passFront();
  }

  private onData(chunk: Buffer): void {
    if (this.phase === 'failed') return;
    if (this.phase === 'open' && this.received.length === 0) {
      this.owner?.onData(chunk);
      return;
    }
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    if (this.phase === 'open') return;
    if (this.received.length > HELD_BYTES_MAX) this.fail('too many bytes in front of the end of the login');
    else this.goOn();
  }

  private goOn(): void {
    if (this.phase === 'front' && !this.options.isDialled) this.takeFront();
    while (this.phase === 'login') {
      const step = this.options.side.onBytes(this.received);
      this.received = this.received.subarray(step.taken);
      if (step.send !== undefined) this.inner?.write(step.send);
      if (step.next === 'open') this.open();
      else if (step.next === 'fail') this.fail(step.reason);
      else if (step.taken === 0) return;
    }
  }

  private takeFront(): void {
    const length = this.options.front(this.received);
    if (length === undefined || length > this.received.length) return;
    this.front = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    this.phase = 'login';
  }

  /** Of what the owner has written the front goes out, and the login behind it. */
  private passFront(): void {
    if (this.inner === undefined) return;
    const length = this.options.front(this.held);
    if (length === undefined || length > this.held.length) return;
    if (length > 0) this.inner.write(this.held.subarray(0, length));
    this.held = this.held.subarray(length);
    this.phase = 'login';
    if (this.first !== undefined) this.inner.write(this.first);
  }

  private open(): void {
    this.phase = 'open';
    this.options.onOver(undefined);
    const { held } = this;
    this.held = NO_BYTES;
    if (held.length > 0) this.inner?.write(held);
    if (this.isEndAsked) this.inner?.end();
    this.received = Buffer.concat([this.front, this.received]);
    this.front = NO_BYTES;
    if (this.isPaused) this.inner?.pause();
    else this.deliver();
  }

  private deliver(): void {
    if (this.phase !== 'open' || this.isPaused || this.isDestroyed) return;
    const { received } = this;
    this.received = NO_BYTES;
    if (received.length > 0) this.owner?.onData(received);
  }

  private fail(reason: string): void {
    this.phase = 'failed';
    this.fault = new NetError('EAUTH', reason);
    this.received = NO_BYTES;
    this.held = NO_BYTES;
    this.options.onOver(reason);
    // The last packet tells the other side that it failed.
    this.inner?.end();
  }

  private onEnd(): void {
    if (this.phase === 'failed') return;
    if (this.phase !== 'open' && !this.endWithoutLogin()) return;
    if (!this.isDestroyed) this.owner?.onEnd?.();
  }

  private onClose(error: NetError | undefined): void {
    // One that could not be reached, or that its owner gave up, is no failed login.
    if (this.isOpened && !this.isDestroyed && this.phase !== 'open' && this.phase !== 'failed') this.endWithoutLogin();
    this.owner?.onClose(this.fault ?? error);
  }

  /** It went away before it logged in. One that need not may have said all it had to say. */
  private endWithoutLogin(): boolean {
    if (this.options.side.isOptional && this.phase === 'login') {
      this.open();
      return true;
    }
    this.fail('the other server closed the connection before it logged in');
    return false;
  }

  // As a stream

  get remoteAddress(): string {
    return this.inner?.remoteAddress ?? '';
  }

  get remotePort(): number {
    return this.inner?.remotePort ?? 0;
  }

  get localAddress(): string {
    return this.inner?.localAddress ?? '';
  }

  get localPort(): number {
    return this.inner?.localPort ?? 0;
  }

  get bufferedBytes(): number {
    return this.held.length + (this.inner?.bufferedBytes ?? 0);
  }

  write(bytes: Buffer): void {
    if (this.phase === 'open') {
      this.inner?.write(bytes);
      return;
    }
    if (this.phase === 'failed') return;
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
    if (this.phase === 'front' && this.options.isDialled) this.passFront();
  }

  writeNow(parts: readonly Buffer[]): void {
    if (this.phase === 'open') this.inner?.writeNow(parts);
    else for (const part of parts) this.write(part);
  }

  pause(): void {
    this.isPaused = true;
    if (this.phase === 'open') this.inner?.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (this.phase !== 'open') return;
    this.inner?.resume();
    if (this.received.length > 0) this.options.later(() => this.deliver());
  }

  end(): void {
    if (this.phase === 'open') this.inner?.end();
    else this.isEndAsked = true;
  }

  destroy(): void {
    if (this.inner === undefined && !this.isOver) this.options.later(() => this.onClose(undefined));
    this.isDestroyed = true;
    this.inner?.destroy();
  }
}
