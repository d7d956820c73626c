import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import type { Log } from '../base/log.ts';
import {
  type Listener,
  type ListenHandlers,
  type ListenOptions,
  type Net,
  NetError,
  type Stream,
  type StreamHandlers,
  type StreamTls,
} from './net.ts';
import type { NodeGuard } from './node-guard.ts';
import { type Lookup, NodeResolver, type ResolvedAddress } from './node-resolver.ts';
import type { GiveUp, SocketDoor } from './node-socket-door.ts';
import { NodeStream, portOf, toNetError } from './node-stream.ts';

/**
 * TCP on node:net. Every connection has TCP_NODELAY, since callers gather a turn's bytes themselves, and may be
 * half-open: those who send four-letter words close their side before they read.
 */
export interface NodeNetOptions {
  readonly guard: NodeGuard;
  readonly log: Log;
  readonly lookup?: Lookup;
}

/** How long a dial waits for the resolver before it tries the address it used to be told. */
const KNOWN_ADDRESS_AFTER_MS = 100;
const ACCEPT_FAILURE_LOG_MS = 10_000;
const DRAIN_MS = 1000;

export class NodeNet implements Net {
  private readonly guard: NodeGuard;
  private readonly log: Log;
  private readonly resolver: NodeResolver;
  private readonly listeners = new Set<NodeListener>();
  private readonly streams = new Set<NodeStream>();
  /** Bound before anyone listens there, by port. */
  private readonly reserved = new Map<number, Server>();
  private onDrained: (() => void) | undefined = undefined;

  constructor(options: NodeNetOptions) {
    this.guard = options.guard;
    this.log = options.log;
    this.resolver = new NodeResolver(options.lookup);
  }

  /**
   * Binds a port of `host`, a free one unless it is named, for a later `listen` on it. A peer that has to tell others
   * its port before it starts would otherwise pick one and hope. Connections that come before that are dropped.
   */
  reserve(host: string, done: (error: NetError | undefined, port: number) => void, wanted = 0): void {
    const server = newServer(false);
    server.on('connection', dropUnclaimed);
    server.once('error', (error: NodeJS.ErrnoException) => this.guard.run(() => done(toNetError(error), 0)));
    server.listen({ host, port: wanted, exclusive: true }, () => {
      const port = portOf(server.address());
      server.removeAllListeners('error');
      this.reserved.set(port, server);
      this.guard.run(() => done(undefined, port));
    });
  }

  /** The same net, with a door in front of its streams: only what the door admits is open. */
  through(door: SocketDoor): Net {
    return {
      listen: (options, handlers) => this.listen(options, handlers, door),
      dial: (host, port, timeoutMs, handlers) => this.dial(host, port, timeoutMs, handlers, door),
    };
  }

  listen(options: ListenOptions, handlers: ListenHandlers, door?: SocketDoor): Listener {
    const claimed = this.reserved.get(options.port);
    this.reserved.delete(options.port);
    const server = claimed ?? newServer(options.keepAlive === true);
    const listener = new NodeListener(server, options.port, this.listeners);
    let lastFailureMs = Number.NEGATIVE_INFINITY;
    const onListening = (): void => {
      if (listener.closed) {
        // It was closed while the name of its host was being looked up.
        server.close();
        return;
      }
      listener.listening = true;
      listener.port = portOf(server.address());
      this.guard.run(() => handlers.onListening(listener.port));
    };
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (listener.closed) return;
      if (!listener.listening) {
        this.guard.run(() => handlers.onError(toNetError(error)));
        return;
      }
      // Out of file descriptors, most likely: that connection is lost, the listener is not.
      const nowMs = performance.now();
      if (nowMs - lastFailureMs < ACCEPT_FAILURE_LOG_MS) return;
      lastFailureMs = nowMs;
      this.log.error({ port: listener.port, code: error.code }, 'could not accept a connection');
    });
    server.off('connection', dropUnclaimed);
    server.on('connection', (socket: Socket) => this.onConnection(socket, handlers, door));
    if (claimed !== undefined) {
      process.nextTick(onListening);
      return listener;
    }
    server.on('listening', onListening);
    const backlog = options.backlog === undefined ? {} : { backlog: options.backlog };
    this.whereToBind(options.host, (error, host) => {
      if (listener.closed) return;
      if (error !== undefined) this.guard.run(() => handlers.onError(error));
      else server.listen({ port: options.port, exclusive: true, ...(host === undefined ? {} : { host }), ...backlog });
    });
    return listener;
  }

  /**
   * Java takes the first IPv4 address of a name, wherever it stands among them, for binding and for dialling. Bound in
   * the resolver's order, a server of two families would be where Apache's servers do not look for it.
   */
  private whereToBind(host: string | undefined, done: (error: NetError | undefined, host?: string) => void): void {
    if (host === undefined) {
      done(undefined);
      return;
    }
    this.resolver.resolve(host, (error, addresses) => {
      done(error, (addresses.find(({ family }) => family === 4) ?? addresses[0])?.address);
    });
  }

  dial(host: string, port: number, timeoutMs: number, handlers: StreamHandlers, door?: SocketDoor): Stream {
    const stream = this.newStream(handlers);
    new Dial(stream, this.resolver, { host, port }, door).start(timeoutMs);
    return stream;
  }

  /** Closes everything that is open, without a word to those who opened it. */
  shut(): void {
    this.closeListeners();
    for (const stream of [...this.streams]) stream.destroy();
  }

  /** The same, but what was written goes out first, as far as the other sides take it within DRAIN_MS. */
  drain(done: () => void): void {
    this.closeListeners();
    const finish = (): void => {
      clearTimeout(timer);
      this.onDrained = undefined;
      this.shut();
      done();
    };
    const timer = setTimeout(finish, DRAIN_MS);
    this.onDrained = finish;
    for (const stream of [...this.streams]) {
      if (stream.isOpen) stream.end();
      else stream.destroy();
    }
    if (this.streams.size === 0) finish();
  }

  private closeListeners(): void {
    for (const server of this.reserved.values()) server.close();
    this.reserved.clear();
    for (const listener of [...this.listeners]) listener.close();
  }

  private newStream(handlers: StreamHandlers | undefined): NodeStream {
    const stream = new NodeStream(this.guard, handlers, (closed) => {
      this.streams.delete(closed);
      if (this.streams.size === 0) this.onDrained?.();
    });
    this.streams.add(stream);
    return stream;
  }

  private onConnection(socket: Socket, handlers: ListenHandlers, door: SocketDoor | undefined): void {
    if (this.guard.isShut) {
      socket.destroy();
      return;
    }
    const stream = this.newStream(undefined);
    if (door === undefined) stream.attach(socket);
    else this.admit(stream, socket, door);
    this.guard.run(() => {
      const streamHandlers = handlers.onStream(stream);
      if (streamHandlers === undefined) stream.destroy();
      else stream.setHandlers(streamHandlers);
    });
  }

  /** Counted and bounded as a stream from the start, by whoever accepts it: half a handshake is no way around a limit. */
  private admit(stream: NodeStream, socket: Socket, door: SocketDoor): void {
    stream.takeAddresses(socket);
    const giveUp = door.admit(socket, (error, admitted, tls) => {
      if (error !== undefined) {
        stream.fail(error);
        return;
      }
      stream.tls = tls;
      stream.attach(admitted);
      // A door that looked at the first bytes has stopped the socket.
      stream.resume();
      stream.opened();
    });
    stream.whenGivenUp(giveUp);
  }
}

function newServer(keepAlive: boolean): Server {
  return createServer({ allowHalfOpen: true, noDelay: true, keepAlive });
}

function dropUnclaimed(socket: Socket): void {
  socket.destroy();
}

class NodeListener implements Listener {
  private readonly server: Server;
  private readonly listeners: Set<NodeListener>;
  port: number;
  listening = false;
  closed = false;

  constructor(server: Server, port: number, listeners: Set<NodeListener>) {
    this.server = server;
    this.port = port;
    this.listeners = listeners;
    listeners.add(this);
  }

  close(): void {
    this.closed = true;
    this.listeners.delete(this);
    this.server.close();
  }
}

/**
 * One attempt to connect. It starts with what the resolver says; when that takes longer than a moment, with the
 * address known from before; and changes over when the late answer turns out to be another one.
 */
class Dial {
  private readonly stream: NodeStream;
  private readonly resolver: NodeResolver;
  private readonly host: string;
  private readonly port: number;
  private readonly door: SocketDoor | undefined;
  private greeting: GiveUp | undefined = undefined;
  private socket: Socket | undefined = undefined;
  private tried: readonly ResolvedAddress[] = [];
  private limit: NodeJS.Timeout | undefined = undefined;
  private fallback: NodeJS.Timeout | undefined = undefined;
  private over = false;

  constructor(
    stream: NodeStream,
    resolver: NodeResolver,
    { host, port }: { readonly host: string; readonly port: number },
    door: SocketDoor | undefined,
  ) {
    this.stream = stream;
    this.resolver = resolver;
    this.host = host;
    this.port = port;
    this.door = door;
  }

  start(timeoutMs: number): void {
    this.stream.whenGivenUp(() => this.finish());
    this.limit = setTimeout(() => {
      this.fail(new NetError('ETIMEDOUT', `no connection to ${this.host}:${this.port} within ${timeoutMs} ms`));
    }, timeoutMs);
    const known = this.resolver.known(this.host);
    if (known !== undefined) this.fallback = setTimeout(() => this.tryKnown(known), KNOWN_ADDRESS_AFTER_MS);
    this.resolver.resolve(this.host, (error, addresses) => {
      clearTimeout(this.fallback);
      if (this.over) return;
      if (error === undefined) this.tryAddresses(addresses);
      else if (known !== undefined) this.tryKnown(known);
      else this.fail(error);
    });
  }

  private tryKnown(addresses: readonly ResolvedAddress[]): void {
    if (!this.over && this.socket === undefined) this.tryAddresses(addresses);
  }

  private tryAddresses(addresses: readonly ResolvedAddress[]): void {
    if (this.socket !== undefined) {
      if (sameAddresses(addresses, this.tried)) return;
      this.greeting?.();
      this.socket.destroy();
    }
    this.tried = addresses;
    const socket = netConnect({
      host: this.host,
      port: this.port,
      noDelay: true,
      keepAlive: true,
      allowHalfOpen: true,
      autoSelectFamily: addresses.length > 1,
      lookup: (_host, options, done) => {
        const first = addresses[0] as ResolvedAddress;
        if (options.all === true) done(null, [...addresses]);
        else done(null, first.address, first.family);
      },
    });
    this.socket = socket;
    const onError = (error: NodeJS.ErrnoException): void => {
      if (socket === this.socket) this.fail(toNetError(error));
    };
    socket.on('error', onError);
    socket.once('connect', () => {
      if (socket !== this.socket) return;
      if (this.door === undefined) {
        socket.off('error', onError);
        this.open(socket, undefined);
        return;
      }
      this.greeting = this.door.greet(socket, this.host, (error, greeted, tls) => {
        if (socket !== this.socket) return;
        socket.off('error', onError);
        if (error !== undefined) this.fail(error);
        else this.open(greeted, tls);
      });
    });
  }

  private open(socket: Socket, tls: StreamTls | undefined): void {
    this.greeting = undefined;
    this.socket = undefined;
    this.finish();
    this.stream.tls = tls;
    this.stream.attach(socket);
    this.stream.opened();
  }

  private fail(error: NetError): void {
    this.finish();
    this.stream.fail(error);
  }

  private finish(): void {
    this.over = true;
    clearTimeout(this.limit);
    clearTimeout(this.fallback);
    this.greeting?.();
    this.socket?.destroy();
    this.socket = undefined;
  }
}

function sameAddresses(a: readonly ResolvedAddress[], b: readonly ResolvedAddress[]): boolean {
  return a.length === b.length && a.every((each) => b.some((other) => other.address === each.address));
}
