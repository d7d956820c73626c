import { messageOf, ProtocolError, protocolError } from '../../base/errors.ts';
import type { Timer } from '../../io/clock.ts';
import type { NetError, Stream } from '../../io/net.ts';
import {
  readConnectResponse,
  readReplyHeader,
  readWatcherEvent,
  type SetWatches,
  writeAuthPacket,
  writeConnectRequest,
  writeSetWatches,
} from '../../jute/client-records.ts';
import { ErrorCode, OpCode, Xid } from '../../jute/codes.ts';
import { FrameCutter } from '../../jute/frames.ts';
import { Reader } from '../../jute/reader.ts';
import { Writer } from '../../jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { SaslClientExchange } from '../../sasl/sasl-exchange.ts';
import type { ServerAddress } from '../connect-string.ts';
import { ZooKeeperError } from '../errors.ts';
import { type Call, CallQueue } from './call-queue.ts';
import { ClientLogin } from './client-login.ts';
import { encodeFrame, withXid } from './encode-frame.ts';
import { Identities } from './identities.ts';
import { ReadWriteSearch } from './read-write-search.ts';
import { ServerList } from './server-list.ts';
import type { LoginFault, SessionEvents, SessionOptions, SessionState } from './session-options.ts';
import { codeOfState, isOver } from './session-states.ts';

export const NO_PASSWORD: Buffer = Buffer.alloc(16);

const MAX_PING_INTERVAL_MS = 10_000;

/**
 * A follower passes on each half tick which sessions it heard of, and a session lasts two ticks at least: the leader hears of a
 * ping a quarter of the timeout late at most. Two thirds are below the three quarters that are left.
 */
const CERTAIN_SHARE = 2 / 3;

/**
 * A session, as its client holds it: connected to one server at a time, moved to another when that one is lost, kept
 * alive by pings, gone when a server says so. Follows ClientCnxn, with one difference: a request that was never sent
 * waits for the next connection, up to a session timeout, instead of failing with each attempt. A request that was sent
 * and not answered fails with connectionLoss, because nobody knows whether it was carried out.
 */
export class ClientSession {
  private readonly options: SessionOptions;
  private readonly events: SessionEvents;
  private readonly servers: ServerList;
  private readonly writer = new Writer();
  private readonly reader = new Reader();
  /** host:port of the latest attempt. */
  private dialled = '';
  private host = '';

  private currentState: SessionState = 'connecting';
  private stream: Stream | undefined = undefined;
  /** Counts connections, so that what belongs to an earlier one is recognised. */
  private connection = 0;
  private cutter: FrameCutter;
  /** The session is granted, and the login is over where there is one. */
  private greeted = false;
  private login: ClientLogin | undefined = undefined;
  private retryTimer: Timer | undefined = undefined;
  private liveTimer: Timer | undefined = undefined;

  private id: bigint;
  private secret: Buffer;
  /** A server cut off from its quorum grants sessions that no other server knows. */
  private sessionIsGlobal: boolean;
  private negotiatedMs = 0;
  private isReadOnly = false;
  private seenZxid: Zxid = ZXID_ZERO;
  private readonly calls: CallQueue;
  private readonly identities = new Identities((packet) =>
    this.sendRequest(Xid.auth, OpCode.auth, (w) => writeAuthPacket(w, packet)),
  );
  private setWatchesToAnswer = 0;
  private closing = false;
  private lastHeardMs = 0;
  private greetingSentMs = 0;
  private pingSentMs = 0;
  /** A server has heard of the session at that time, or later: the sending time of what it answered last. */
  private provenMs = 0;
  private search: ReadWriteSearch | undefined = undefined;
  private lastSentMs = 0;

  constructor(options: SessionOptions, events: SessionEvents) {
    this.options = options;
    this.events = events;
    this.servers = new ServerList(options.servers, options.random);
    this.id = options.sessionId;
    this.secret = options.password;
    this.sessionIsGlobal = options.sessionId !== 0n;
    this.cutter = this.newCutter();
    this.calls = new CallQueue(options.pendingLimits);
  }

  start(): void {
    this.lastHeardMs = this.options.clock.nowMs();
    this.dial();
  }

  get state(): SessionState {
    return this.currentState;
  }

  get sessionId(): bigint {
    return this.id;
  }

  get password(): Buffer {
    return this.secret;
  }

  /** The timeout that the server granted; 0 until it did. */
  get sessionTimeoutMs(): number {
    return this.negotiatedMs;
  }

  get lastZxid(): Zxid {
    return this.seenZxid;
  }

  /** The address of the server connected to, for logs; "" without a connection. */
  get server(): string {
    return this.greeted && this.stream !== undefined ? `${this.stream.remoteAddress}:${this.stream.remotePort}` : '';
  }

  /** For how long, from now, no server can have ended this session; 0 when that cannot be said. */
  get certainForMs(): number {
    if (this.isOver) return 0;
    return Math.max(this.provenMs + (this.negotiatedMs * CERTAIN_SHARE - this.options.clock.nowMs()), 0);
  }

  /** Requests that wait for their answers, or to be sent. */
  get pending(): CallQueue {
    return this.calls;
  }

  /**
   * Encodes at once: the caller may reuse its buffers. An error from `write` is thrown on, and nothing is sent. Returns what
   * goes out, for `submitAgain`; undefined when the call has failed already.
   */
  submit(type: number, write: (w: Writer) => void, call: Call): Buffer | undefined {
    if (this.isOver || this.closing) {
      call.onFailure(new ZooKeeperError(codeOfState(this.currentState)), false);
      return undefined;
    }
    const frame = encodeFrame(this.writer, this.calls.takeXid(), type, write);
    const refused = this.refusalOf(frame.length);
    if (refused !== undefined) {
      call.onFailure(refused, false);
      return undefined;
    }
    this.sendOrHold(frame, call);
    return frame;
  }

  /** A request that may have been carried out, once more. */
  submitAgain(frame: Buffer, call: Call): void {
    if (this.isOver || this.closing) call.onFailure(new ZooKeeperError(codeOfState(this.currentState)), false);
    else this.sendOrHold(withXid(frame, this.calls.takeXid()), call);
  }

  /** Adds an identity to this session, and to every connection it will have. */
  addAuth(scheme: string, auth: Buffer | undefined, call: Call): void {
    if (this.isOver) {
      call.onFailure(new ZooKeeperError(codeOfState(this.currentState)), false);
      return;
    }
    this.identities.add({ type: 0, scheme, auth }, call, this.greeted);
  }

  /** Ends the session at the server when there is a connection, and here in any case. */
  close(done: () => void): void {
    if (this.isOver || !this.greeted) {
      if (!this.isOver) this.end('closed');
      done();
      return;
    }
    const over = (): void => {
      this.end('closed');
      done();
    };
    const last: Call = { isGivenUp: false, onReply: over, onFailure: over };
    this.sendOrHold(
      encodeFrame(this.writer, this.calls.takeXid(), OpCode.closeSession, () => {}),
      last,
    );
    this.closing = true;
  }

  private sendOrHold(frame: Buffer, call: Call): void {
    const xid = frame.readInt32BE(4);
    const nowMs = this.options.clock.nowMs();
    if (!this.greeted) {
      this.calls.hold(xid, frame, call, nowMs);
      return;
    }
    this.calls.onSent(xid, call, frame.length, nowMs);
    this.send(frame);
  }

  private refusalOf(bytes: number): ZooKeeperError | undefined {
    const { maxRequestBytes } = this.options;
    if (bytes - 4 > maxRequestBytes) {
      const text = `a request of ${bytes - 4} bytes: servers take ${maxRequestBytes} (jute.maxbuffer there, juteMaxBuffer here)`;
      return new ZooKeeperError(ErrorCode.badArguments, undefined, text);
    }
    const crowd = this.calls.refusal(bytes);
    return crowd === undefined ? undefined : new ZooKeeperError(ErrorCode.throttledOp, undefined, crowd);
  }

  private get isOver(): boolean {
    return isOver(this.currentState);
  }

  // Connecting

  private dial(): void {
    const server = this.servers.take();
    this.dialled = `${server.host}:${server.port}`;
    this.host = server.host;
    const connection = ++this.connection;
    this.login = undefined;
    this.cutter = this.newCutter();
    const timeoutMs = Math.max(Math.floor(this.sessionTimeout / this.servers.size), 1);
    this.stream = this.options.net.dial(server.host, server.port, timeoutMs, {
      onOpen: () => {
        if (connection === this.connection) this.onOpen(timeoutMs);
      },
      onData: (chunk) => {
        if (connection === this.connection) this.onData(chunk);
      },
      onEnd: () => {
        if (connection === this.connection) this.disconnect('the server closed the connection');
      },
      onClose: (error) => {
        if (connection === this.connection) this.onClosed(error);
      },
    });
  }

  private onOpen(timeoutMs: number): void {
    const { clock, readOnly, sessionTimeoutMs } = this.options;
    this.lastHeardMs = clock.nowMs();
    this.liveTimer = clock.after(timeoutMs, () => this.disconnect('the server did not answer'));
    this.greetingSentMs = this.lastHeardMs;
    const at = this.writer.beginFrame();
    writeConnectRequest(this.writer, {
      protocolVersion: 0,
      lastZxidSeen: this.seenZxid,
      timeoutMs: sessionTimeoutMs,
      sessionId: this.sessionIsGlobal ? this.id : 0n,
      password: this.sessionIsGlobal ? this.secret : NO_PASSWORD,
      readOnly,
    });
    this.writer.endFrame(at);
    this.send(this.writer.take());
  }

  private onGreeting(r: Reader): void {
    const response = readConnectResponse(r);
    if (response.timeoutMs <= 0) {
      this.end('expired');
      return;
    }
    this.id = response.sessionId;
    this.secret = Buffer.from(response.password);
    if (response.readOnly !== true) this.sessionIsGlobal = true;
    this.negotiatedMs = response.timeoutMs;
    this.isReadOnly = response.readOnly === true;
    if (this.options.login === undefined) {
      this.onServed();
      return;
    }
    const { connection, host } = this;
    this.options.login({ host, address: this.stream?.remoteAddress ?? '' }, (begun) => {
      if (connection !== this.connection) return;
      if ('fault' in begun) this.onLoginFault(begun);
      else this.beginLogin(begun);
    });
  }

  private beginLogin(exchange: SaslClientExchange): void {
    this.login = new ClientLogin(exchange, (token) =>
      this.sendRequest(this.calls.takeXid(), OpCode.sasl, (w) => w.writeBuffer(token)),
    );
    this.login.begin();
  }

  /** A KDC that is away comes back: the next connection tries again. */
  private onLoginFault({ fault, isLasting }: LoginFault): void {
    if (!isLasting) {
      this.disconnect(fault);
      return;
    }
    this.events.onAttemptFailed(this.dialled, fault);
    this.end('authFailed');
  }

  private onLoginReply(login: ClientLogin, r: Reader): void {
    const header = readReplyHeader(r);
    if (header.xid === Xid.notification) return;
    const outcome = login.onReply(header, r);
    if (outcome === undefined) return;
    if (outcome === 'done') {
      this.onServed();
      return;
    }
    this.events.onAttemptFailed(this.dialled, outcome);
    this.end('authFailed');
  }

  private onServed(): void {
    this.liveTimer?.cancel();
    this.greeted = true;
    this.servers.onServed();
    const everyMs = Math.max(Math.floor(this.negotiatedMs / 9), 1);
    this.liveTimer = this.options.clock.every(everyMs, () => this.onLiveTimer());
    this.identities.proveAll();
    this.setWatchesToAnswer = 0;
    for (const watches of this.events.watchesToRestore(this.seenZxid)) this.sendSetWatches(watches);
    const nowMs = this.options.clock.nowMs();
    this.provenMs = this.greetingSentMs;
    if (this.isReadOnly) this.searchReadWrite();
    for (let frame = this.calls.takeUnsent(nowMs); frame !== undefined; frame = this.calls.takeUnsent(nowMs)) {
      this.send(frame);
    }
    this.setState(this.isReadOnly ? 'connectedReadOnly' : 'connected');
  }

  private searchReadWrite(): void {
    const { servers, clock, net } = this.options;
    const onFound = (server: ServerAddress): void => {
      this.servers.preferNext(server);
      this.disconnect('a server with a quorum was found');
    };
    this.search = new ReadWriteSearch({ servers, clock, net, onFound });
  }

  /** A third of the session timeout is left for finding another server when this one is silent. */
  private onLiveTimer(): void {
    const nowMs = this.options.clock.nowMs();
    if (nowMs - this.lastHeardMs > (this.negotiatedMs * 2) / 3) this.disconnect('the server is silent');
    else if (nowMs - this.lastSentMs >= Math.min(this.negotiatedMs / 4, MAX_PING_INTERVAL_MS)) this.sendPing(nowMs);
  }

  private disconnect(reason: string): void {
    this.options.log.debug({ server: this.server, reason }, 'connection lost');
    if (!this.greeted && !this.isOver) this.events.onAttemptFailed(this.dialled, reason);
    this.dropConnection();
    if (!this.isOver) this.redial();
  }

  private onClosed(error: NetError | undefined): void {
    this.disconnect(error === undefined ? 'closed' : error.message);
  }

  private dropConnection(): void {
    this.connection++;
    this.stream?.destroy();
    this.stream = undefined;
    this.greeted = false;
    this.liveTimer?.cancel();
    this.search?.stop();
    const error = new ZooKeeperError(ErrorCode.connectionLoss);
    this.calls.failSent(error);
    this.calls.failHeldSince(this.options.clock.nowMs() - this.sessionTimeout, error);
  }

  private redial(): void {
    const wasConnected = this.currentState !== 'connecting';
    if (wasConnected) this.setState('connecting');
    if (this.isOver) return;
    this.retryTimer = this.options.clock.after(this.servers.pauseMs(wasConnected), () => this.dial());
  }

  private get sessionTimeout(): number {
    return this.negotiatedMs > 0 ? this.negotiatedMs : this.options.sessionTimeoutMs;
  }

  private end(state: 'expired' | 'closed' | 'authFailed'): void {
    this.retryTimer?.cancel();
    this.setState(state);
    const stream = this.stream;
    this.stream = undefined;
    this.connection++;
    this.greeted = false;
    this.liveTimer?.cancel();
    this.search?.stop();
    stream?.end();
    const error = new ZooKeeperError(codeOfState(this.currentState));
    this.calls.failAll(error);
    this.identities.fail(error);
  }

  private setState(state: SessionState): void {
    if (state === this.currentState) return;
    this.currentState = state;
    this.events.onState(state);
  }

  // Sending

  private sendPing(nowMs: number): void {
    this.pingSentMs = nowMs;
    this.sendRequest(Xid.ping, OpCode.ping, () => {});
  }

  private sendRequest(xid: number, type: number, write: (w: Writer) => void): void {
    this.send(encodeFrame(this.writer, xid, type, write));
  }

  private sendSetWatches(watches: SetWatches): void {
    const withPersistent = watches.persistent.length + watches.persistentRecursive.length > 0;
    this.setWatchesToAnswer++;
    this.sendRequest(Xid.setWatches, withPersistent ? OpCode.setWatches2 : OpCode.setWatches, (w) =>
      writeSetWatches(w, watches, withPersistent),
    );
  }

  private send(frame: Buffer): void {
    this.lastSentMs = this.options.clock.nowMs();
    this.stream?.write(frame);
  }

  // Receiving

  private newCutter(): FrameCutter {
    return new FrameCutter(this.options.maxFrameBytes, (frame) => this.onFrame(frame));
  }

  private onData(chunk: Buffer): void {
    this.lastHeardMs = this.options.clock.nowMs();
    try {
      this.cutter.push(chunk);
    } catch (error) {
      this.disconnect(protocolError(error).message);
    }
  }

  /** False stops the cutter: the bytes that follow belong to a connection that is over. */
  private onFrame(frame: Buffer): boolean {
    const connection = this.connection;
    this.reader.reset(frame);
    if (this.greeted) this.onReply(this.reader);
    else if (this.login !== undefined) this.onLoginReply(this.login, this.reader);
    else this.onGreeting(this.reader);
    return connection === this.connection;
  }

  private onReply(r: Reader): void {
    const header = readReplyHeader(r);
    switch (header.xid) {
      case Xid.notification: {
        const event = readWatcherEvent(r);
        this.events.onWatchEvent(event.type, event.path, header.zxid);
        return;
      }
      case Xid.ping:
        this.provenMs = Math.max(this.provenMs, this.pingSentMs);
        return;
      case Xid.auth:
        this.onAuthReply(header.err, r);
        return;
      case Xid.setWatches:
        if (--this.setWatchesToAnswer === 0) this.events.onWatchesRestored();
        return;
    }
    const { call, sinceMs } = this.calls.takeAnswered(header);
    this.provenMs = Math.max(this.provenMs, sinceMs);
    if (header.zxid > 0) this.seenZxid = header.zxid;
    try {
      call.onReply(header.err, r, header.zxid);
    } catch (error) {
      if (error instanceof ProtocolError) {
        call.onFailure(new ZooKeeperError(ErrorCode.marshallingError, undefined, messageOf(error)), true);
      }
      throw error;
    }
  }

  private onAuthReply(err: number, r: Reader): void {
    if (err === ErrorCode.ok) this.identities.onAccepted(r, this.seenZxid);
    else this.end('authFailed');
  }
}
