import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { type CreateTxn, readTxn, type TxnBody } from '../../../src/jute/txns.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { type Action, type Create, type History, isWrite, type Op } from './history.ts';
import type { Ledger } from './ledger.ts';
import { inMulti, isOfSession, isSequential, typeOf } from './small-tree.ts';

/**
 * Finds the request that each delivered transaction comes from. A client that counts its requests afresh on every
 * connection, as kazoo does, asks several under one number, so session and number do not tell. An answer has the zxid
 * of its transaction; what was never answered is known by what it asked for.
 */
export interface Matched {
  readonly ops: ReadonlyMap<Zxid, Op>;
  /** Refused, and it may have been any of several that were never answered. */
  readonly anyones: ReadonlySet<Zxid>;
}

export function matchRequests(ledger: Ledger, history: History): Matched {
  const byKey = new Map<string, Op[]>();
  for (const op of history.ops) {
    if (!isWrite(op.action) && op.action.op !== 'close') continue;
    // It must not be in the history: a transaction of it is one that nobody asked for.
    if (op.result?.err === ErrorCode.throttledOp) continue;
    const key = keyOf(op.sessionId, op.xid);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [op]);
    else known.push(op);
  }
  const ops = new Map<Zxid, Op>();
  const anyones = new Set<Zxid>();
  for (const { zxid, payload } of ledger.delivered) {
    const key = keyOf(payload.readBigInt64BE(0), payload.readInt32BE(8));
    const candidates = byKey.get(key);
    if (candidates === undefined) continue;
    const found = candidates.length === 1 ? candidates[0] : choose(candidates, zxid, payload);
    if (found === 'anyone') anyones.add(zxid);
    else if (found !== undefined) {
      ops.set(zxid, found);
      if (candidates.length > 1) candidates.splice(candidates.indexOf(found), 1);
    }
  }
  return { ops, anyones };
}

function choose(candidates: readonly Op[], zxid: Zxid, payload: Buffer): Op | 'anyone' | undefined {
  const answered = candidates.find((op) => op.result !== undefined && op.zxid === zxid);
  if (answered !== undefined) return answered;
  const { header, body } = readTxn(payload);
  const open = candidates.filter((op) => op.result === undefined);
  if (header.type === OpCode.error) return open.length > 1 ? 'anyone' : (open[0] ?? candidates[0]);
  const fitting = open.filter(({ action }) => fits(action, body));
  if (fitting.length > 1 && isRefusedMulti(body)) return 'anyone';
  return fitting[0] ?? candidates.find(({ action }) => fits(action, body));
}

/** Nothing of what was asked is left in it but how many parts it had. */
function isRefusedMulti(body: TxnBody): boolean {
  return body.kind === 'multi' && body.txns.every(({ kind }) => kind === 'error');
}

function fits(action: Action, body: TxnBody): boolean {
  switch (body.kind) {
    case 'create':
      return action.op === 'create' && isMadeBy(body, action) && body.data?.toString() === action.data;
    case 'setData':
      return action.op === 'setData' && body.path === action.path && body.data?.toString() === action.data;
    case 'delete':
      return action.op === 'delete' && body.path === action.path;
    case 'setACL':
      return action.op === 'setAcl' && body.path === action.path;
    case 'multi': {
      if (action.op !== 'multi' || action.parts.length !== body.txns.length) return false;
      return body.txns.every((part, i) => part.kind === 'error' || fits(inMulti(action.parts[i] as Action), part));
    }
    case 'check':
      return action.op === 'check' && body.path === action.path;
    case 'closeSession':
      return action.op === 'close';
    default:
      return false;
  }
}

function isMadeBy({ type, path, ephemeral }: CreateTxn, action: Create): boolean {
  if (ephemeral !== isOfSession(action)) return false;
  // Its flags do not matter: it makes a node with a TTL or none.
  if ((type === OpCode.createTTL) !== (typeOf(action) === OpCode.createTTL)) return false;
  return isSequential(action.flags) ? path !== action.path && path.startsWith(action.path) : path === action.path;
}

function keyOf(sessionId: bigint, xid: number): string {
  return `${sessionId}/${xid}`;
}
