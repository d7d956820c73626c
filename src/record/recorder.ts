import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Exchange } from '../conversation/conversation.ts';
import { errorName, sessionText } from '../conversation/names.ts';
import type { Zxid } from '../jute/zxid.ts';
import type { Entry } from './entry.ts';
import { Twin } from './twin.ts';
import { type Address, type SessionKey, Upstream, type UpstreamEvents } from './upstream.ts';

/**
 * A proxy between clients and a server that tells what passes. With a second server, that one is asked the same, its answers
 * are dropped, and what differs is told. A client that connects is passed on to the next of the servers in turn.
 */
export interface RecorderOptions {
  readonly servers: readonly Address[];
  readonly against?: Address | undefined;
  /** Requests are kept whole in their entries. */
  readonly frames?: boolean | undefined;
  readonly onEntry: (entry: Entry) => void;
}

/** Clients at once; one more is turned away. */
const MAX_CONNECTIONS = 1000;
/** A second server that is slower by so many answers is left behind. */
const MAX_WAITING = 10_000;
/** Sessions of which the second server's key is remembered. */
const MAX_KEYS = 10_000;
const NO_ZXID = 0 as Zxid;
/** How long its last answers are waited for when the first server has ended the connection. */
const LATE_MS = 2000;

export class Recorder {
  private readonly options: RecorderOptions;
  private readonly server: Server;
  private readonly open = new Set<Recorded>();
  /** The keys of the second server, by the session ids of the first. */
  private readonly keys = new Map<bigint, SessionKey>();
  private count = 0;

  constructor(options: RecorderOptions) {
    this.options = options;
    this.server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.onClient(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves with the port; rejected with the system's error. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      for (const each of this.open) each.close();
    });
  }

  private onClient(socket: Socket): void {
    const number = ++this.count;
    const { servers } = this.options;
    const server = servers[number % servers.length] as Address;
    const recorded = new Recorded(number, socket, server, this.options, this.keys);
    this.open.add(recorded);
    socket.once('close', () => this.open.delete(recorded));
  }
}

class Recorded {
  private readonly number: number;
  private readonly socket: Socket;
  private readonly options: RecorderOptions;
  private readonly keys: Map<bigint, SessionKey>;
  private readonly first: Upstream;
  private readonly second: Upstream | undefined;
  private readonly twin: Twin | undefined;
  private readonly frames = new WeakMap<Exchange, string>();
  private sessionId = 0n;
  private secondKey: SessionKey | undefined = undefined;
  private waiting = 0;
  /** The client has closed its session: servers end the connection then. */
  private isLeaving = false;
  private ends = 0;
  private lateTimer: NodeJS.Timeout | undefined = undefined;

  constructor(
    number: number,
    socket: Socket,
    server: Address,
    options: RecorderOptions,
    keys: Map<bigint, SessionKey>,
  ) {
    this.number = number;
    this.socket = socket;
    this.options = options;
    this.keys = keys;
    const { against } = options;
    this.say({ kind: 'open', name: `${socket.remoteAddress}:${socket.remotePort} to ${server.host}:${server.port}` });
    this.first = new Upstream(server, this.eventsOfFirst());
    if (against !== undefined) {
      this.twin = new Twin(({ request, text }) => {
        const { name = '', path } = request ?? {};
        this.say({ kind: 'difference', name, path, fields: { difference: text } });
      });
      this.second = new Upstream(against, this.eventsOfSecond(this.twin), (id) => keys.get(id));
    }
    socket.on('data', (chunk) => {
      this.first.take(chunk);
      this.second?.take(Buffer.from(chunk));
    });
    socket.on('end', () => {
      this.first.endOfClient();
      this.second?.endOfClient();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.first.destroy();
      if (!this.isLeaving) this.second?.destroy();
    });
  }

  close(): void {
    this.socket.destroy();
    this.second?.destroy();
    clearTimeout(this.lateTimer);
  }

  private eventsOfFirst(): UpstreamEvents {
    const { socket } = this;
    return {
      onWelcome: (frame, { sessionId, timeoutMs }) => {
        this.sessionId = sessionId;
        this.learn();
        this.say({ kind: 'session', name: sessionText(sessionId), fields: { timeoutMs } });
        socket.write(frame);
      },
      onRequest: (frame, exchange) => {
        if (exchange.request.name === 'closeSession') this.isLeaving = true;
        const isSecret = exchange.request.name === 'auth' || exchange.request.name === 'sasl';
        if (this.options.frames === true && !isSecret) this.frames.set(exchange, frame.toString('base64'));
      },
      onAnswer: (frame, reply, exchange) => {
        this.twin?.answer('left', reply, exchange);
        if (exchange !== undefined) {
          const { request, askedMs } = exchange;
          this.say({
            kind: 'call',
            name: request.name,
            path: request.path,
            error: reply.err === 0 ? undefined : errorName(reply.err),
            ms: performance.now() - askedMs,
            fields: { ...request.fields, ...(reply.fields?.data === undefined ? {} : { data: reply.fields.data }) },
            frame: this.frames.get(exchange),
          });
        }
        socket.write(frame);
      },
      onEvent: (frame, event) => {
        this.twin?.event('left', event);
        this.say({ kind: 'event', name: event.name, path: event.path });
        socket.write(frame);
      },
      onPlain: (bytes) => {
        this.say({ kind: 'plain', name: `${bytes.length} bytes` });
        socket.write(bytes);
      },
      onEnd: (reason) => {
        this.say({ kind: 'close', name: reason ?? '' });
        socket.end();
        if (this.second !== undefined) this.lateTimer = setTimeout(() => this.finish(), LATE_MS);
        this.oneEnded();
      },
    };
  }

  private eventsOfSecond(twin: Twin): UpstreamEvents {
    return {
      onWelcome: (_frame, { sessionId, password }) => {
        this.secondKey = { id: sessionId, password, lastZxid: this.secondKey?.lastZxid ?? NO_ZXID };
        this.learn();
      },
      onRequest: () => {
        if (++this.waiting <= MAX_WAITING) return;
        this.second?.destroy();
        this.say({
          kind: 'difference',
          name: '',
          fields: { difference: 'the second server is too slow, and left behind' },
        });
      },
      onAnswer: (_frame, reply, exchange) => {
        this.waiting--;
        if (this.secondKey !== undefined && reply.zxid > 0) this.secondKey.lastZxid = reply.zxid;
        twin.answer('right', reply, exchange);
      },
      onEvent: (_frame, event) => twin.event('right', event),
      onPlain: () => {},
      onEnd: (reason) => {
        this.oneEnded();
        if (this.isLeaving) return;
        const text = `the second server ended the connection${reason === undefined ? '' : `: ${reason}`}`;
        this.say({ kind: 'difference', name: '', fields: { difference: text } });
      },
    };
  }

  private oneEnded(): void {
    if (++this.ends === 2) this.finish();
  }

  /** Both have said all, or one has had time enough. */
  private finish(): void {
    clearTimeout(this.lateTimer);
    this.second?.destroy();
    if (this.isLeaving) this.twin?.end();
  }

  private learn(): void {
    const { sessionId, secondKey, keys } = this;
    if (sessionId === 0n || secondKey === undefined) return;
    keys.set(sessionId, secondKey);
    // A client that has gone without a word does not come back for it after so many others.
    if (keys.size > MAX_KEYS) for (const oldest of [...keys.keys()].slice(0, 1)) keys.delete(oldest);
  }

  private say(entry: Omit<Entry, 'time' | 'connection'>): void {
    this.options.onEntry({ time: Date.now(), connection: this.number, ...entry });
  }
}
