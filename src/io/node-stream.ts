import type { AddressInfo, Socket } from 'node:net';
import { NetError, type Stream, type StreamHandlers, type StreamTls } from './net.ts';
import type { NodeGuard } from './node-guard.ts';

/**
 * One TCP connection, accepted or dialled. All writes within one callback of the event loop leave in one system
 * call. A callback is asked for only where something is left over, which is rare; the rest is gone already. Before the connection is open, writes wait here, so that a dial may change its mind about the address.
 *
 * `end` keeps reading, and dropping what it reads, until the other side has closed or LINGER_MS have passed. Closing
 * with unread bytes sends a reset, which takes the answer with it that the other side has not read yet. ("ruok\n" is
 * four bytes of question and one of newline.)
 */
const LINGER_MS = 1000;
/** How long a side that does not read keeps a connection open that we have ended. */
const LAST_BYTES_MS = 30_000;

export class NodeStream implements Stream {
  remoteAddress = '';
  remotePort = 0;
  localAddress = '';
  localPort = 0;
  tls: StreamTls | undefined = undefined;

  private readonly guard: NodeGuard;
  private readonly forget: (stream: NodeStream) => void;
  private handlers: StreamHandlers | undefined;
  private socket: Socket | undefined = undefined;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private flushScheduled = false;
  /** `onTaken` comes when the socket has nothing left. */
  private isTakenAwaited = false;
  private paused = false;
  private ending = false;
  private closed = false;
  private error: NetError | undefined = undefined;
  private lingerTimer: NodeJS.Timeout | undefined = undefined;
  private onGivenUp: (() => void) | undefined = undefined;

  /** `forget` is told of the end, before the handlers are. */
  constructor(guard: NodeGuard, handlers: StreamHandlers | undefined, forget: (stream: NodeStream) => void) {
    this.guard = guard;
    this.handlers = handlers;
    this.forget = forget;
  }

  /** Accepted streams learn their handlers from the listener, after it has seen the stream. */
  setHandlers(handlers: StreamHandlers): void {
    this.handlers = handlers;
  }

  /** `task` stops the dial when the caller destroys a stream that is not open yet. */
  whenGivenUp(task: () => void): void {
    this.onGivenUp = task;
  }

  /** The ends of the connection, before the stream is open. */
  takeAddresses(socket: Socket): void {
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
  }

  /** From here on the stream is this open socket. */
  attach(socket: Socket): void {
    this.socket = socket;
    this.takeAddresses(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error ??= toNetError(error);
    });
    socket.on('close', () => this.onClosed(this.error));
    socket.on('end', () => this.onEnd());
    if (this.paused) socket.pause();
    socket.on('data', this.onData);
    if (this.waiting.length > 0) this.scheduleFlush();
    if (this.ending) this.endSocket(socket);
  }

  get isOpen(): boolean {
    return this.socket !== undefined;
  }

  get bufferedBytes(): number {
    return this.waitingBytes + (this.socket?.writableLength ?? 0);
  }

  write(bytes: Buffer): void {
    if (this.closed || this.ending) return;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.socket !== undefined && !this.flushScheduled) this.scheduleFlush();
  }

  writeNow(parts: readonly Buffer[]): void {
    if (this.closed || this.ending) return;
    if (this.socket !== undefined && this.waiting.length === 0) this.give(this.socket, parts);
    else {
      for (const bytes of parts) this.write(bytes);
      this.flush();
    }
  }

  pause(): void {
    this.paused = true;
    if (!this.ending) this.socket?.pause();
  }

  resume(): void {
    this.paused = false;
    this.socket?.resume();
  }

  end(): void {
    if (this.closed || this.ending) return;
    this.ending = true;
    if (this.socket !== undefined) this.endSocket(this.socket);
  }

  destroy(): void {
    if (this.closed) return;
    if (this.socket !== undefined) {
      this.error = undefined;
      this.socket.destroy();
    } else {
      this.onGivenUp?.();
      this.fail(undefined);
    }
  }

  /** Ends a stream that never opened. */
  fail(error: NetError | undefined): void {
    process.nextTick(() => this.onClosed(error));
  }

  opened(): void {
    this.guard.run(() => this.handlers?.onOpen?.());
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.ending || this.closed || this.guard.isShut) return;
    try {
      this.handlers?.onData(chunk);
    } catch (error) {
      this.guard.failed(error);
    }
  };

  private onEnd(): void {
    if (this.ending || this.closed) return;
    if (this.handlers?.onEnd === undefined) this.end();
    else this.guard.run(() => this.handlers?.onEnd?.());
  }

  private onClosed(error: NetError | undefined): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.lingerTimer);
    this.waiting = [];
    this.waitingBytes = 0;
    this.forget(this);
    this.guard.run(() => this.handlers?.onClose(error));
  }

  private scheduleFlush(): void {
    this.flushScheduled = true;
    process.nextTick(this.onFlushDue);
  }

  private readonly onFlushDue = (): void => {
    this.flushScheduled = false;
    this.flush();
    if (this.bufferedBytes === 0) this.onTaken();
  };

  private flush(): void {
    const waiting = this.waiting;
    if (this.socket === undefined || waiting.length === 0) return;
    this.waiting = [];
    this.waitingBytes = 0;
    this.give(this.socket, waiting);
  }

  private give(socket: Socket, parts: readonly Buffer[]): void {
    if (socket.destroyed) return;
    if (parts.length === 1) socket.write(parts[0] as Buffer);
    else {
      socket.cork();
      for (const bytes of parts) socket.write(bytes);
      socket.uncork();
    }
    if (!this.isTakenAwaited && socket.writableLength > 0) this.awaitTaken(socket);
  }

  /** Behind what is left over, since the write that left it has no callback. */
  private awaitTaken(socket: Socket): void {
    this.isTakenAwaited = true;
    socket.write(NO_BYTES, this.onLeftOverTaken);
  }

  private readonly onLeftOverTaken = (error?: Error | null): void => {
    this.isTakenAwaited = false;
    const socket = this.socket;
    // Node reports a write that a broken connection took along without an error.
    if (error || socket === undefined || socket.destroyed) return;
    if (socket.writableLength > 0) this.awaitTaken(socket);
    else if (this.waiting.length === 0) this.onTaken();
  };

  private onTaken(): void {
    const socket = this.socket;
    // A write that the system refuses is told later, and looks taken until then.
    if (this.closed || this.ending || socket === undefined || socket.destroyed || socket.errored !== null) return;
    this.guard.run(() => this.handlers?.onDrain?.());
  }

  private endSocket(socket: Socket): void {
    this.flush();
    this.lingerTimer = setTimeout(() => socket.destroy(), LAST_BYTES_MS);
    socket.end(() => {
      clearTimeout(this.lingerTimer);
      if (!this.closed) this.lingerTimer = setTimeout(() => socket.destroy(), LINGER_MS);
    });
    socket.resume();
  }
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** An IPv4 client of a dual-stack socket is an IPv4 client: ACLs of scheme ip and the log name it so. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

export function toNetError(error: NodeJS.ErrnoException): NetError {
  const message = error instanceof AggregateError ? error.errors.map((each) => String(each.message)).join(', ') : '';
  return new NetError(error.code ?? 'EUNKNOWN', message === '' ? error.message : message);
}

export function portOf(address: AddressInfo | string | null): number {
  return address === null || typeof address === 'string' ? 0 : address.port;
}
