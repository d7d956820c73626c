import type { ApplyResult, Database } from '../../datatree/database.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Txn, TxnBody } from '../../jute/txns.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Asker } from '../asker.ts';
import type { AuthRegistry } from '../auth/auth-registry.ts';
import type { NamespaceMeter } from '../metrics/namespace-meter.ts';
import type { PrepContext } from '../prep/prep-context.ts';
import type { SessionChecks } from '../sessions/session-tracker.ts';

/**
 * All that the server knows of one operation: how its record is read, what it is judged by, and what is answered. The
 * table of all of them is in operations.ts; datatree decides what a transaction then does to the tree.
 */
export type Operation = WriteOperation | ReadOperation | SteppedOperation | PlainOperation;

interface AnyOperation {
  /** The number that is forwarded to a leader; it also tells the transaction of one write from another's. */
  readonly type: number;
  /** The `lop` field of the four-letter word cons, once it is answered. */
  readonly lastOp: string;
}

/** The record of a write, as read from its bytes; buffers are views into them. */
export interface WriteRecord {
  /** Null is kept apart from an empty path: Apache fails on the first and judges the second. */
  readonly path: string | undefined;
}

/** Becomes a transaction. */
export interface WriteOperation<R extends WriteRecord = WriteRecord> extends AnyOperation {
  readonly kind: 'write';
  readonly askedBy: AskedBy;
  /** Throws ProtocolError when the bytes are no such record. Bytes after the record are not looked at. */
  read(r: Reader): R;
  /**
   * The body of its transaction with its changes staged, or an error code with nothing staged. MARSHALLINGERROR
   * stands for what makes Apache fail, and ends a whole multi. The order of the checks is part of the protocol: it
   * decides which of two errors a client is told.
   */
  prepare(context: PrepContext, record: R): TxnBody | number;
  /** The body of the reply, once the transaction is applied; returns the error code. */
  writeReply(w: Writer, result: ApplyResult, txn: Txn): number;
  /** Whether the session that asks is to own a node by it; of those that can. */
  makesEphemeral?(record: R): boolean;
  /** Only of those that a multi may hold. */
  readonly inMulti?: PartOfMulti<R>;
  /** Only of those that have a line in the audit log. */
  readonly audit?: Audited<R>;
}

export interface Audited<R extends WriteRecord = WriteRecord> {
  as(record: R): AuditedAs;
}

export interface AuditedAs {
  readonly operation: string;
  /** The mode of a create, in Apache's name and small letters; undefined where the flags are none. */
  readonly znodeType?: string | undefined;
  readonly acl?: string;
}

export interface PartOfMulti<R extends WriteRecord = WriteRecord> {
  /** As `read`, with what a multi asks for beyond it. Undefined: it comes out of an Apache leader at most. */
  read?(r: Reader): R;
  /** The type in the header of its result. */
  readonly resultType: number;
  writeResult(w: Writer, result: ApplyResult): void;
}

/**
 * The three who can ask for a write. Among the writes of servers are a session's beginning and end: the client's
 * server submits them under that session. A client that names such a number asks for an operation that does not exist.
 */
export type AskedBy = 'clients' | 'servers' | 'multis';

/**
 * Answered from the tree of the server the client is connected to, and sync's echo. Each checks, sets its watch, writes
 * the body of the reply and returns the error code; with an error there is a body only where Apache sends one.
 *
 * A path is only looked up, never validated, and "" is the root; a null one makes Apache fail. Where a watch is set
 * although the answer is an error, or the other way round, that is Apache's order.
 */
export interface ReadOperation extends AnyOperation {
  /** A sync is a barrier through the leader, and no transaction. */
  readonly kind: 'read' | 'sync';
  answer(asker: Asker, r: Reader, watcher: Watcher, context: ReadContext, w: Writer): number;
}

/**
 * A read that one frame can make long, and that has no body to write: done in steps, the other clients in between. The
 * events that it finds due go out before its reply. Requests behind it wait.
 */
export interface SteppedOperation extends AnyOperation {
  readonly kind: 'read';
  /** Throws ProtocolError when the bytes are no such record. */
  begin(body: Buffer): Steps;
}

export interface Steps {
  /** Does some of it. The error code when that was the last of it, undefined while more is to do. */
  go(watcher: Watcher, context: ReadContext): number | undefined;
}

export interface ReadContext {
  readonly database: Database;
  readonly auth: AuthRegistry;
  /** The tracker on a leader or standalone server; LearnerSessionTracker on a learner, which lets all pass. */
  readonly sessions: SessionChecks;
  readonly meter: Pick<NamespaceMeter, 'onRead'>;
}

/** Answered by the connection itself. `unknown`: UNIMPLEMENTED, and the connection closes. */
export interface PlainOperation extends AnyOperation {
  readonly kind: 'ping' | 'auth' | 'sasl' | 'unknown';
}
