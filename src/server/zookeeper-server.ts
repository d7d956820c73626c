import { Fifo } from '../base/fifo.ts';
import type { Log } from '../base/log.ts';
import type { ApplyResult, Database } from '../datatree/database.ts';
import type { WatchManager } from '../datatree/watches/watch-manager.ts';
import type { Timer } from '../io/clock.ts';
import type { World } from '../io/world.ts';
import { OpCode } from '../jute/codes.ts';
import { sessionHex } from '../jute/session-id.ts';
import type { Txn } from '../jute/txns.ts';
import type { Zxid } from '../jute/zxid.ts';
import type { SaslLogin } from '../sasl/sasl-exchange.ts';
import { RequestAnswers } from './answers/request-answers.ts';
import type { SessionOwner } from './asker.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { AuditTrail } from './audit/audit-trail.ts';
import type { AuthRegistry } from './auth/auth-registry.ts';
import type { ClientConnection } from './connection/client-connection.ts';
import { ClientConnections } from './connection/client-connections.ts';
import { CONNECTIONS_CLOSED_A_TURN, WATCHES_FORGOTTEN_A_TURN } from './connection/client-limits.ts';
import { type ClientAddress, ClientListener, type ListenerHandlers } from './connection/client-listener.ts';
import { WriterPool } from './connection/client-output.ts';
import type { ConnectionServer } from './connection/connection-server.ts';
import { EventFrames } from './connection/event-frames.ts';
import { Handshakes } from './connection/handshakes.ts';
import { OutputAccount } from './connection/output-account.ts';
import { PendingRequests } from './connection/pending-requests.ts';
import { TurnEnd } from './connection/turn-end.ts';
import { registerServerGauges } from './metrics/server-gauges.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import { FourLetterWords } from './monitoring/four-letter/four-letter-words.ts';
import { PathStats } from './monitoring/path-stats.ts';
import type { HostInfo, ServerInfo } from './monitoring/server-info.ts';
import { ServerStats } from './monitoring/server-stats.ts';
import type { ServerView } from './monitoring/server-view.ts';
import { SlowRequests } from './monitoring/slow-requests.ts';
import type { Request } from './request.ts';
import { ServedRole } from './served-role.ts';
import type { ServerOptions } from './server-options.ts';
import type { ServerParts } from './server-parts.ts';
import { ExpiryBuckets } from './sessions/expiry-buckets.ts';
import { SessionAttachments } from './sessions/session-attachments.ts';
import { ClientRates } from './throttles/client-rates.ts';
import { ConnectionThrottle } from './throttles/connection-throttle.ts';
import { RequestThrottle } from './throttles/request-throttle.ts';
import type { ServerMode, Upstream } from './upstream.ts';

export interface ServerNeeds {
  readonly auth: AuthRegistry;
  readonly sasl: SaslLogin | undefined;
  readonly audit: AuditLog | undefined;
  readonly metrics: ServerMetrics;
  readonly info: ServerInfo;
  readonly host: HostInfo;
  readonly log: Log;
}

/** Local sessions ended in one turn. */
const EXPIRIES_PER_SLICE = 200;

/**
 * The clients of one peer, whatever its role, and which applied transaction answers whom. Follows ZooKeeperServer.
 * Between `start` and `stop` it serves on top of the role's Upstream; outside it answers four-letter words and closes
 * connections that ask for more.
 */
export class ZooKeeperServer implements SessionOwner {
  readonly ownerName = 'this server';
  readonly view: ServerView;

  private readonly parts: ServerParts;
  private readonly role = new ServedRole();
  private readonly connections: ClientConnections<ClientConnection>;
  private readonly attachments: SessionAttachments<ClientConnection>;
  private readonly pending: PendingRequests;
  private readonly throttle: RequestThrottle;
  private readonly connectionThrottle: ConnectionThrottle;
  private readonly listener: ClientListener;
  private readonly secureListener: ClientListener | undefined;
  /** Answered syncs that wait for what was committed before them to be applied. */
  private readonly syncs = new Fifo<{ readonly request: Request; readonly committed: Zxid }>();
  private readonly handshakes: Handshakes;
  private readonly turnEnd: TurnEnd;
  private digestMismatches = 0;
  /** About when the transactions of this turn are applied. */
  private appliedWallMs = 0;
  /** Runs where the role has local sessions. */
  private localExpiry: Timer | undefined = undefined;

  constructor(world: Pick<World, 'clock' | 'net' | 'secure' | 'random'>, options: ServerOptions, needs: ServerNeeds) {
    const { clock } = world;
    const { auth, sasl, metrics, log, info, host } = needs;
    const audit = AuditTrail.of(needs.audit, auth);
    const slow = new SlowRequests({ clock, log, count: metrics.requests.slowRequests }, options.slowRequestMs);
    const stats = new ServerStats(metrics, clock.nowMs());
    const { pathStats } = options;
    const paths = pathStats && new PathStats({ clock, random: world.random, log }, pathStats);
    this.parts = { clock, options, auth, sasl, metrics, log, stats, slow, paths, audit };
    this.turnEnd = new TurnEnd(clock, () => this.shedOutput());
    this.handshakes = new Handshakes(metrics, options.outstandingHandshakeLimit);
    this.connections = new ClientConnections(
      new ExpiryBuckets(options.sessionlessCnxnTimeoutMs, clock.nowMs()),
      new OutputAccount(),
    );
    const { throttles } = options;
    this.pending = new PendingRequests(throttles.largeRequests, metrics.throttles.largeRequestsRejected);
    const { turnEnd, pending } = this;
    this.throttle = new RequestThrottle(throttles.requests, { clock, metrics, turnEnd, pending });
    this.connectionThrottle = new ConnectionThrottle(throttles.connections, clock, world.random);
    this.attachments = new SessionAttachments(this.parts, this.role, this.connectionThrottle);
    this.view = this.viewOfThis();
    const forConnections = this.forConnections(info, host);
    const { clients, secureClients } = world.secure ?? {};
    const plain = { net: clients ?? world.net, kind: clients === undefined ? 'plain' : 'either' } as const;
    this.listener = new ClientListener(forConnections, this.connections, plain, host);
    if (secureClients !== undefined) {
      const secure = { net: secureClients, kind: 'tls' } as const;
      this.secureListener = new ClientListener(forConnections, this.connections, secure, host);
    }
    registerServerGauges(this.view, info, host);
  }

  private viewOfThis(): ServerView {
    const server = this;
    const { role, pending } = this;
    return {
      ...this.parts,
      connections: this.connections.all,
      expiry: this.connections.expiry,
      get clientPort() {
        return server.clientPort;
      },
      get secureClientPort() {
        return server.secureListener?.port;
      },
      get outstandingHandshakes() {
        return server.handshakes.outstanding;
      },
      get outstanding() {
        return pending.count;
      },
      get connectionDropProbability() {
        return server.connectionThrottle.dropProbability;
      },
      get lastProcessedZxid() {
        return role.lastProcessedZxid;
      },
      get isServing() {
        return server.isServing;
      },
      get upstream() {
        return role.upstream;
      },
      get database() {
        return role.database;
      },
    };
  }

  private forConnections(info: ServerInfo, host: HostInfo): ConnectionServer<ClientConnection> {
    return {
      ...this.parts,
      owner: this,
      role: this.role,
      answers: new RequestAnswers(this.role, this.parts),
      pending: this.pending,
      throttle: this.throttle,
      rates: new ClientRates(this.parts.options.throttles.rates, this.parts.metrics.throttles.throttledByRate),
      turnEnd: this.turnEnd,
      writers: new WriterPool(),
      eventFrames: new EventFrames(),
      expiry: this.connections.expiry,
      output: this.connections.account,
      handshakes: this.handshakes,
      words: new FourLetterWords(this.view, info, host),
      onConnectRequest: (connection, frame) => this.attachments.onConnectRequest(connection, frame),
      onSessionCreated: (connection) => this.attachments.onSessionCreated(connection),
      onLocalSessionClosed: (connection) => this.endLocalSession(connection.sessionId),
      onConnectionClosed: (connection, isGone) => this.onConnectionClosed(connection, isGone),
      onConnectionGone: (connection) => this.connections.onGone(connection),
    };
  }

  get isServing(): boolean {
    return this.role.upstream !== undefined;
  }

  /** The port clients connect to; 0 until bound. */
  get clientPort(): number {
    return this.listener.port;
  }

  // Life

  /** Opens the client port, for all roles, or moves it. */
  listen(address: ClientAddress, handlers: ListenerHandlers): void {
    this.listener.listen(address, handlers);
  }

  /** Opens the port for TLS alone; the world has a net for it. */
  listenSecurely(address: ClientAddress, handlers: ListenerHandlers): void {
    this.secureListener?.listen(address, handlers);
  }

  start(upstream: Upstream, database: Database): void {
    this.role.begin(upstream, database, this.parts);
    this.digestMismatches = database.digestMismatches;
    this.pending.begin(this.parts.options.globalOutstandingLimit, upstream.quorumSize);
    const { clock, options } = this.parts;
    if (upstream.localSessions !== undefined) {
      this.localExpiry = clock.every(options.tickTimeMs / 2, () => this.expireLocalSessions());
    }
  }

  /** The role is over. Answers already given are still sent; no others will be, and clients look for another server. */
  stop(): void {
    if (!this.isServing) return;
    this.localExpiry?.cancel();
    this.throttle.clear();
    this.attachments.clear();
    this.syncs.clear();
    this.pending.begin(0, 1);
    this.role.end();
    this.closeLeftOver();
  }

  /** The connections of roles that are over, some in each turn: nothing is heard of them or told them any more. */
  private closeLeftOver(): void {
    let closed = 0;
    for (const connection of this.connections.all) {
      // Those that were let in since came later.
      if (!connection.isLeftOver) return;
      if (closed++ === CONNECTIONS_CLOSED_A_TURN) {
        this.turnEnd.resume({ resume: () => this.closeLeftOver() });
        return;
      }
      connection.close('this server stopped serving', true);
    }
  }

  close(): void {
    this.stop();
    this.parts.paths?.close();
    for (const connection of [...this.connections.all]) connection.close('this server is closing', true);
    this.listener.close();
    this.secureListener?.close();
  }

  // From upstream

  onApplied(txn: Txn, result: ApplyResult): void {
    const { upstream } = this.role;
    if (upstream === undefined) return;
    const { metrics, clock } = this.parts;
    if (this.turnEnd.lookAtSome()) this.appliedWallMs = clock.wallMs();
    if (upstream.mode !== 'standalone') metrics.requests.commitsQueued.add(1);
    metrics.requests.perNamespace.onApplied(txn, result);
    const propagationMs = this.appliedWallMs - txn.header.time;
    if (propagationMs >= 0) metrics.requests.propagationLatency.add(propagationMs);
    this.countDigestMismatches();
    if (txn.header.type === OpCode.closeSession && txn.header.cxid === 0) this.countExpired(upstream.mode);
    if (txn.header.type === OpCode.createSession) upstream.localSessions?.onGlobal(txn.header.clientId);
    const connection = this.attachments.holderOf(txn.header.clientId);
    if (connection !== undefined) {
      this.parts.paths?.onWritten(txn.body);
      connection.requests.onApplied(txn, result);
      if (txn.header.type === OpCode.closeSession) this.endSession(connection);
      this.attachments.forgetIfDone(connection);
    }
    this.answerSyncs();
  }

  /** A client's own closeSession has its xid; expiry is counted where it is decided. */
  private countExpired(mode: ServerMode): void {
    if (mode === 'standalone' || mode === 'leader') this.parts.metrics.connections.staleSessionsExpired.add(1);
  }

  /** Its client closed it and has been answered, or it expired. Requests that still waited are abandoned. */
  private endSession(connection: ClientConnection): void {
    this.giveUp(connection, 'the session is over');
  }

  private giveUp(connection: ClientConnection, reason: string): void {
    connection.close(reason, true);
    const { queue } = connection.requests;
    for (let left = queue.shift(); left !== undefined; left = queue.shift()) {
      left.isAbandoned = true;
      this.pending.remove(left);
    }
  }

  private endLocalSession(sessionId: bigint): void {
    this.role.upstream?.localSessions?.close(sessionId);
    const connection = this.attachments.holderOf(sessionId);
    if (connection === undefined) return;
    this.endSession(connection);
    this.attachments.forgetIfDone(connection);
  }

  private expireLocalSessions(): void {
    const localSessions = this.role.upstream?.localSessions;
    if (localSessions?.onTick() !== true) return;
    const { log, metrics } = this.parts;
    for (let i = 0; i < EXPIRIES_PER_SLICE; i++) {
      const sessionId = localSessions.takeExpired();
      if (sessionId === undefined) return;
      metrics.connections.staleSessionsExpired.add(1);
      log.info({ session: sessionHex(sessionId) }, 'local session expired');
      this.endLocalSession(sessionId);
    }
    this.turnEnd.resume({ resume: () => this.expireLocalSessions() });
  }

  private countDigestMismatches(): void {
    const mismatches = (this.role.database as Database).digestMismatches;
    if (mismatches > this.digestMismatches)
      this.parts.metrics.requests.digestMismatches.add(mismatches - this.digestMismatches);
    this.digestMismatches = mismatches;
  }

  /**
   * The sync's answer is here; the writes decided by then (`committed`) may still be on their way to this peer's disk.
   * The sync is answered behind them and before anything later is applied. So it keeps its place among its session's
   * writes.
   */
  onSynced(request: Request, committed: Zxid): void {
    if (!this.isServing) return;
    this.syncs.push({ request, committed });
    this.answerSyncs();
  }

  private answerSyncs(): void {
    for (let head = this.syncs.peek(); head !== undefined; head = this.syncs.peek()) {
      if (head.committed > this.role.lastProcessedZxid) return;
      this.syncs.shift();
      // The session is over, but its client may be back with its id already.
      if (head.request.isAbandoned) continue;
      const connection = this.attachments.holderOf(head.request.asker.sessionId);
      if (connection === undefined) continue;
      // A follower passes on what its observers ask, but for sessions that have moved to another one of them.
      if (this.role.upstream?.mode === 'observer' && connection.requests.queue.head !== head.request) {
        this.giveUp(connection, 'its session has moved to another server');
      } else {
        connection.requests.onSynced(head.request);
      }
      this.attachments.forgetIfDone(connection);
    }
  }

  onRevalidated(sessionId: bigint, valid: boolean): void {
    this.attachments.onRevalidated(sessionId, valid);
  }

  private shedOutput(): void {
    const { metrics, log } = this.parts;
    const before = this.connections.account.bytes;
    const shed = this.connections.shedOutput();
    if (shed === 0) return;
    metrics.connections.droppedForOutput.add(shed);
    log.warn(
      { connections: shed, bytesBefore: before, bytes: this.connections.account.bytes },
      'closed client connections: too much waits in memory for all clients together',
    );
  }

  /** In turns, others between them. The watches that are left find a connection that hears nothing any more. */
  private forgetWatches(connection: ClientConnection, watches: WatchManager | undefined): void {
    if (watches === undefined || watches.removeWatcher(connection, WATCHES_FORGOTTEN_A_TURN)) return;
    this.turnEnd.resume({ resume: () => this.forgetWatches(connection, watches) });
  }

  /** Its client has left and waits for nothing, but its session is to end, and not to wait for its timeout. */
  private submitLast(closeSession: Request): void {
    const { upstream } = this.role;
    this.turnEnd.resume({
      resume: () => {
        if (upstream !== this.role.upstream) return;
        if (closeSession.isSubmitted) upstream?.submitWrite(closeSession);
        else this.endLocalSession(closeSession.asker.sessionId);
      },
    });
  }

  private onConnectionClosed(connection: ClientConnection, isGone: boolean): void {
    this.connections.onClosed(connection, isGone, this.parts.clock.nowMs());
    this.forgetWatches(connection, this.role.watches);
    const last = connection.requests.dropWaiting();
    const dropped = connection.requests.queue.disown();
    // With its role all that was pending was forgotten.
    if (!connection.isLeftOver) for (const request of dropped) this.pending.remove(request);
    if (last !== undefined) this.submitLast(last);
    this.attachments.forgetIfDone(connection);
  }
}
