import { assert } from '../base/assert.ts';
import { Fifo } from '../base/fifo.ts';
import type { Log } from '../base/log.ts';
import type { ApplyResult, Database } from '../datatree/database.ts';
import type { Clock } from '../io/clock.ts';
import type { Net, NetError } from '../io/net.ts';
import { readConnectRequest } from '../jute/client-records.ts';
import { ErrorCode, OpCode } from '../jute/codes.ts';
import { Reader } from '../jute/reader.ts';
import type { Txn } from '../jute/txns.ts';
import type { Writer } from '../jute/writer.ts';
import { ZXID_ZERO, type Zxid, zxidHex } from '../jute/zxid.ts';
import { writeCommitReply } from './answers/commit-replies.ts';
import { answerRead } from './answers/reads.ts';
import type { AuthRegistry } from './auth/auth-registry.ts';
import type { ClientConnection } from './connection/client-connection.ts';
import { PENDING_REQUEST_BYTES_GLOBAL_MAX } from './connection/client-limits.ts';
import { ClientListener } from './connection/client-listener.ts';
import { type HasOutput, WriterPool } from './connection/client-output.ts';
import type { ConnectionServer } from './connection/connection-server.ts';
import { registerServerGauges } from './metrics/server-gauges.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import { FourLetterWords } from './monitoring/four-letter/four-letter-words.ts';
import type { HostInfo, ServerInfo } from './monitoring/server-info.ts';
import { ServerStats } from './monitoring/server-stats.ts';
import type { ServerView } from './monitoring/server-view.ts';
import type { ReadContext } from './operations/operation.ts';
import type { Request } from './request.ts';
import type { ServerOptions } from './server-options.ts';
import type { ExpiryBuckets } from './sessions/expiry-buckets.ts';
import { isSessionPassword, NO_PASSWORD, sessionPassword } from './sessions/session-password.ts';
import { negotiateTimeout, type SessionTimeouts } from './sessions/session-timeout.ts';
import type { ServerMode, Upstream } from './upstream.ts';

export interface ServerParts {
  readonly auth: AuthRegistry;
  readonly metrics: ServerMetrics;
  readonly info: ServerInfo;
  readonly host: HostInfo;
  readonly log: Log;
}

/**
 * The clients of one peer, whatever its role: which connection has which session, who may attach, and which applied
 * transaction answers whom. Follows ZooKeeperServer. Between `start` and `stop` it serves on top of the role's
 * Upstream; outside it answers four-letter words and closes whoever asks for more.
 */
export class ZooKeeperServer implements ConnectionServer<ClientConnection>, ServerView {
  readonly ownerName = 'this server';
  readonly clock: Clock;
  readonly options: ServerOptions;
  readonly auth: AuthRegistry;
  readonly metrics: ServerMetrics;
  readonly stats: ServerStats;
  readonly log: Log;
  readonly writers = new WriterPool();
  readonly reader = new Reader();
  readonly fourLetterWords: FourLetterWords;
  /** Requests that wait for a commit or behind one, of all connections, and the bytes of their bodies. */
  outstanding = 0;
  upstream: Upstream | undefined = undefined;
  database: Database | undefined = undefined;

  private readonly listener: ClientListener;
  private readonly timeouts: SessionTimeouts;
  /** Who has a session here: its connection, or one that closed while what it had submitted is still to come. */
  private readonly sessions = new Map<bigint, ClientConnection>();
  /** So many revalidations of a session are not answered yet: one for each connection that came back with it. */
  private readonly revalidating = new Map<bigint, number>();
  /** Answered syncs that wait for what was committed before them to be applied. */
  private readonly syncs = new Fifo<{ readonly request: Request; readonly committed: Zxid }>();
  private readContext: ReadContext | undefined = undefined;
  private digestMismatches = 0;
  private outstandingBytes = 0;
  private outstandingLimit = 0;
  private toResume: ClientConnection[] = [];
  private toFlush: HasOutput[] = [];
  private isTurnEndScheduled = false;

  constructor(world: { readonly clock: Clock; readonly net: Net }, options: ServerOptions, parts: ServerParts) {
    this.clock = world.clock;
    this.options = options;
    this.auth = parts.auth;
    this.metrics = parts.metrics;
    this.log = parts.log;
    this.stats = new ServerStats(parts.metrics, world.clock.nowMs());
    this.timeouts = { minMs: options.minSessionTimeoutMs, maxMs: options.maxSessionTimeoutMs };
    this.listener = new ClientListener(this, world.net);
    this.fourLetterWords = new FourLetterWords(this, parts.info, parts.host);
    registerServerGauges(this, parts.info, parts.host);
  }

  get isServing(): boolean {
    return this.upstream !== undefined;
  }

  /** The port clients connect to; 0 until bound. */
  get clientPort(): number {
    return this.listener.port;
  }

  get connections(): ReadonlySet<ClientConnection> {
    return this.listener.connections;
  }

  get expiry(): ExpiryBuckets<ClientConnection> {
    return this.listener.expiry;
  }

  get lastProcessedZxid(): Zxid {
    return this.database === undefined ? ZXID_ZERO : this.database.lastProcessedZxid;
  }

  // Life

  /** Opens the client port, once for all roles. */
  listen(handlers: { onListening(port: number): void; onError(error: NetError): void }): void {
    this.listener.listen(handlers);
  }

  start(upstream: Upstream, database: Database): void {
    assert(this.upstream === undefined, 'a server serves one role at a time');
    this.upstream = upstream;
    this.database = database;
    this.digestMismatches = database.digestMismatches;
    this.readContext = { database, auth: this.auth, sessions: upstream.sessions };
    const sharers = upstream.quorumSize > 2 ? upstream.quorumSize - 1 : 1;
    this.outstandingLimit = Math.floor(this.options.globalOutstandingLimit / sharers);
  }

  /** The role is over. What was answered is still sent; what was not will not be, and clients look for another server. */
  stop(): void {
    if (this.upstream === undefined) return;
    for (const connection of [...this.connections]) connection.close('this server stopped serving', true);
    this.sessions.clear();
    this.revalidating.clear();
    this.syncs.clear();
    this.outstanding = 0;
    this.outstandingBytes = 0;
    this.upstream = undefined;
    this.database = undefined;
    this.readContext = undefined;
  }

  close(): void {
    this.stop();
    for (const connection of [...this.connections]) connection.close('this server is closing', true);
    this.listener.close();
  }

  // From upstream

  onApplied(txn: Txn, result: ApplyResult): void {
    if (this.upstream === undefined) return;
    this.metrics.commitsQueued.add(1);
    const propagationMs = this.clock.wallMs() - txn.header.time;
    if (propagationMs >= 0) this.metrics.propagationLatency.add(propagationMs);
    this.countDigestMismatches();
    if (txn.header.type === OpCode.closeSession && txn.header.cxid === 0) this.countExpired(this.upstream.mode);
    const connection = this.sessions.get(txn.header.clientId);
    if (connection !== undefined) {
      connection.onApplied(txn, result);
      if (txn.header.type === OpCode.closeSession) this.endSession(connection);
      this.forgetIfDone(connection);
    }
    this.answerSyncs();
  }

  /** A client's own closeSession has its xid; expiry is counted where it is decided. */
  private countExpired(mode: ServerMode): void {
    if (mode === 'standalone' || mode === 'leader') this.metrics.staleSessionsExpired.add(1);
  }

  /** Closed by its client, which has been answered, or expired; what its connections still waited for is nobody's. */
  private endSession(connection: ClientConnection): void {
    connection.close('the session is over', true);
    for (let left = connection.queue.shift(); left !== undefined; left = connection.queue.shift())
      this.onDequeued(left);
  }

  private countDigestMismatches(): void {
    const mismatches = (this.database as Database).digestMismatches;
    if (mismatches > this.digestMismatches) this.metrics.digestMismatches.add(mismatches - this.digestMismatches);
    this.digestMismatches = mismatches;
  }

  /**
   * The sync's answer is here; what was decided by then (`committed`) may still be on its way to the own disk. It is
   * answered behind that and before anything later is applied, so it keeps its place among its session's writes.
   */
  onSynced(request: Request, committed: Zxid): void {
    if (this.upstream === undefined) return;
    this.syncs.push({ request, committed });
    this.answerSyncs();
  }

  private answerSyncs(): void {
    for (let head = this.syncs.peek(); head !== undefined; head = this.syncs.peek()) {
      if (head.committed > this.lastProcessedZxid) return;
      this.syncs.shift();
      const connection = this.sessions.get(head.request.asker.sessionId);
      if (connection === undefined) continue;
      connection.onSynced(head.request);
      this.forgetIfDone(connection);
    }
  }

  /**
   * An answer to an earlier connection says nothing of what the session did elsewhere after that one was lost: only
   * the last one attaches.
   */
  onRevalidated(sessionId: bigint, valid: boolean): void {
    const more = (this.revalidating.get(sessionId) ?? 1) - 1;
    if (more > 0) {
      this.revalidating.set(sessionId, more);
      return;
    }
    this.revalidating.delete(sessionId);
    const connection = this.sessions.get(sessionId);
    if (connection === undefined || !connection.isAttaching) return;
    if (valid) connection.onAttached(sessionPassword(sessionId), this.isReadOnly);
    else this.refuseSession(connection, 'probably expired');
  }

  // The handshake, in the order of ZooKeeperServer.processConnectRequest

  onConnectRequest(connection: ClientConnection, frame: Buffer): void {
    const upstream = this.upstream;
    assert(upstream !== undefined, 'no connection outlives the role it was let in by');
    this.reader.reset(frame);
    const request = readConnectRequest(this.reader);
    this.metrics.connectionRequests.add(1);
    connection.knowsReadOnly = request.readOnly !== undefined;
    if (this.isReadOnly && request.readOnly !== true) {
      connection.close('this server is read-only and the client does not want that', false, 'info');
      return;
    }
    if (request.lastZxidSeen > this.lastProcessedZxid) {
      const seen = `the client has seen zxid 0x${zxidHex(request.lastZxidSeen)}`;
      connection.close(`${seen} and this server only 0x${zxidHex(this.lastProcessedZxid)}`, false, 'info');
      return;
    }
    const timeoutMs = negotiateTimeout(request.timeoutMs, this.timeouts);
    if (request.sessionId === 0n) this.createSession(connection, upstream, timeoutMs);
    else this.reattach(connection, upstream, request.sessionId, request.password, timeoutMs);
  }

  private createSession(connection: ClientConnection, upstream: Upstream, timeoutMs: number): void {
    const sessionId = upstream.newSessionId(timeoutMs);
    const body = Buffer.alloc(4);
    body.writeInt32BE(timeoutMs, 0);
    connection.attach(sessionId, timeoutMs);
    this.sessions.set(sessionId, connection);
    connection.submitCreateSession(body);
  }

  onSessionCreated(connection: ClientConnection): void {
    connection.onAttached(sessionPassword(connection.sessionId), this.isReadOnly);
  }

  /**
   * The older connection of the session closes, if it is on this server; Apache closes it before it looks at the
   * password, which lets anybody who knows a session's id disconnect it.
   */
  private reattach(
    connection: ClientConnection,
    upstream: Upstream,
    sessionId: bigint,
    password: Buffer | undefined,
    timeoutMs: number,
  ): void {
    this.metrics.connectionRevalidates.add(1);
    connection.attach(sessionId, timeoutMs);
    if (!isSessionPassword(sessionId, password)) {
      this.refuseSession(connection, 'wrong password');
      return;
    }
    const older = this.sessions.get(sessionId);
    if (older !== undefined) {
      older.close('the client came back on a new connection', true);
      connection.queue.inherit(older.queue);
    }
    this.sessions.set(sessionId, connection);
    this.revalidating.set(sessionId, (this.revalidating.get(sessionId) ?? 0) + 1);
    upstream.revalidate(sessionId, timeoutMs);
  }

  private refuseSession(connection: ClientConnection, reason: string): void {
    this.log.info({ client: connection.client, session: connection.sessionHex }, `session refused: ${reason}`);
    connection.refuseSession(NO_PASSWORD, this.isReadOnly);
  }

  private get isReadOnly(): boolean {
    return this.upstream?.mode === 'read-only';
  }

  // For connections

  onConnectionClosed(connection: ClientConnection): void {
    this.listener.forget(connection);
    this.database?.tree.watches.removeWatcher(connection);
    const bytesBefore = connection.queue.bytes;
    this.outstanding -= connection.queue.disown();
    this.outstandingBytes -= bytesBefore - connection.queue.bytes;
    this.forgetIfDone(connection);
  }

  private forgetIfDone(connection: ClientConnection): void {
    if (!connection.isClosed || connection.queue.length > 0) return;
    if (this.sessions.get(connection.sessionId) === connection) this.sessions.delete(connection.sessionId);
  }

  onEnqueued(request: Request): void {
    this.outstanding++;
    this.outstandingBytes += request.body.length;
  }

  onDequeued(request: Request): void {
    this.outstanding--;
    this.outstandingBytes -= request.body.length;
  }

  isOverloaded(): boolean {
    return this.outstanding > this.outstandingLimit || this.outstandingBytes > PENDING_REQUEST_BYTES_GLOBAL_MAX;
  }

  answerRead(request: Request, connection: ClientConnection, w: Writer): number {
    if (this.readContext === undefined) return ErrorCode.systemError;
    return answerRead(request, connection, this.readContext, w);
  }

  answerWrite(request: Request, txn: Txn, result: ApplyResult, w: Writer): number {
    const err = writeCommitReply(request.operation, txn, result, w);
    if (err === ErrorCode.quotaExceeded) this.countQuotaExceeded(request);
    return err;
  }

  /** Under the first component of the path. */
  private countQuotaExceeded(request: Request): void {
    const namespace = request.record?.path?.split('/', 2)[1] ?? '';
    this.metrics.quotaExceededPerNamespace.add(namespace, 1);
  }

  checkSession(request: Request): number {
    return this.upstream === undefined
      ? ErrorCode.sessionExpired
      : this.upstream.sessions.check(request.asker.sessionId, request.asker.owner);
  }

  flushAfterTurn(connection: HasOutput): void {
    this.toFlush.push(connection);
    this.scheduleTurnEnd();
  }

  resumeAfterTurn(connection: ClientConnection): void {
    this.toResume.push(connection);
    this.scheduleTurnEnd();
  }

  private scheduleTurnEnd(): void {
    if (this.isTurnEndScheduled) return;
    this.isTurnEndScheduled = true;
    this.clock.afterTurn(this.onTurnEnd);
  }

  /** What is resumed may answer at once: its output leaves with the rest. */
  private readonly onTurnEnd = (): void => {
    this.isTurnEndScheduled = false;
    const toResume = this.toResume;
    this.toResume = [];
    for (const connection of toResume) connection.resume();
    const toFlush = this.toFlush;
    this.toFlush = [];
    for (const connection of toFlush) connection.flush();
  };
}
