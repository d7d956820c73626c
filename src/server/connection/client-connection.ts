import { ProtocolError } from '../../base/errors.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import type { NetError, Stream, StreamHandlers } from '../../io/net.ts';
import { ErrorCode, OpCode, Perm } from '../../jute/codes.ts';
import type { Acl, Id } from '../../jute/data-records.ts';
import { FrameLengthError, SpanCutter } from '../../jute/frames.ts';
import { sessionHex } from '../../jute/session-id.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { AskedRead } from '../answers/asked-read.ts';
import { ClientAnswers } from '../answers/client-answers.ts';
import type { Asker } from '../asker.ts';
import { withAuthId } from '../auth/auth-ids.ts';
import { javaAddress } from '../auth/ip-provider.ts';
import { operationOfClient } from '../operations/operations.ts';
import { Request } from '../request.ts';
import type { Expiring } from '../sessions/expiry-buckets.ts';
import { ConnectionRate } from '../throttles/client-rates.ts';
import { ClientAuth } from './client-auth.ts';
import { OUTPUT_PAUSE_BYTES } from './client-limits.ts';
import { ClientReplies } from './client-replies.ts';
import type { ConnectionServer } from './connection-server.ts';
import { ConnectionStats } from './connection-stats.ts';
import { foreignProtocol } from './foreign-protocol.ts';
import { ConnectionOutput } from './output-account.ts';
import { SessionRequests } from './session-requests.ts';
import { TurnShare } from './turn-share.ts';
import { type WordHost, WordOutput } from './word-output.ts';

/**
 * One client's connection: bytes in, frames cut, replies and events out. Follows NIOServerCnxn. session-attachments.ts
 * decides which connection may attach to which session. session-requests.ts keeps the order of requests, and
 * client-answers.ts makes the answers.
 *
 * All output of one turn of the event loop leaves in one write at its end. An event fires inside the apply of its
 * transaction and a reply is built after it, both into the same writer. That is all it takes for a client never to see
 * a change before the event that tells of it.
 */
export class ClientConnection implements Watcher, Expiring, WordHost {
  /** Only ExpiryBuckets writes it. */
  bucketMs = 0;
  readonly output: ConnectionOutput;
  /** As Java prints a socket address, in logs and four-letter words. */
  readonly client: string;
  readonly stats: ConnectionStats;
  readonly requests: SessionRequests;
  readonly handlers: StreamHandlers;
  /** It came by the port that is for TLS alone. */
  readonly isSecure: boolean;
  /** The session's, once there is one. */
  timeoutMs: number;

  private readonly server: ConnectionServer<ClientConnection>;
  private readonly stream: Stream;
  private readonly replies: ClientReplies;
  private readonly answers: ClientAnswers<ClientConnection>;
  private readonly auth: ClientAuth;
  private readonly cutter: SpanCutter;
  private readonly share: TurnShare;
  private phase: number = Phase.firstBytes;
  private readonly rolesBefore: number;
  private firstBytes: Buffer = NO_BYTES;
  private word: WordOutput | undefined = undefined;
  /** The asker of its requests; another one when the client has proved one more id. */
  private asker: Asker;
  private readonly rate: ConnectionRate;
  /** The client's ConnectRequest had the field readOnly, so the response has it as well. */
  private knowsReadOnly = false;
  /** When the bytes now being cut came in. */
  private receivedMs = 0;
  /** `receivedMs` when the session was last touched, and what the answer was. */
  private touchedMs = -1;
  private isSessionAlive = true;
  /** A closeSession or an unknown operation came: nothing after it is read. */
  private isLastRequestIn = false;
  private isPaused = false;
  /** The client has closed its side. */
  private hasEnded = false;
  private isResumeScheduled = false;

  constructor(server: ConnectionServer<ClientConnection>, stream: Stream, isSecure = false) {
    this.server = server;
    this.isSecure = isSecure;
    this.stream = stream;
    this.rolesBefore = server.role.ended;
    this.client = `/${javaAddress(stream.remoteAddress)}:${stream.remotePort}`;
    this.stats = new ConnectionStats(server.clock.wallMs());
    this.replies = new ClientReplies(server, this, stream, this.stats);
    this.answers = new ClientAnswers(server, this, this.replies);
    this.share = new TurnShare(server.turnEnd);
    this.requests = new SessionRequests(server, this.answers, this.replies, this.share, {
      timeoutMs: () => this.timeoutMs,
      asker: () => this.asker,
      isClosed: () => this.isClosed,
      onAnswered: () => this.maybeResume(),
      onSpent: () => this.resumeLater(),
      close: (reason) => this.close(reason, true, 'info'),
    });
    this.handlers = {
      onOpen: () => this.onHandshake(),
      onData: (chunk) => this.onData(chunk),
      onEnd: () => this.onEnd(),
      onDrain: () => this.onDrain(),
      onClose: (error) => this.onClose(error),
    };
    this.timeoutMs = server.options.sessionlessCnxnTimeoutMs;
    const address: Id = { scheme: 'ip', id: javaAddress(stream.remoteAddress) };
    this.asker = { sessionId: 0n, authIds: withAuthId([], address), owner: server.owner };
    this.auth = new ClientAuth(server, this.replies, {
      client: this.client,
      remoteAddress: stream.remoteAddress,
      sessionHex: () => sessionHex(this.sessionId),
      authIds: () => this.asker.authIds,
      isClosed: () => this.isClosed,
      onProved: (authIds) => {
        this.asker = { ...this.asker, authIds };
      },
      onAnswered: () => this.maybeResume(),
      close: (reason, politely, level) => this.close(reason, politely, level),
    });
    this.rate = new ConnectionRate(server.rates, javaAddress(stream.remoteAddress));
    const { thresholdBytes } = server.options.throttles.largeRequests;
    const onLength = thresholdBytes === undefined ? undefined : (length: number) => server.pending.large.check(length);
    this.cutter = new SpanCutter(server.options.juteMaxBufferBytes, this.onFrame, onLength);
    this.output = new ConnectionOutput(server.output, stream, this.cutter);
  }

  /** 0 before the handshake. */
  get sessionId(): bigint {
    return this.asker.sessionId;
  }

  /** Closed, or as good as that. */
  get isClosed(): boolean {
    return this.phase === Phase.closed || this.isLeftOver;
  }

  /** Its role is over. It is about to be closed, and has nothing to do with the next one. */
  get isLeftOver(): boolean {
    return this.rolesBefore !== this.server.role.ended;
  }

  get isAttaching(): boolean {
    return this.phase === Phase.attaching;
  }

  /** As a selector's interest would be: 1 reads are on, 4 output waits. */
  get interestOps(): number {
    return (this.isPaused ? 0 : 1) | (this.stream.bufferedBytes > 0 ? 4 : 0);
  }

  /** TLS: the certificate that the client proved to have is an id of its. */
  private onHandshake(): void {
    const subject = this.stream.tls?.peerSubject;
    if (subject === undefined || this.isClosed) return;
    const authIds = this.server.auth.idsOfCertificate(subject).reduce(withAuthId, this.asker.authIds);
    this.asker = { ...this.asker, authIds };
    this.server.log.debug({ client: this.client, subject }, 'authenticated by its certificate');
  }

  // Bytes in

  private onData(chunk: Buffer): void {
    if (this.phase >= Phase.telling || this.isLeftOver) return;
    this.receivedMs = this.server.turnEnd.look();
    this.server.expiry.update(this, this.receivedMs, this.timeoutMs);
    if (this.phase === Phase.firstBytes) this.onFirstBytes(chunk);
    else if (this.server.turnEnd.isOneOfMany()) this.cut(chunk);
    else this.cutAndSend(chunk);
    if (this.output.noteInput()) this.server.turnEnd.flush(this);
  }

  private cutAndSend(chunk: Buffer): void {
    this.replies.isFlushedByCaller = true;
    this.cut(chunk);
    this.replies.isFlushedByCaller = false;
    // The end of the turn looks at all that waits for clients.
    if (this.send() && this.output.noted > 0) this.server.turnEnd.flush(this);
  }

  private onEnd(): void {
    // One who asks a word is told all of it.
    if (this.phase >= Phase.telling || this.isLeftOver) return;
    this.hasEnded = true;
    // The requests it sent before are served first, in later turns where they have to wait for them.
    if (!this.isResumeScheduled) this.closeEnded();
  }

  private closeEnded(): void {
    this.server.metrics.connections.connectionDrops.add(1);
    this.close('the client closed its side', true);
  }

  private onDrain(): void {
    this.output.note();
    this.replies.onTaken();
    this.word?.onDrain();
    this.maybeResume();
  }

  private onClose(error: NetError | undefined): void {
    if (this.phase === Phase.closed) {
      this.server.onConnectionGone(this);
      return;
    }
    this.server.metrics.connections.connectionDrops.add(1);
    this.close(error === undefined ? 'the client closed the connection' : error.message, false);
  }

  /** Four bytes tell a four-letter word from a frame length; `stmk` has eight more. */
  private onFirstBytes(chunk: Buffer): void {
    this.firstBytes = this.firstBytes.length === 0 ? chunk : Buffer.concat([this.firstBytes, chunk]);
    if (this.firstBytes.length < 4) return;
    const needed = this.server.words.bytesOf(this.firstBytes);
    if (needed > this.firstBytes.length) return;
    if (needed > 0) {
      this.countPacketIn(4);
      this.phase = Phase.telling;
      const { turnEnd, words } = this.server;
      this.word = new WordOutput(words.answer(this.firstBytes, this), this.stream, turnEnd, this);
      this.word.resume();
      return;
    }
    if (this.server.role.upstream === undefined) {
      this.server.metrics.connections.closedWithoutServerRunning.add(1);
      this.close('this server is not serving', false);
      return;
    }
    this.phase = Phase.connecting;
    const bytes = this.firstBytes;
    this.firstBytes = NO_BYTES;
    this.cut(bytes);
  }

  onTold(isAll: boolean): void {
    this.server.expiry.update(this, this.server.clock.nowMs(), this.timeoutMs);
    this.output.note();
    if (isAll) {
      this.replies.countPacket();
      this.close('asked a four-letter word', true);
    }
    this.server.turnEnd.flush(this);
  }

  private cut(chunk: Buffer | undefined): void {
    try {
      if (chunk === undefined) this.cutter.resume();
      else this.cutter.push(chunk);
    } catch (error) {
      if (error instanceof FrameLengthError) this.refuseFrame(error);
      else if (error instanceof ProtocolError) this.close(error.message, true, 'warn');
      else throw error;
    }
  }

  private refuseFrame(error: FrameLengthError): void {
    const what = foreignProtocol(error.head);
    const { log, metrics, options } = this.server;
    metrics.requests.refusedFrames.add(1);
    const fields = {
      client: this.client,
      session: sessionHex(this.sessionId),
      length: error.length,
      limit: error.limit,
    };
    if (what !== undefined) log.warn(fields, `closing a client connection: the bytes are ${what}, not ZooKeeper's`);
    else if (error.length < 0) log.warn(fields, 'closing a client connection: negative frame length');
    else
      log.warn(
        fields,
        `closing a client connection: a frame of ${error.length} bytes is over jute.maxbuffer=${options.juteMaxBufferBytes}`,
      );
    this.close('refused frame', true);
  }

  /** Takes a frame from the cutter; false leaves the frames that follow for later. */
  private readonly onFrame = (bytes: Buffer, start: number, end: number): boolean => {
    this.countPacketIn(4 + end - start);
    const before = this.replies.waitingBytes;
    if (this.phase === Phase.open) this.onRequest(bytes, start, end);
    else if (this.phase === Phase.connecting) this.server.onConnectRequest(this, bytes.subarray(start, end));
    const wantsMore = this.wantsMore();
    const isSpent = this.share.isSpentAfterOne(end - start + this.replies.waitingBytes - before);
    // The last of a chunk is followed by no other.
    if (wantsMore && (!isSpent || end === bytes.length)) return true;
    this.pauseReads();
    // Others first.
    if (wantsMore) this.resumeLater();
    return false;
  };

  private onRequest(bytes: Buffer, start: number, end: number): void {
    const r = askedRead.record;
    r.reset(bytes, start, end);
    const xid = r.readInt();
    const operation = operationOfClient(r.readInt());
    if (operation.kind === 'auth') {
      this.auth.onAuthPacket(xid, r);
      return;
    }
    if (operation.kind === 'sasl') {
      this.auth.onSaslPacket(xid, r);
      return;
    }
    if (!this.auth.admits(xid) || !this.touchSession()) return;
    const isOverRate = this.server.rates.isOn && this.rate.isOver(operation, this.asker.authIds, this.receivedMs);
    if (operation.kind === 'read' && 'answer' in operation && this.requests.isIdle && !isOverRate) {
      askedRead.asker = this.asker;
      askedRead.cxid = xid;
      askedRead.operation = operation;
      askedRead.recordAt = start + FRAME_HEADER_BYTES;
      askedRead.arrivedMs = this.receivedMs;
      this.answers.readAt(askedRead);
      return;
    }
    const request = new Request(
      this.asker,
      xid,
      operation,
      bytes.subarray(start + FRAME_HEADER_BYTES, end),
      this.receivedMs,
    );
    if (operation.kind === 'unknown' || request.isLastOfSession) this.isLastRequestIn = true;
    this.server.pending.large.check(request.body.length);
    if (isOverRate) request.refuse(ErrorCode.throttledOp);
    this.requests.take(request);
  }

  /** Once for what came in together. A session that is closing gets no more answers; its end closes the connection. */
  private touchSession(): boolean {
    if (this.touchedMs !== this.receivedMs) {
      this.touchedMs = this.receivedMs;
      this.isSessionAlive = this.server.role.upstream?.touch(this.sessionId, this.timeoutMs) ?? false;
    }
    return this.isSessionAlive;
  }

  // The session

  /** The handshake is under way: requests that the client sent right behind it wait. */
  attach(sessionId: bigint, timeoutMs: number, knowsReadOnly: boolean): void {
    this.phase = Phase.attaching;
    this.knowsReadOnly = knowsReadOnly;
    this.asker = { ...this.asker, sessionId };
    this.timeoutMs = timeoutMs;
    this.server.expiry.update(this, this.receivedMs, timeoutMs);
  }

  /** The session is this connection's: requests are read from here on. */
  onAttached(password: Buffer, isReadOnly: boolean): void {
    this.requests.onAttached();
    this.phase = Phase.open;
    this.sendConnectResponse(this.timeoutMs, this.sessionId, password, isReadOnly);
    this.maybeResume();
  }

  /** Timeout 0 tells the client that its session is gone. */
  refuseSession(noPassword: Buffer, isReadOnly: boolean): void {
    this.sendConnectResponse(0, 0n, noPassword, isReadOnly);
    this.close('invalid session', true);
  }

  private sendConnectResponse(timeoutMs: number, sessionId: bigint, password: Buffer, isReadOnly: boolean): void {
    const readOnly = this.knowsReadOnly ? isReadOnly : undefined;
    this.replies.connectResponse({ protocolVersion: 0, timeoutMs, sessionId, password, readOnly });
  }

  // For the tree

  onWatchEvent(type: number, path: string, zxid: Zxid): void {
    if (this.isClosed) return;
    this.replies.event(type, path, zxid);
  }

  mayRead(acl: readonly Acl[]): boolean {
    return this.server.auth.permits(acl, Perm.read, this.asker.authIds);
  }

  /** Called at the end of a turn in which there was output, but for the answers to bytes that just came in. */
  flush(): void {
    if (this.send()) this.server.expiry.update(this, this.server.clock.nowMs(), this.timeoutMs);
  }

  /** False: there was nothing to send, or the connection is closed. */
  private send(): boolean {
    if (!this.replies.flush()) return false;
    const { bufferedBytes } = this.stream;
    this.output.note();
    if (this.phase === Phase.closed) return false;
    if (this.replies.isOverflowing) {
      const fields = { client: this.client, session: sessionHex(this.sessionId), bufferedBytes };
      this.server.log.warn(fields, 'closing a client connection: the client does not read what it is sent');
      this.close('the client does not read', false);
      return false;
    }
    if (bufferedBytes > OUTPUT_PAUSE_BYTES) this.pauseReads();
    else if (this.isPaused) this.maybeResume();
    return true;
  }

  // Back-pressure

  private wantsMore(): boolean {
    if (this.phase !== Phase.open || this.isLeftOver || this.isLastRequestIn) return false;
    if (this.auth.isWaiting) return false;
    return !this.requests.isFull && this.replies.waitingBytes <= OUTPUT_PAUSE_BYTES;
  }

  private pauseReads(): void {
    if (this.isPaused || this.phase === Phase.closed) return;
    this.isPaused = true;
    this.stream.pause();
  }

  /**
   * Not at once: this runs inside the apply of a transaction, and what was held back or is read next may submit
   * another one.
   */
  private maybeResume(): void {
    if (this.isResumeScheduled) return;
    if (!this.requests.queue.isReleased && !(this.isPaused && this.wantsMore())) return;
    this.resumeLater();
  }

  private resumeLater(): void {
    if (this.isResumeScheduled) return;
    this.isResumeScheduled = true;
    this.server.turnEnd.resume(this);
  }

  resume(): void {
    this.isResumeScheduled = false;
    if (this.isClosed) return;
    this.requests.goOn();
    if (this.isPaused && this.wantsMore()) {
      this.isPaused = false;
      this.receivedMs = this.server.turnEnd.look();
      this.cut(undefined);
      if (!this.isPaused && !this.isClosed) this.stream.resume();
    }
    if (this.hasEnded && !this.isResumeScheduled && !this.isClosed) this.closeEnded();
  }

  // The end

  /** `politely`: output already written is still sent. */
  close(reason: string, politely: boolean, level: 'debug' | 'info' | 'warn' = 'debug'): void {
    if (this.phase === Phase.closed) return;
    this.server.log[level](
      { client: this.client, session: sessionHex(this.sessionId), reason },
      'closed a client connection',
    );
    this.phase = Phase.closed;
    this.auth.end();
    this.firstBytes = NO_BYTES;
    if (politely) {
      this.flush();
      this.output.note();
      this.stream.end();
    } else {
      this.replies.drop();
      this.stream.destroy();
    }
    this.server.onConnectionClosed(this, !politely);
  }

  private countPacketIn(bytes: number): void {
    this.stats.packetsReceived++;
    this.server.stats.packetsReceived++;
    this.server.metrics.requests.bytesReceived.add(bytes);
  }
}

/**
 * firstBytes: a word or a length? connecting: the ConnectRequest. attaching: the session is created or checked. telling:
 * a word is answered, and nothing more is read.
 */
const Phase = { firstBytes: 0, connecting: 1, attaching: 2, open: 3, telling: 4, closed: 5 } as const;

const NO_BYTES: Buffer = Buffer.alloc(0);
/** xid and type of a request. */
const FRAME_HEADER_BYTES = 8;
/** One at a time, shared by all connections; its reader reads every frame. */
const askedRead = new AskedRead(
  { sessionId: 0n, authIds: [], owner: undefined },
  operationOfClient(OpCode.notification),
);
