import { ProtocolError } from '../base/errors.ts';
import { OpCode } from '../jute/codes.ts';
import { Reader } from '../jute/reader.ts';
import { ZXID_ZERO, type Zxid } from '../jute/zxid.ts';
import type { Asker } from './asker.ts';
import type { Operation, Steps, WriteOperation, WriteRecord } from './operations/operation.ts';

/**
 * One request on its way through the pipeline. Every field is set in the constructor, so that all requests share
 * one hidden class. A write is read here, where it arrives: at the server of its client, and once more where a leader
 * takes in what another server forwards.
 */
export class Request {
  readonly asker: Asker;
  /** The client's xid; 0 for what the server itself submits (session create and close, container removal). */
  readonly cxid: number;
  readonly operation: Operation;
  /**
   * The kind of request. A write that cannot be read is `unreadable`: it is answered MARSHALLINGERROR where it came in,
   * and no transaction is spent on it. Apache does the same on a standalone server. Its leader logs an error under the
   * zxid of the transaction before, which no peer of ours would accept.
   */
  kind: RequestKind;
  /** The record of a write that can be read. */
  readonly record: WriteRecord | undefined;
  /** The record behind the header, a view into the frame it came in. */
  readonly body: Buffer;
  /** Monotonic ms of arrival. */
  readonly arrivedMs: number;
  /** Set by prep on the leader or standalone server. */
  zxid: Zxid;
  steps: Steps | undefined;
  /** The error code of a stepped operation that is done, or of a request that is refused. */
  outcome: number | undefined;
  /** Its session ended before it was answered: its answer may still come, and is for nobody. */
  isAbandoned: boolean;

  constructor(asker: Asker, cxid: number, operation: Operation, body: Buffer, arrivedMs: number) {
    this.asker = asker;
    this.cxid = cxid;
    this.operation = operation;
    this.record = operation.kind === 'write' ? readRecord(operation, body) : undefined;
    this.kind = operation.kind === 'write' && this.record === undefined ? 'unreadable' : operation.kind;
    this.body = body;
    this.arrivedMs = arrivedMs;
    this.zxid = ZXID_ZERO;
    this.steps = undefined;
    this.outcome = undefined;
    this.isAbandoned = false;
  }

  /** As an AskedRead does. */
  asRequest(): Request {
    return this;
  }

  /** Does it take more than a moment? */
  get isLong(): boolean {
    return 'begin' in this.operation && this.body.length > LONG_BODY_BYTES;
  }

  /** The client wants to end its session. */
  get isLastOfSession(): boolean {
    return this.operation.type === OpCode.closeSession;
  }

  /** Does its answer come from upstream? */
  get isSubmitted(): boolean {
    return this.kind === 'write' || this.kind === 'sync';
  }

  /** Is it a read, or another one that never goes upstream? */
  get isAnsweredHere(): boolean {
    return !this.isSubmitted && this.kind !== 'unreadable';
  }

  /** It goes no further, and is answered with this code when its turn comes. */
  refuse(err: number): void {
    this.kind = 'refused';
    this.outcome = err;
  }

  /** It begins or ends a session that this server alone knows. */
  keepHere(): void {
    this.kind = 'session';
  }
}

export type RequestKind = Operation['kind'] | 'unreadable' | 'refused' | 'session';

const NEVER_THROTTLED: ReadonlySet<number> = new Set([
  OpCode.ping,
  OpCode.createSession,
  OpCode.closeSession,
  OpCode.setWatches,
  OpCode.setWatches2,
]);

/**
 * May this operation be answered THROTTLEDOP? Apache answers setWatches so as well, and its clients go on in the belief
 * that they watch.
 */
export function isThrottlable({ type }: Operation): boolean {
  return !NEVER_THROTTLED.has(type);
}

/** Below, a stepped operation is a moment's work. */
const LONG_BODY_BYTES = 8 * 1024;

const reader = new Reader();

function readRecord(operation: WriteOperation, body: Buffer): WriteRecord | undefined {
  reader.reset(body);
  try {
    return operation.read(reader);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
