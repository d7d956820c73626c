import { ProtocolError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import { readAuthPacket } from '../../jute/client-records.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Id } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
import { ZXID_ZERO } from '../../jute/zxid.ts';
import type { SaslAnswer, SaslLogin, SaslServerExchange } from '../../sasl/sasl-exchange.ts';
import { hasRoomFor, withAuthId } from '../auth/auth-ids.ts';
import type { AuthRegistry } from '../auth/auth-registry.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { ServedRole } from '../served-role.ts';
import type { ClientReplies } from './client-replies.ts';

/**
 * The door of one connection: the ids that its client proves by auth packets and by SASL, and whether they are enough
 * for a request. Follows the first half of ZooKeeperServer.processPacket. An answer of a SASL mechanism may take its
 * time; nothing behind its token is read meanwhile.
 */
export interface AuthServer {
  readonly auth: AuthRegistry;
  readonly sasl: SaslLogin | undefined;
  readonly options: { readonly allowSaslFailedClients: boolean };
  readonly role: Pick<ServedRole, 'database'>;
  readonly metrics: ServerMetrics;
  readonly log: Log;
  readonly clock: Pick<Clock, 'after'>;
}

/** From the first token of a login to its end: a client that gave up half-way would hold its challenge for ever. */
export const LOGIN_MS = 10_000;

export interface AuthHost {
  readonly client: string;
  readonly remoteAddress: string;
  sessionHex(): string;
  authIds(): readonly Id[];
  isClosed(): boolean;
  onProved(authIds: readonly Id[]): void;
  /** A token that was waited for is answered. */
  onAnswered(): void;
  close(reason: string, politely: boolean, level?: 'info'): void;
}

export class ClientAuth {
  private readonly server: AuthServer;
  private readonly replies: ClientReplies;
  private readonly host: AuthHost;
  private exchange: SaslServerExchange | undefined = undefined;
  private limit: Timer | undefined = undefined;
  /** A mechanism has a token and has not answered it. */
  isWaiting = false;

  constructor(server: AuthServer, replies: ClientReplies, host: AuthHost) {
    this.server = server;
    this.replies = replies;
    this.host = host;
  }

  /** May this client ask for anything? If not it is told so, and its connection closes. */
  admits(xid: number): boolean {
    const { auth, log, metrics } = this.server;
    const ids = this.host.authIds();
    if (auth.admits(ids)) return true;
    metrics.connections.unauthenticatedRequests.add(1);
    const schemes = [...new Set(ids.map((id) => id.scheme))].join(', ');
    log.warn({ ...this.fields(), schemes }, 'closing a client connection: it has proved no id of enforce.auth.schemes');
    this.replies.header(xid, ZXID_ZERO, ErrorCode.sessionClosedRequireSaslAuth);
    this.host.close('authentication is required', true);
    return false;
  }

  onAuthPacket(xid: number, r: Reader): void {
    const { auth, role, metrics, log } = this.server;
    const packet = readAuthPacket(r);
    const answer = auth.authenticate(packet.scheme, packet.auth, this.host.remoteAddress, (path) => {
      const tree = role.database?.tree;
      const node = tree?.lookup(path) ?? -1;
      return tree === undefined || node === -1 ? undefined : tree.dataOf(node);
    });
    if (answer === 'wrong-ensemble') {
      metrics.connections.ensembleAuthFail.add(1);
      this.host.close('the client means another ensemble', false, 'info');
      return;
    }
    if (answer === 'right-ensemble') metrics.connections.ensembleAuthSuccess.add(1);
    else if (packet.scheme === 'ensemble' && answer !== 'refused') metrics.connections.ensembleAuthSkip.add(1);
    if (answer === 'refused') {
      this.refuse(xid, packet.scheme, 'authentication refused');
      return;
    }
    if (answer !== 'right-ensemble' && !this.take(answer)) {
      this.refuse(xid, packet.scheme, 'more ids than one connection may have');
      return;
    }
    log.debug({ ...this.fields(), scheme: packet.scheme }, 'authenticated');
    this.replies.header(xid, ZXID_ZERO, ErrorCode.ok);
  }

  /** False: they are more than one connection may have, and none of them counts. */
  private take(proved: readonly Id[]): boolean {
    const before = this.host.authIds();
    let authIds = before;
    for (const id of proved) {
      if (!hasRoomFor(authIds, id)) return false;
      authIds = withAuthId(authIds, id);
    }
    if (authIds !== before) this.host.onProved(authIds);
    return true;
  }

  private refuse(xid: number, scheme: string, reason: string): void {
    this.server.log.warn({ ...this.fields(), scheme }, `${reason}, closing the connection`);
    this.replies.header(xid, ZXID_ZERO, ErrorCode.authFailed);
    this.host.close(reason, true);
  }

  /** Apache without a login configuration answers every token with none, and the client believes it is through. */
  onSaslPacket(xid: number, r: Reader): void {
    const token = r.readBuffer();
    if (token === undefined) throw new ProtocolError('SASL token is null');
    const { sasl } = this.server;
    if (sasl === undefined) {
      this.answerSasl(xid, undefined, ErrorCode.ok);
      return;
    }
    if (this.exchange === undefined) {
      this.exchange = sasl.begin();
      this.limit = this.server.clock.after(LOGIN_MS, () => this.onLoginLate());
    }
    this.isWaiting = true;
    // The token outlives the frame when the mechanism answers later.
    this.exchange.step(Buffer.from(token), (answer) => {
      this.isWaiting = false;
      if (this.host.isClosed()) return;
      this.onSaslAnswer(xid, answer);
      this.host.onAnswered();
    });
  }

  /** The connection has closed. Many that open and close would else be kept, each until its limit. */
  end(): void {
    this.limit?.cancel();
    this.limit = undefined;
    this.exchange = undefined;
  }

  private onLoginLate(): void {
    this.server.metrics.connections.saslFailures.add(1);
    this.server.log.warn(this.fields(), `closing a client connection: its login by SASL took more than ${LOGIN_MS} ms`);
    this.host.close('SASL login took too long', false);
  }

  private onSaslAnswer(xid: number, answer: SaslAnswer): void {
    if (answer.fault !== undefined || answer.identity !== undefined) this.limit?.cancel();
    if (answer.fault !== undefined) {
      this.refuseSasl(xid, answer.fault);
      return;
    }
    const { identity } = answer;
    if (identity !== undefined) {
      if (!this.take(this.server.auth.saslIds(identity))) {
        this.refuseSasl(xid, 'more ids than one connection may have');
        return;
      }
      this.server.log.info({ ...this.fields(), identity }, 'a client has logged in by SASL');
    }
    this.answerSasl(xid, answer.token, ErrorCode.ok);
  }

  private refuseSasl(xid: number, reason: string): void {
    const { auth, options, log, metrics } = this.server;
    metrics.connections.saslFailures.add(1);
    if (options.allowSaslFailedClients && !auth.requiresSasl) {
      log.warn(
        { ...this.fields(), reason },
        'a login by SASL failed; the client stays, as allowSaslFailedClients says',
      );
      this.answerSasl(xid, undefined, ErrorCode.ok);
      return;
    }
    log.warn({ ...this.fields(), reason }, 'closing a client connection: its login by SASL failed');
    const err = auth.requiresSasl ? ErrorCode.sessionClosedRequireSaslAuth : ErrorCode.authFailed;
    this.answerSasl(xid, undefined, err);
    this.host.close('SASL login failed', true);
  }

  /** With an error too there is a token, which is null. */
  private answerSasl(xid: number, token: Buffer | undefined, err: number): void {
    const at = this.replies.begin(xid, ZXID_ZERO);
    this.replies.writer.writeBuffer(token);
    this.replies.end(at, err);
  }

  private fields(): { readonly client: string; readonly session: string } {
    return { client: this.host.client, session: this.host.sessionHex() };
  }
}
