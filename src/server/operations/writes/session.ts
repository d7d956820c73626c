import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { TxnBody } from '../../../jute/txns.ts';
import { stringsBytes } from '../../../jute/written-size.ts';
import type { PrepContext } from '../../prep/prep-context.ts';
import type { WriteOperation, WriteRecord } from '../operation.ts';

/** createSession (timeOut int) and closeSession (no record), which carry no session check of their own. */
interface CreateSessionRecord extends WriteRecord {
  readonly timeoutMs: number;
}

export const createSession: WriteOperation<CreateSessionRecord> = {
  kind: 'write',
  type: OpCode.createSession,
  lastOp: 'SESS',
  askedBy: 'servers',
  read: (r) => ({ path: undefined, timeoutMs: r.readInt() }),
  prepare: prepareCreateSession,
  // Its answer is the ConnectResponse.
  writeReply: () => ErrorCode.ok,
};

export const closeSession: WriteOperation = {
  kind: 'write',
  type: OpCode.closeSession,
  lastOp: 'CLOS',
  askedBy: 'clients',
  read: () => NO_RECORD,
  prepare: prepareCloseSession,
  writeReply: () => ErrorCode.ok,
};

const NO_RECORD: WriteRecord = { path: undefined };

function prepareCreateSession(context: PrepContext, record: CreateSessionRecord): TxnBody | number {
  const { asker, sessions } = context;
  // Somebody has it: an id comes again when a clock is set back.
  if (sessions.isElsewhere(asker.sessionId, asker.owner)) return ErrorCode.sessionExpired;
  sessions.track(asker.sessionId, record.timeoutMs, context.nowMs);
  if (!sessions.setOwner(asker.sessionId, asker.owner)) return ErrorCode.sessionExpired;
  return { kind: 'createSession', type: OpCode.createSession, timeoutMs: record.timeoutMs };
}

/**
 * Asked for by the client through any server, or by the server when the session has expired. Names that are too long
 * together are left out, as before 3.6: each server then deletes what its tree holds for the session.
 */
function prepareCloseSession(context: PrepContext): TxnBody | number {
  const { asker, pending } = context;
  const paths = pending.closeSession(asker.sessionId, context.zxid);
  context.sessions.setClosing(asker.sessionId);
  const isNaming = context.listClosedPaths && stringsBytes(paths) <= context.bytesLeft;
  return { kind: 'closeSession', type: OpCode.closeSession, paths: isNaming ? paths : undefined };
}
