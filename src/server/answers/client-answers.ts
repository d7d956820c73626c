import type { ApplyResult } from '../../datatree/database.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import { ErrorCode, OpCode, Xid } from '../../jute/codes.ts';
import { sessionHex } from '../../jute/session-id.ts';
import type { Txn } from '../../jute/txns.ts';
import { ZXID_NONE } from '../../jute/zxid.ts';
import type { ClientReplies } from '../connection/client-replies.ts';
import type { ConnectionServer } from '../connection/connection-server.ts';
import type { ConnectionStats } from '../connection/connection-stats.ts';
import type { Request } from '../request.ts';
import type { Expiring } from '../sessions/expiry-buckets.ts';
import { AskedRead } from './asked-read.ts';

/**
 * The answer to one request, and how it is counted, once its turn has come. The connection decides whose turn it is.
 * The frame around the answer follows FinalRequestProcessor; prep and the reads make its body.
 */
export interface AnsweredConnection extends Expiring, Watcher {
  readonly client: string;
  readonly sessionId: bigint;
  readonly stats: ConnectionStats;
  close(reason: string, politely: boolean, level?: 'info'): void;
}

export class ClientAnswers<C extends AnsweredConnection> {
  private readonly server: ConnectionServer<C>;
  private readonly connection: C;
  private readonly replies: ClientReplies;

  constructor(server: ConnectionServer<C>, connection: C, replies: ClientReplies) {
    this.server = server;
    this.connection = connection;
    this.replies = replies;
  }

  write(request: Request, txn: Txn, result: ApplyResult): void {
    const { operation } = request;
    if (operation.type === OpCode.createSession) {
      if (txn.header.type === OpCode.error) {
        // Its id is that of a session that ends: a clock set back can bring an id again. The client asks for another.
        this.connection.close('its session could not be created', false);
        return;
      }
      this.account(request, operation.lastOp);
      this.server.onSessionCreated(this.connection);
      return;
    }
    const at = this.replies.begin(request.cxid, this.server.role.lastProcessedZxid);
    const err = this.server.answers.write(request, txn, result, this.replies.writer);
    if (this.closedAsMoved(err, at)) return;
    this.account(request, txn.header.type === OpCode.error ? FAILED : operation.lastOp);
    this.replies.end(at, err);
  }

  /** A request that this server answers alone. */
  local(request: Request): void {
    const { kind } = request;
    if (kind === 'ping') this.ping(request);
    else if (kind === 'read') this.read(request);
    else if (kind === 'unreadable') this.failed(request, ErrorCode.marshallingError);
    else if (kind === 'refused') this.failed(request, request.outcome as number);
    else if (kind === 'session') this.session(request);
    else {
      const fields = { client: this.connection.client, session: sessionHex(this.connection.sessionId) };
      this.server.log.warn(fields, 'unknown operation, closing the connection');
      this.replies.header(request.cxid, ZXID_NONE, ErrorCode.unimplemented);
      this.connection.close('unknown operation', true);
    }
  }

  /** Does what of it comes before its reply, or some of that. False: there is more, and `local` has to wait. */
  prepare(request: Request): boolean {
    if (!('begin' in request.operation) || request.kind === 'refused') return true;
    request.outcome = this.server.answers.step(request, this.connection);
    return request.outcome !== undefined;
  }

  read(request: Request): void {
    this.readAt(AskedRead.of(request), request.outcome);
  }

  /** `outcome`: of a stepped one. */
  readAt(asked: AskedRead, outcome?: number): void {
    const at = this.replies.begin(asked.cxid, this.server.role.lastProcessedZxid);
    const w = this.replies.writer;
    const err = outcome ?? this.server.answers.read(asked, this.connection, w);
    if (this.closedAsMoved(err, at)) return;
    if (w.length - at > LONG_ANSWER_BYTES) this.server.turnEnd.look();
    this.account(asked, asked.operation.lastOp);
    this.replies.end(at, err);
  }

  private ping(request: Request): void {
    const err = this.server.answers.checkSession(request);
    const at = this.replies.begin(Xid.ping, this.server.role.lastProcessedZxid);
    if (this.closedAsMoved(err, at)) return;
    this.account(request, request.operation.lastOp);
    this.replies.end(at, err);
  }

  private failed(request: Request, err: number): void {
    const at = this.replies.begin(request.cxid, this.server.role.lastProcessedZxid);
    this.account(request, FAILED);
    this.replies.end(at, err);
  }

  /** The begin or the end of a session that no other server knows: there is no transaction to wait for. */
  private session(request: Request): void {
    const { operation, cxid } = request;
    if (operation.type === OpCode.createSession) {
      this.account(request, operation.lastOp);
      this.server.onSessionCreated(this.connection);
      return;
    }
    const at = this.replies.begin(cxid, this.server.role.lastProcessedZxid);
    this.account(request, operation.lastOp);
    this.replies.end(at, ErrorCode.ok);
    this.server.onLocalSessionClosed(this.connection);
  }

  /**
   * A client that is told SESSIONMOVED gives up a session it still has (ZOOKEEPER-710); one that loses its connection
   * comes back and is attached where it asks.
   */
  private closedAsMoved(err: number, replyAt: number): boolean {
    if (err !== ErrorCode.sessionMoved) return false;
    this.replies.cancel(replyAt);
    this.connection.close('the session moved to another server', true, 'info');
    return true;
  }

  private account(answered: AskedRead | Request, lastOp: string): void {
    const { role, stats, slow, turnEnd } = this.server;
    if (slow.limitMs !== Number.POSITIVE_INFINITY) turnEnd.look();
    const nowMs = Math.floor(turnEnd.nowMs);
    const latencyMs = Math.max(nowMs - Math.floor(answered.arrivedMs), 0);
    if (latencyMs >= slow.limitMs) slow.onSlow(answered.asRequest(), this.connection, role.lastProcessedZxid);
    stats.onAnswered(latencyMs, answered.operation.kind === 'write');
    this.connection.stats.onAnswered(answered.cxid, role.lastProcessedZxid, lastOp, nowMs, latencyMs);
  }
}

/** The time of a longer one is looked at by itself. */
const LONG_ANSWER_BYTES = 16 * 1024;

/** The `lop` field of cons after a write that failed, as at Apache. */
const FAILED = 'NA';
