import { Fifo } from '../../../src/base/fifo.ts';
import type { Stream } from '../../../src/io/net.ts';
import {
  readConnectResponse,
  readReplyHeader,
  readWatcherEvent,
  type WatcherEvent,
  writeAuthPacket,
  writeConnectRequest,
  writeRequestHeader,
} from '../../../src/jute/client-records.ts';
import { ErrorCode, OpCode, Xid } from '../../../src/jute/codes.ts';
import { FrameCutter } from '../../../src/jute/frames.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { Violation } from '../judges/violation.ts';
import { SimClock } from '../world/clock.ts';
import { CLIENT_PORT } from '../world/machine.ts';
import type { SimHost, SimNetwork } from '../world/net.ts';
import { type Scheduler, SimProcess } from '../world/scheduler.ts';

/**
 * A client of the simulated ensemble: one session on the wire protocol, without promises. It reconnects to the next
 * server when a connection is lost, and tells about every request whether it was answered, and how.
 */
export interface Answer {
  readonly err: number;
  readonly zxid: Zxid;
  /** The record behind the header; empty with an error. */
  readonly body: Reader;
}

/** `undefined`: the connection was lost first, and nobody knows. */
export type OnAnswer = (answer: Answer | undefined) => void;

interface Pending {
  readonly xid: number;
  readonly sentMs: number;
  readonly done: OnAnswer;
}

export interface SimClientOptions {
  readonly servers: readonly string[];
  readonly timeoutMs: number;
  /** Of the ConnectRequest, asked for each connection; undefined: a client that does not know the field. */
  readonly readOnly?: () => boolean | undefined;
  /** Counts its requests from 1 on every connection, as kazoo does. */
  readonly countsAfresh?: boolean;
  readonly dialsAtOnce?: boolean;
}

const DIAL_TIMEOUT_MS = 1000;
const RECONNECT_MS = 100;
/** As long as a loop around the library takes. */
const AT_ONCE_MS = 1;

export class SimClient {
  readonly name: string;
  readonly process: SimProcess;
  sessionId = 0n;
  lastZxid: Zxid = ZXID_ZERO;
  isConnected = false;
  isExpired = false;
  /** When the latest request that was answered had been sent: the session was alive then. */
  aliveMs = 0;
  /**
   * How long it was silent between two requests that were answered, and until when: each that was longer than all
   * behind it, oldest first.
   */
  silences: { readonly ms: number; readonly untilMs: number }[] = [];
  /** Where it is, or tries to be. */
  server = '';
  /** Connections that were let in. */
  connections = 0;
  onConnected: () => void = () => {};
  onExpired: () => void = () => {};
  onEvent: (event: WatcherEvent, zxid: Zxid) => void = () => {};
  /** It says nothing, not even that it is there. */
  isDozing = false;
  /** An earlier connection that is still open. */
  private ghost: Stream | undefined;
  /** Where it goes next, whatever its list says. */
  private pinned: string | undefined;
  private knowsReadOnly = true;
  private readonly auths = new Fifo<OnAnswer>();
  private readonly clock: SimClock;
  private readonly options: SimClientOptions;
  private readonly net: ReturnType<SimNetwork['netOf']>;
  private readonly w = new Writer(4096);
  private readonly pending = new Fifo<Pending>();
  private password = Buffer.alloc(16);
  private stream: Stream | undefined;
  private nextServer: number;
  private nextXid = 1;
  private grantedMs = 0;
  private heardMs = 0;
  private closed = false;

  constructor(
    name: string,
    scheduler: Scheduler,
    network: SimNetwork,
    host: SimHost,
    options: SimClientOptions,
    first = 0,
  ) {
    this.name = name;
    this.process = new SimProcess(scheduler, name);
    this.clock = new SimClock(this.process);
    this.net = network.netOf(this.process, host);
    this.options = options;
    this.nextServer = first;
    this.clock.every(options.timeoutMs / 6, () => this.onTick());
    this.clock.after(0, () => this.dial());
  }

  /** Sends a request; `write` adds its record. Only while connected. */
  request(type: number, write: (w: Writer) => void, done: OnAnswer, xid = this.nextXid++): number {
    const stream = this.stream;
    if (stream === undefined || !this.isConnected) {
      done(undefined);
      return xid;
    }
    const at = this.w.beginFrame();
    writeRequestHeader(this.w, xid, type);
    write(this.w);
    this.w.endFrame(at);
    this.pending.push({ xid, sentMs: this.clock.nowMs(), done });
    stream.write(this.w.take());
    return xid;
  }

  /** An auth packet; its answer overtakes those of requests that are under way. */
  auth(scheme: string, credentials: string, done: OnAnswer): void {
    const { stream } = this;
    if (stream === undefined || !this.isConnected) return;
    this.auths.push(done);
    const at = this.w.beginFrame();
    writeRequestHeader(this.w, Xid.auth, OpCode.auth);
    writeAuthPacket(this.w, { type: 0, scheme, auth: Buffer.from(credentials) });
    this.w.endFrame(at);
    stream.write(this.w.take());
  }

  /** Bytes that may be no frame at all. */
  raw(bytes: Buffer): void {
    this.stream?.write(bytes);
  }

  /** Nothing more is said on this connection; what comes is read until the other side closes, too. */
  halfClose(): void {
    this.stream?.end();
  }

  /** Nothing is taken from the connection for so long. */
  stopReading(ms: number): void {
    const { stream } = this;
    stream?.pause();
    this.clock.after(ms, () => {
      if (stream === this.stream) stream?.resume();
    });
  }

  /** Goes to another server, that one if it is named, and leaves its connection to this one as it is. */
  move(server?: string): void {
    this.pinned = server;
    this.leaveGhost();
    this.ghost = this.stream;
    this.onLost(0);
  }

  /** On the connection it moved away from, if that is still open; nobody waits for an answer. */
  haunt(type: number, write: (w: Writer) => void): number {
    const xid = this.nextXid++;
    const at = this.w.beginFrame();
    writeRequestHeader(this.w, xid, type);
    write(this.w);
    this.w.endFrame(at);
    const bytes = this.w.take();
    if (this.ghost !== undefined) this.ghost.write(bytes);
    return xid;
  }

  leaveGhost(): void {
    this.ghost?.destroy();
    this.ghost = undefined;
  }

  get hasGhost(): boolean {
    return this.ghost !== undefined;
  }

  get timeoutMs(): number {
    return this.grantedMs;
  }

  get isClosing(): boolean {
    return this.closed;
  }

  /** Requests under way. */
  get depth(): number {
    return this.pending.length;
  }

  /** Closes the session. */
  close(done: OnAnswer): number {
    this.closed = true;
    return this.request(OpCode.closeSession, () => {}, done);
  }

  /** Drops the connection; the session goes on with another server. */
  drop(): void {
    this.stream?.destroy();
    this.onLost();
  }

  /** The client dies with its connection; the session is left to expire. */
  kill(): void {
    this.process.kill();
  }

  private dial(): void {
    if (this.closed || this.isExpired) return;
    const server = this.pinned ?? (this.options.servers[this.nextServer++ % this.options.servers.length] as string);
    this.pinned = undefined;
    this.server = server;
    const readOnly = this.options.readOnly === undefined ? false : this.options.readOnly();
    this.knowsReadOnly = readOnly !== undefined;
    const cutter = new FrameCutter(64 << 20, (frame) => {
      if (stream === this.stream) this.onFrame(frame);
      else this.onGhostFrame(frame);
      return true;
    });
    const stream = this.net.dial(server, CLIENT_PORT, DIAL_TIMEOUT_MS, {
      onOpen: () => {
        if (stream !== this.stream) return;
        const at = this.w.beginFrame();
        writeConnectRequest(this.w, {
          protocolVersion: 0,
          lastZxidSeen: this.lastZxid,
          timeoutMs: this.options.timeoutMs,
          sessionId: this.sessionId,
          password: this.password,
          readOnly,
        });
        this.w.endFrame(at);
        stream.write(this.w.take());
      },
      onData: (chunk) => {
        if (stream === this.stream || stream === this.ghost) cutter.push(chunk);
      },
      onEnd: () => {
        if (stream !== this.stream) return;
        stream.destroy();
        this.onLost();
      },
      onClose: () => {
        if (stream === this.stream) this.onLost();
      },
    });
    this.stream = stream;
    this.heardMs = this.clock.nowMs();
  }

  private onLost(reconnectMs = this.options.dialsAtOnce === true ? AT_ONCE_MS : RECONNECT_MS): void {
    this.stream = undefined;
    this.isConnected = false;
    this.auths.clear();
    for (let left = this.pending.shift(); left !== undefined; left = this.pending.shift()) left.done(undefined);
    if (!this.closed && !this.isExpired) this.clock.after(reconnectMs, () => this.dial());
  }

  private onTick(): void {
    if (this.stream === undefined || this.isDozing) return;
    const silentMs = this.clock.nowMs() - this.heardMs;
    // As the Java client: all servers are to be tried within the time that its session has.
    const patienceMs = this.isConnected ? this.grantedMs : this.grantedMs / this.options.servers.length;
    if (silentMs > Math.max(patienceMs, DIAL_TIMEOUT_MS * 2) * 0.67) {
      this.drop();
      return;
    }
    if (this.isConnected)
      this.request(
        OpCode.ping,
        () => {},
        () => {},
        Xid.ping,
      );
  }

  /** Nobody waits for it; but a client that reads this takes its session for lost. */
  private onGhostFrame(frame: Buffer): void {
    const { err } = readReplyHeader(new Reader(frame));
    if (err !== ErrorCode.sessionMoved) return;
    throw new Violation('SessionsLive', `${this.name} is told on its old connection that its session moved`);
  }

  private onFrame(frame: Buffer): void {
    this.heardMs = this.clock.nowMs();
    const r = new Reader(frame);
    if (!this.isConnected) {
      this.onConnectResponse(r);
      return;
    }
    const header = readReplyHeader(r);
    if (header.xid === Xid.notification) {
      this.onEvent(readWatcherEvent(r), header.zxid);
      return;
    }
    if (header.xid === Xid.auth) {
      this.auths.shift()?.({ err: header.err, zxid: header.zxid, body: r });
      return;
    }
    if (header.zxid > this.lastZxid) this.lastZxid = header.zxid;
    const head = this.pending.shift();
    if (head === undefined || head.xid !== header.xid) {
      throw new Error(`${this.name}: reply ${header.xid} where ${head?.xid} was due`);
    }
    this.noteSilence(head.sentMs - this.aliveMs, head.sentMs);
    this.aliveMs = head.sentMs;
    head.done({ err: header.err, zxid: header.zxid, body: r });
  }

  private noteSilence(ms: number, untilMs: number): void {
    const left = this.silences.filter((each) => each.ms > ms && untilMs - each.untilMs <= this.grantedMs * 4);
    this.silences = [...left, { ms, untilMs }];
  }

  private onConnectResponse(r: Reader): void {
    const response = readConnectResponse(r);
    if ((response.readOnly !== undefined) !== this.knowsReadOnly || r.remaining > 0) {
      throw new Violation('Scenario', `${this.name}: a ConnectResponse of another length than the client knows`);
    }
    if (response.timeoutMs <= 0) {
      this.isExpired = true;
      this.stream?.destroy();
      this.onLost();
      this.onExpired();
      return;
    }
    this.sessionId = response.sessionId;
    this.password = Buffer.from(response.password);
    this.grantedMs = response.timeoutMs;
    this.aliveMs = this.heardMs;
    this.connections++;
    if (this.options.countsAfresh === true) this.nextXid = 1;
    this.isConnected = true;
    this.onConnected();
  }
}
