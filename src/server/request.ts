import type { Id } from '../jute/data-records.ts';
import type { Txn } from '../jute/txns.ts';
import { ZXID_ZERO, type Zxid } from '../jute/zxid.ts';

/**
 * One request on its way through the pipeline. Every field is set in the constructor, so that all requests share
 * one hidden class. `body` is the record behind the header, a view into the frame it came in.
 */
export class Request {
  readonly sessionId: bigint;
  /** The client's xid; 0 for what the server itself submits (session create and close, container removal). */
  readonly cxid: number;
  readonly type: number;
  readonly body: Buffer;
  /** Ids the session has proved, in the order proved; the remote address is one of them. */
  readonly authIds: readonly Id[];
  /** Who holds the session: a connection of this server, a learner's link, or undefined for the server itself. */
  readonly owner: SessionOwner | undefined;
  /** Monotonic ms of arrival. */
  readonly arrivedMs: number;
  /** Set by prep on the leader or standalone server. */
  txn: Txn | undefined;
  zxid: Zxid;

  constructor(
    sessionId: bigint,
    cxid: number,
    type: number,
    body: Buffer,
    authIds: readonly Id[],
    owner: SessionOwner | undefined,
    arrivedMs: number,
  ) {
    this.sessionId = sessionId;
    this.cxid = cxid;
    this.type = type;
    this.body = body;
    this.authIds = authIds;
    this.owner = owner;
    this.arrivedMs = arrivedMs;
    this.txn = undefined;
    this.zxid = ZXID_ZERO;
  }
}

/**
 * Identity only: two requests of one session with different owners mean that the session moved. The server
 * itself is one owner for all sessions attached to it, each learner's link is another.
 */
export interface SessionOwner {
  readonly ownerName: string;
}
