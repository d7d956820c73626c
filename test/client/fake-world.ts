import type { Clock, Timer } from '../../src/io/clock.ts';
import { type Listener, type Net, NetError, type Stream, type StreamHandlers } from '../../src/io/net.ts';
import type { Random } from '../../src/io/random.ts';
import { Reader } from '../../src/jute/reader.ts';
import { Writer } from '../../src/jute/writer.ts';

/** A clock that a test moves. */
export class ManualClock implements Clock {
  private now = 0;
  private readonly timers = new Set<{ due: number; task: () => void }>();

  nowMs(): number {
    return this.now;
  }

  wallMs(): number {
    return this.now;
  }

  after(delayMs: number, task: () => void): Timer {
    const timer = { due: this.now + delayMs, task };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }

  every(periodMs: number, task: () => void): Timer {
    let cancelled = false;
    let inner: Timer;
    const turn = (): void => {
      inner = this.after(periodMs, turn);
      task();
      if (cancelled) inner.cancel();
    };
    inner = this.after(periodMs, turn);
    return {
      cancel: () => {
        cancelled = true;
        inner.cancel();
      },
    };
  }

  afterTurn(task: () => void): void {
    this.after(0, task);
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.now = due.due;
      due.task();
    }
    this.now = end;
  }
}

/** The first choice, always. */
export const firstChoice: Random = { below: () => 0, secret: (bytes: number) => new Uint8Array(bytes) };

/** What a client dialled; the test is the server behind it. */
export class FakeStream implements Stream {
  readonly remotePort: number;
  readonly remoteAddress: string;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 1;
  readonly bufferedBytes = 0;
  ended = false;
  private readonly handlers: StreamHandlers;
  private received = Buffer.alloc(0);

  constructor(host: string, port: number, handlers: StreamHandlers) {
    this.remoteAddress = host;
    this.remotePort = port;
    this.handlers = handlers;
  }

  write(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.ended = true;
  }

  // The server's side

  accept(): void {
    this.handlers.onOpen?.();
  }

  refuse(): void {
    this.handlers.onClose(new NetError('ECONNREFUSED', 'refused'));
  }

  drop(): void {
    this.handlers.onEnd?.();
  }

  /** The next frame the client sent, as a reader at its first byte; undefined when there is none. */
  take(): Reader | undefined {
    if (this.received.length < 4) return undefined;
    const length = this.received.readInt32BE(0);
    const frame = this.received.subarray(4, 4 + length);
    this.received = this.received.subarray(4 + length);
    return new Reader(frame);
  }

  send(write: (w: Writer) => void): void {
    const w = new Writer();
    const at = w.beginFrame();
    write(w);
    w.endFrame(at);
    this.handlers.onData(w.take());
  }
}

export class FakeNet implements Net {
  readonly dialled: FakeStream[] = [];

  listen(): Listener {
    throw new Error('a client does not listen');
  }

  dial(host: string, port: number, _timeoutMs: number, handlers: StreamHandlers): Stream {
    const stream = new FakeStream(host, port, handlers);
    this.dialled.push(stream);
    return stream;
  }

  get last(): FakeStream {
    const stream = this.dialled.at(-1);
    if (stream === undefined) throw new Error('nothing was dialled');
    return stream;
  }
}
