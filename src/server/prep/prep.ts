import type { Log } from '../../base/log.ts';
import type { Database } from '../../datatree/database.ts';
import { DIGEST_VERSION } from '../../datatree/digest/digest.ts';
import type { OwnerOptions } from '../../datatree/tree/owner-kind.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import type { Txn, TxnBody } from '../../jute/txns.ts';
import { txnBodyBytes } from '../../jute/txns.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { Asker } from '../asker.ts';
import type { AuthRegistry } from '../auth/auth-registry.ts';
import type { Request } from '../request.ts';
import type { SessionTracker } from '../sessions/session-tracker.ts';
import type { Membership } from './membership.ts';
import { PendingTree } from './pending-tree.ts';
import type { PrepContext } from './prep-context.ts';
import { QuotaCheck } from './quota-check.ts';

/**
 * Requests become transactions where the order of all writes is made: on the leader or the standalone server. Each is
 * judged against the tree as it will be. It becomes a change or an error, and takes its zxid either way.
 * Follows PrepRequestProcessor.
 *
 * A transaction can be longer than its request (`auth:` becomes every proved id, the end of a session names its
 * ephemerals). A transaction that not all could take is refused here, MARSHALLINGERROR. The end of a session cannot be
 * refused; see closeSession.
 *
 * Prepared transactions must be applied in the order they were prepared, all of them, or `reset` be called.
 */
export interface PrepOptions extends OwnerOptions {
  /** Transactions carry the digest of the tree they lead to. */
  digest: boolean;
  enforceQuota: boolean;
  /** reconfigEnabled */
  reconfigEnabled: boolean;
  /** closeSessionTxn.enabled */
  listClosedPaths: boolean;
  /**
   * The longest transaction that every receiver takes. An Apache follower reads jute.maxbuffer and as much again by
   * default. It refuses a longer one, and is then lost to the ensemble.
   */
  maxTxnBytes: number;
}

export interface PrepDeps {
  database: Database;
  sessions: SessionTracker;
  auth: AuthRegistry;
  options: PrepOptions;
  members: Membership | undefined;
  log: Log;
  clock: { nowMs(): number; wallMs(): number };
}

export class Prep implements PrepContext {
  readonly pending: PendingTree;
  readonly sessions: SessionTracker;
  readonly auth: AuthRegistry;
  readonly quota: QuotaCheck;
  readonly owners: OwnerOptions;
  readonly reconfigEnabled: boolean;
  readonly members: Membership | undefined;
  readonly listClosedPaths: boolean;
  asker: Asker = NOBODY;
  zxid: Zxid = ZXID_ZERO;
  timeMs = 0;
  readonly bytesLeft: number;
  private cxid = 0;
  private readonly clock: PrepDeps['clock'];
  private readonly digestEnabled: boolean;

  constructor(deps: PrepDeps) {
    const { options } = deps;
    this.pending = new PendingTree(deps.database.tree, options.digest);
    this.sessions = deps.sessions;
    this.auth = deps.auth;
    this.quota = new QuotaCheck(deps.database.tree, options.enforceQuota, deps.clock, deps.log);
    this.owners = options;
    this.reconfigEnabled = options.reconfigEnabled;
    this.members = deps.members;
    this.listClosedPaths = options.listClosedPaths;
    this.clock = deps.clock;
    this.digestEnabled = options.digest;
    this.bytesLeft = options.maxTxnBytes - HEADER_AND_DIGEST_BYTES;
  }

  /**
   * The transaction of a write, under the zxid given. Never fails and never throws for what a client sent: a refused
   * write is an error transaction. Sets `request.zxid`. Buffers in the transaction are views into the request's body.
   */
  prepare(request: Request, zxid: Zxid): Txn {
    this.asker = request.asker;
    this.cxid = request.cxid;
    this.zxid = zxid;
    this.timeMs = this.clock.wallMs();
    this.pending.begin();
    const result = this.run(request);
    const txn = typeof result === 'number' ? this.failed(result) : this.accepted(result);
    request.zxid = zxid;
    this.asker = NOBODY;
    return txn;
  }

  /** The transaction and all before it are in the tree. */
  onApplied(zxid: Zxid): void {
    this.pending.onApplied(zxid);
  }

  /** The role is over: nothing that was prepared will be applied. */
  reset(): void {
    this.pending.clear();
  }

  /** Few transactions ask for it. */
  get nowMs(): number {
    return this.clock.nowMs();
  }

  private run({ operation, record, asker }: Request): TxnBody | number {
    if (operation.kind !== 'write') return ErrorCode.unimplemented;
    // This goes before any other fault: where the session is now, that could be taken for another request's answer.
    const isOfSession = operation.type === OpCode.createSession || operation.type === OpCode.closeSession;
    if (!isOfSession && this.sessions.isElsewhere(asker.sessionId, asker.owner)) return ErrorCode.sessionMoved;
    if (record === undefined) return ErrorCode.marshallingError;
    const result = operation.prepare(this, record);
    return typeof result === 'number' || txnBodyBytes(result) <= this.bytesLeft ? result : ErrorCode.marshallingError;
  }

  private accepted(body: TxnBody): Txn {
    this.pending.commit();
    // Behind a body that names nothing Apache would take it for names.
    const isNameless = body.kind === 'closeSession' && body.paths === undefined && this.listClosedPaths;
    const digest =
      this.digestEnabled && !isNameless ? { version: DIGEST_VERSION, treeDigest: this.pending.digest() } : undefined;
    return { header: this.header(body.type), body, digest };
  }

  private failed(err: number): Txn {
    this.pending.rollback();
    return { header: this.header(OpCode.error), body: { kind: 'error', type: OpCode.error, err }, digest: undefined };
  }

  private header(type: number): Txn['header'] {
    return { clientId: this.asker.sessionId, cxid: this.cxid, zxid: this.zxid, time: this.timeMs, type };
  }
}

/** clientId, cxid, zxid, time, type; version and digest. */
const HEADER_AND_DIGEST_BYTES = 32 + 12;

const NOBODY: Asker = { sessionId: 0n, authIds: [], owner: undefined };
