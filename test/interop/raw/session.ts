// One socket, one session, raw frames: what the judge speaks to a server. Nothing is retried, reconnected or hidden;
// a closed connection is an answer too.
import { connect, type Socket } from 'node:net';
import { Bytes, encode, frame } from './jute.ts';
import {
  connectRequest,
  connectResponse,
  decodeResponse,
  encodeMulti,
  encodeRequest,
  type OpName,
  op,
  type Part,
  type RequestOf,
  replyHeader,
  requestHeader,
  type requestShape,
  watcherEvent,
} from './records.ts';

export interface Handshake {
  readonly host?: string;
  readonly port: number;
  readonly timeoutMs?: number;
  readonly sessionId?: bigint;
  readonly passwd?: Buffer | null;
  readonly lastZxidSeen?: bigint;
  /** Absent: the connect request ends before the read-only flag, as clients up to 3.3 send it. */
  readonly readOnly?: boolean | undefined;
  /** The connection is given up if there is no answer by then; absent: waits for as long as the server does. */
  readonly giveUpMs?: number;
}

export interface Granted {
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly passwd: Buffer;
  readonly bytes: Buffer;
}

export interface WatchEvent {
  readonly zxid: bigint;
  readonly type: number;
  readonly state: number;
  readonly path: string | null;
}

export interface Reply {
  readonly xid: number;
  readonly zxid: bigint;
  readonly err: number;
  readonly body: Buffer;
  /** The notifications that came since the reply before this one. */
  readonly events: WatchEvent[];
}

export type Answer = Reply | 'closed';

export class RawSession {
  readonly socket: Socket;
  granted: Granted | null = null;
  /** Notifications not yet handed out with a reply. */
  events: WatchEvent[] = [];
  closed = false;
  /** The newest zxid a reply has named. */
  lastZxid = 0n;
  private nextXid = 1;
  private received = Buffer.alloc(0);
  private readonly frames: Buffer[] = [];
  private readonly waiting: ((frame: Buffer | null) => void)[] = [];
  private readonly onClosed: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      for (const give of this.waiting.splice(0)) give(null);
      for (const tell of this.onClosed.splice(0)) tell();
    });
  }

  static async dial(port: number, host = '127.0.0.1'): Promise<RawSession> {
    const socket = connect({ port, host });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawSession(socket);
  }

  /** Dials and shakes hands; a server that closes without an answer leaves `granted` null. */
  static async open(handshake: Handshake): Promise<RawSession> {
    const session = await RawSession.dial(handshake.port, handshake.host);
    const { timeoutMs = 30_000, sessionId = 0n, passwd = Buffer.alloc(16), lastZxidSeen = 0n } = handshake;
    const readOnly = 'readOnly' in handshake ? handshake.readOnly : false;
    const fixed = encode(connectRequest, { protocolVersion: 0, lastZxidSeen, timeOut: timeoutMs, sessionId, passwd });
    const body = readOnly === undefined ? fixed : Buffer.concat([fixed, Buffer.from([readOnly ? 1 : 0])]);
    session.write(frame(body));
    const late = handshake.giveUpMs === undefined ? undefined : setTimeout(() => session.abandon(), handshake.giveUpMs);
    const bytes = await session.nextFrame();
    clearTimeout(late);
    if (bytes !== null) {
      const response = new Bytes(bytes).read(connectResponse);
      session.granted = {
        timeoutMs: response.timeOut,
        sessionId: response.sessionId,
        passwd: response.passwd ?? Buffer.alloc(0),
        bytes,
      };
    }
    return session;
  }

  get sessionId(): bigint {
    if (this.granted === null) throw new Error('no session was granted');
    return this.granted.sessionId;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  private onData(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 4) {
      const length = this.received.readInt32BE();
      if (this.received.length < 4 + length) return;
      const body = this.received.subarray(4, 4 + length);
      this.received = this.received.subarray(4 + length);
      const give = this.waiting.shift();
      if (give === undefined) this.frames.push(body);
      else give(body);
    }
  }

  /** The next frame of any kind, or null once the connection is closed. */
  nextFrame(): Promise<Buffer | null> {
    const ready = this.frames.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.closed) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  whenClosed(): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.onClosed.push(resolve);
    });
  }

  /** The next reply that is not a notification; those are gathered in `events`. */
  async nextReply(): Promise<Answer> {
    for (;;) {
      const bytes = await this.nextFrame();
      if (bytes === null) return 'closed';
      const reader = new Bytes(bytes);
      const header = reader.read(replyHeader);
      const body = reader.take(reader.left);
      if (header.zxid > this.lastZxid) this.lastZxid = header.zxid;
      if (header.xid !== -1) return { ...header, body, events: this.events.splice(0) };
      this.events.push({ zxid: header.zxid, ...new Bytes(body).read(watcherEvent) });
    }
  }

  takeXid(): number {
    return this.nextXid++;
  }

  sendRaw(xid: number, type: number, body: Buffer): void {
    this.write(frame(Buffer.concat([encode(requestHeader, { xid, type }), body])));
  }

  async callRaw(type: number, body: Buffer, xid = this.takeXid()): Promise<Answer> {
    this.sendRaw(xid, type, body);
    return this.nextReply();
  }

  callNamed<N extends keyof typeof requestShape>(name: N, fields: RequestOf<N>): Promise<Answer> {
    return this.callRaw(op[name], encodeRequest(name, fields), specialXid[name] ?? this.takeXid());
  }

  /** A call that must succeed; its decoded body. */
  async call<N extends keyof typeof requestShape, V = unknown>(name: N, fields: RequestOf<N>): Promise<V> {
    return this.succeed<V>(name, await this.callNamed(name, fields));
  }

  async multi<V = unknown>(parts: readonly Part[], name: 'multi' | 'multiRead' = 'multi'): Promise<V> {
    return this.succeed<V>(name, await this.callRaw(op[name], encodeMulti(parts)));
  }

  private succeed<V>(name: OpName, answer: Answer): V {
    if (answer === 'closed') throw new Error(`${name}: the connection was closed`);
    this.events.push(...answer.events);
    if (answer.err !== 0) throw new RawError(name, answer.err);
    return decodeResponse(name, answer.body) as V;
  }

  async ping(): Promise<Answer> {
    return this.callRaw(op.ping, Buffer.alloc(0), -2);
  }

  /** Ends the session; the server closes the connection after its reply. */
  async close(): Promise<void> {
    if (this.closed) return;
    await this.callRaw(op.closeSession, Buffer.alloc(0));
    this.socket.end();
    await this.whenClosed();
  }

  /** Leaves without a word; the session lives on until it expires. */
  abandon(): void {
    this.socket.destroy();
  }
}

const specialXid: { readonly [name in OpName]?: number } = {
  ping: -2,
  auth: -4,
  setWatches: -8,
  setWatches2: -8,
};

export class RawError extends Error {
  readonly code: number;

  constructor(name: string, code: number) {
    super(`${name} was answered ${code}`);
    this.code = code;
  }
}
