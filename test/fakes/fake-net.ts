import {
  type Listener,
  type ListenHandlers,
  type ListenOptions,
  type Net,
  NetError,
  type Stream,
  type StreamHandlers,
} from '../../src/io/net.ts';
import { FakeStream } from './fake-stream.ts';

interface Bound {
  readonly host: string;
  readonly handlers: ListenHandlers;
}

/**
 * One machine's network. A port is had once, and by whom it was asked for first; an answer to `listen` comes with
 * `settle`. A stream that is dialled stays as it is until the test, which is the other end, takes or refuses it.
 */
export class FakeNet implements Net {
  readonly bound = new Map<number, Bound>();
  readonly dialled: FakeStream[] = [];
  private readonly asked: (() => void)[] = [];
  private readonly use: 'listen' | 'dial';
  private nextPort = 50_001;

  /** The code under test does one of the two; the other one is its fault. */
  constructor(use: 'listen' | 'dial') {
    this.use = use;
  }

  listen({ host = 'any', port }: ListenOptions, handlers: ListenHandlers): Listener {
    if (this.use !== 'listen') throw new Error('nobody listens here');
    const mine = { host, handlers };
    let isClosed = false;
    this.asked.push(() => {
      if (isClosed) return;
      if (host === 'elsewhere') handlers.onError(new NetError('EADDRNOTAVAIL', 'not available'));
      else if (this.bound.has(port)) handlers.onError(new NetError('EADDRINUSE', 'in use'));
      else {
        this.bound.set(port, mine);
        handlers.onListening(port);
      }
    });
    const close = (): void => {
      isClosed = true;
      if (this.bound.get(port) === mine) this.bound.delete(port);
    };
    return { port, close };
  }

  dial(host: string, port: number, _timeoutMs: number, handlers: StreamHandlers): Stream {
    if (this.use !== 'dial') throw new Error('nobody is dialled here');
    const stream = new FakeStream(host, port, handlers);
    this.dialled.push(stream);
    return stream;
  }

  /** Everything that was asked for until now, and what that leads to: the ports that are had, as `host:port`. */
  settle(): string {
    for (let each = this.asked.shift(); each !== undefined; each = this.asked.shift()) each();
    return [...this.bound].map(([port, { host }]) => `${host}:${port}`).join(' ');
  }

  /** Another process has the port. */
  occupy(port: number): void {
    const nobody = { onListening() {}, onError() {}, onStream: () => undefined };
    this.bound.set(port, { host: 'another process', handlers: nobody });
  }

  /** Somebody connects from `address`; the stream is destroyed when it is not let in. */
  connect(port: number, address: string): FakeStream {
    const stream = new FakeStream(address, this.nextPort++);
    stream.handlers = this.bound.get(port)?.handlers.onStream(stream);
    if (stream.handlers === undefined) stream.destroy();
    return stream;
  }

  /** The stream that was dialled last. */
  get last(): FakeStream {
    const stream = this.dialled.at(-1);
    if (stream === undefined) throw new Error('nothing was dialled');
    return stream;
  }
}
