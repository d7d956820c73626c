import { assert } from '../../base/assert.ts';
import { readConnectRequest } from '../../jute/client-records.ts';
import { Reader } from '../../jute/reader.ts';
import { sessionHex } from '../../jute/session-id.ts';
import { zxidText } from '../../jute/zxid.ts';
import type { RequestQueue } from '../connection/request-queue.ts';
import type { ServedRole } from '../served-role.ts';
import type { ServerParts } from '../server-parts.ts';
import type { AskedSession, ConnectionThrottle } from '../throttles/connection-throttle.ts';
import type { Upstream } from '../upstream.ts';
import { isSessionPassword, NO_PASSWORD, sessionPassword } from './session-password.ts';
import { negotiateTimeout } from './session-timeout.ts';

/** A connection, as far as it is to have a session. */
export interface Attachable {
  readonly client: string;
  readonly sessionId: bigint;
  readonly requests: { readonly queue: RequestQueue; submitCreateSession(body: Buffer): void };
  readonly isClosed: boolean;
  readonly isAttaching: boolean;
  attach(sessionId: bigint, timeoutMs: number, knowsReadOnly: boolean): void;
  onAttached(password: Buffer, isReadOnly: boolean): void;
  refuseSession(noPassword: Buffer, isReadOnly: boolean): void;
  close(reason: string, politely: boolean, level?: 'info'): void;
}

/** The session of each connection, and the handshake that attaches it: ZooKeeperServer.processConnectRequest. */
export class SessionAttachments<C extends Attachable> {
  private readonly parts: ServerParts;
  private readonly role: ServedRole;
  private readonly throttle: ConnectionThrottle;
  private readonly reader = new Reader();
  /** The holder of each session here: its connection, or one that closed before all its requests were answered. */
  private readonly holders = new Map<bigint, C>();
  /** How many revalidations of a session are not answered yet: one for each connection that came back with it. */
  private readonly revalidating = new Map<bigint, number>();

  constructor(parts: ServerParts, role: ServedRole, throttle: ConnectionThrottle) {
    this.parts = parts;
    this.role = role;
    this.throttle = throttle;
  }

  holderOf(sessionId: bigint): C | undefined {
    return this.holders.get(sessionId);
  }

  /** The role is over. */
  clear(): void {
    this.holders.clear();
    this.revalidating.clear();
  }

  forgetIfDone(connection: C): void {
    if (!connection.isClosed || connection.requests.queue.length > 0) return;
    if (this.holders.get(connection.sessionId) === connection) this.holders.delete(connection.sessionId);
  }

  /** The checks come in Apache's order. */
  onConnectRequest(connection: C, frame: Buffer): void {
    const { upstream, lastProcessedZxid, isReadOnly } = this.role;
    assert(upstream !== undefined, 'no connection outlives the role it was let in by');
    this.reader.reset(frame);
    const request = readConnectRequest(this.reader);
    const { connections, throttles } = this.parts.metrics;
    if (!this.throttle.admits(kindOf(request.sessionId, upstream))) {
      connections.connectionsRejected.add(1);
      connection.close('more clients ask for sessions than connection_throttle_tokens allows', false);
      return;
    }
    throttles.tokenDeficit.add(this.throttle.deficit);
    connections.connectionRequests.add(1);
    if (isReadOnly && request.readOnly !== true) {
      connection.close('this server is read-only and the client does not want that', false, 'info');
      return;
    }
    if (request.lastZxidSeen > lastProcessedZxid) {
      const seen = `the client has seen zxid ${zxidText(request.lastZxidSeen)}`;
      connection.close(`${seen} and this server only ${zxidText(lastProcessedZxid)}`, false, 'info');
      return;
    }
    if (isReadOnly && this.role.database?.sessions.has(request.sessionId) === true) {
      // It may have expired meanwhile, and its client would go on believing that it has it.
      connection.close('this server is read-only and the session is one of the whole ensemble', false, 'info');
      return;
    }
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.parts.options;
    const timeoutMs = negotiateTimeout(request.timeoutMs, { minMs: minSessionTimeoutMs, maxMs: maxSessionTimeoutMs });
    const sessionId = request.sessionId === 0n ? upstream.newSessionId(timeoutMs) : request.sessionId;
    connection.attach(sessionId, timeoutMs, request.readOnly !== undefined);
    if (request.sessionId === 0n) this.createSession(connection, timeoutMs);
    else this.reattach(connection, upstream, request.password, timeoutMs);
  }

  private createSession(connection: C, timeoutMs: number): void {
    const body = Buffer.alloc(4);
    body.writeInt32BE(timeoutMs, 0);
    this.holders.set(connection.sessionId, connection);
    connection.requests.submitCreateSession(body);
  }

  onSessionCreated(connection: C): void {
    connection.onAttached(sessionPassword(connection.sessionId), this.role.isReadOnly);
  }

  /**
   * The older connection of the session closes, if it is on this server; Apache closes it before it looks at the
   * password, which lets anybody who knows a session's id disconnect it.
   */
  private reattach(connection: C, upstream: Upstream, password: Buffer | undefined, timeoutMs: number): void {
    const { sessionId } = connection;
    this.parts.metrics.connections.connectionRevalidates.add(1);
    if (!isSessionPassword(sessionId, password)) {
      this.refuse(connection, 'wrong password');
      return;
    }
    const older = this.holders.get(sessionId);
    if (older !== undefined) {
      older.close('the client came back on a new connection', true);
      connection.requests.queue.inherit(older.requests.queue);
    }
    this.holders.set(sessionId, connection);
    this.revalidating.set(sessionId, (this.revalidating.get(sessionId) ?? 0) + 1);
    const { localSessions } = upstream;
    if (localSessions?.has(sessionId) === true)
      this.onRevalidated(sessionId, localSessions.touch(sessionId, timeoutMs));
    else if (localSessions?.isUpgrading(sessionId) === true)
      // The leader may not know it yet, and would say that it is over.
      localSessions.whenUpgraded(sessionId, () => upstream.revalidate(sessionId, timeoutMs));
    else upstream.revalidate(sessionId, timeoutMs);
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
    const connection = this.holders.get(sessionId);
    if (connection === undefined || !connection.isAttaching) return;
    if (valid) connection.onAttached(sessionPassword(sessionId), this.role.isReadOnly);
    else this.refuse(connection, 'probably expired');
  }

  private refuse(connection: C, reason: string): void {
    this.parts.log.info(
      { client: connection.client, session: sessionHex(connection.sessionId) },
      `session refused: ${reason}`,
    );
    connection.refuseSession(NO_PASSWORD, this.role.isReadOnly);
  }
}

function kindOf(sessionId: bigint, { localSessions }: Upstream): AskedSession {
  if (sessionId !== 0n) return 'renewed';
  return localSessions === undefined ? 'global' : 'local';
}
