import { Fifo } from '../../src/base/fifo.ts';
import type { Stream } from '../../src/io/net.ts';
import {
  readConnectResponse,
  readReplyHeader,
  readWatcherEvent,
  type WatcherEvent,
  writeConnectRequest,
  writeRequestHeader,
} from '../../src/jute/client-records.ts';
import { OpCode, Xid } from '../../src/jute/codes.ts';
import { FrameCutter } from '../../src/jute/frames.ts';
import { Reader } from '../../src/jute/reader.ts';
import { Writer } from '../../src/jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import { SimClock } from './clock.ts';
import { CLIENT_PORT } from './machine.ts';
import type { SimHost, SimNetwork } from './net.ts';
import { type Scheduler, SimProcess } from './scheduler.ts';

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
}

const DIAL_TIMEOUT_MS = 1000;
const RECONNECT_MS = 100;

export class SimClient {
  readonly name: string;
  readonly process: SimProcess;
  sessionId = 0n;
  lastZxid: Zxid = ZXID_ZERO;
  isConnected = false;
  isExpired = false;
  /** When the latest request that was answered had been sent: the session was alive then. */
  aliveMs = 0;
  /** Connections that were let in. */
  connections = 0;
  onConnected: () => void = () => {};
  onExpired: () => void = () => {};
  onEvent: (event: WatcherEvent, zxid: Zxid) => void = () => {};
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
    const server = this.options.servers[this.nextServer++ % this.options.servers.length] as string;
    const cutter = new FrameCutter(64 << 20, (frame) => {
      this.onFrame(frame);
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
          readOnly: false,
        });
        this.w.endFrame(at);
        stream.write(this.w.take());
      },
      onData: (chunk) => {
        if (stream === this.stream) cutter.push(chunk);
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

  private onLost(): void {
    this.stream = undefined;
    this.isConnected = false;
    for (let left = this.pending.shift(); left !== undefined; left = this.pending.shift()) left.done(undefined);
    if (!this.closed && !this.isExpired) this.clock.after(RECONNECT_MS, () => this.dial());
  }

  private onTick(): void {
    if (this.stream === undefined) return;
    const silentMs = this.clock.nowMs() - this.heardMs;
    if (silentMs > Math.max(this.grantedMs, DIAL_TIMEOUT_MS * 2) * 0.67) {
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
    if (header.zxid > this.lastZxid) this.lastZxid = header.zxid;
    const head = this.pending.shift();
    if (head === undefined || head.xid !== header.xid) {
      throw new Error(`${this.name}: reply ${header.xid} where ${head?.xid} was due`);
    }
    this.aliveMs = head.sentMs;
    head.done({ err: header.err, zxid: header.zxid, body: r });
  }

  private onConnectResponse(r: Reader): void {
    const response = readConnectResponse(r);
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
    this.isConnected = true;
    this.onConnected();
  }
}
