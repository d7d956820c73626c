import { assert } from '../../base/assert.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import type { TxnBody } from '../../jute/txns.ts';
import { looseParentOf } from './path-rules.ts';
import type { PrepContext } from './prep-context.ts';
import type { WriteRecord } from './write-record.ts';

/** createSession and closeSession, which carry no session check of their own, and reconfig, which is switched off. */
export function prepareCreateSession(context: PrepContext, record: WriteRecord): TxnBody | number {
  const { request, sessions } = context;
  sessions.track(request.sessionId, record.timeoutMs, context.nowMs);
  if (!sessions.setOwner(request.sessionId, request.owner)) return ErrorCode.sessionExpired;
  return { kind: 'createSession', type: OpCode.createSession, timeoutMs: record.timeoutMs };
}

/** Whoever asks: the client through any server, or the server when the session has expired. */
export function prepareCloseSession(context: PrepContext): TxnBody | number {
  const { request, pending } = context;
  const paths = pending.ephemeralsOf(request.sessionId);
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i] as string;
    const node = pending.find(path);
    const parent = pending.find(looseParentOf(path) as string);
    assert(node !== undefined && parent !== undefined, 'what a session owns is there, and has a parent');
    pending.remove(parent, node, context.zxid);
  }
  context.sessions.setClosing(request.sessionId);
  return {
    kind: 'closeSession',
    type: OpCode.closeSession,
    paths: context.listClosedPaths ? paths : undefined,
  };
}

export function prepareReconfig(): number {
  return ErrorCode.reconfigDisabled;
}
