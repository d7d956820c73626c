import { OpCode } from '../jute/codes.ts';

/**
 * What the server does with each operation a client may name. Follows Request.isValid and Request.isQuorum, and
 * the processors' own lists; the operations of a multi are prep/multi.ts's to judge.
 *
 * `unknown` is answered UNIMPLEMENTED and the connection closes: numbers that mean nothing, `check` outside a
 * multi (ZOOKEEPER-2623), and the operations that only servers submit. Apache takes createSession and
 * deleteContainer from clients as well: the first lets a session choose any timeout, the second deletes nodes
 * without looking at their ACL. No client library sends either.
 */
export const OpKind = {
  unknown: 0,
  /** Becomes a transaction. */
  write: 1,
  /** Answered from the tree of the server the client is connected to. */
  read: 2,
  /** A barrier through the leader, no transaction. */
  sync: 3,
  ping: 4,
  auth: 5,
  sasl: 6,
} as const;

const HIGHEST_CODE = OpCode.whoAmI;
const kinds = new Uint8Array(HIGHEST_CODE + 1);
const lastOps = new Array<string>(HIGHEST_CODE + 1).fill('NA');

function define(kind: number, entries: readonly (readonly [type: number, lastOp: string])[]): void {
  for (const [type, lastOp] of entries) {
    kinds[type] = kind;
    lastOps[type] = lastOp;
  }
}

define(OpKind.write, [
  [OpCode.create, 'CREA'],
  [OpCode.create2, 'CREA'],
  [OpCode.createContainer, 'CREA'],
  [OpCode.createTTL, 'CREA'],
  [OpCode.delete, 'DELE'],
  [OpCode.setData, 'SETD'],
  [OpCode.setACL, 'SETA'],
  [OpCode.multi, 'MULT'],
  [OpCode.reconfig, 'RECO'],
]);
define(OpKind.read, [
  [OpCode.exists, 'EXIS'],
  [OpCode.getData, 'GETD'],
  [OpCode.getACL, 'GETA'],
  [OpCode.getChildren, 'GETC'],
  [OpCode.getChildren2, 'GETC'],
  [OpCode.checkWatches, 'CHKW'],
  [OpCode.removeWatches, 'REMW'],
  [OpCode.multiRead, 'MLTR'],
  [OpCode.setWatches, 'SETW'],
  [OpCode.setWatches2, 'STW2'],
  [OpCode.addWatch, 'ADDW'],
  [OpCode.getEphemerals, 'GETE'],
  [OpCode.getAllChildrenNumber, 'GETACN'],
  [OpCode.whoAmI, 'HOMI'],
]);
define(OpKind.sync, [[OpCode.sync, 'SYNC']]);
define(OpKind.ping, [[OpCode.ping, 'PING']]);
define(OpKind.auth, [[OpCode.auth, 'NA']]);
define(OpKind.sasl, [[OpCode.sasl, 'NA']]);

/** The kind of an operation as a client sends it. */
export function opKindOf(type: number): number {
  if (type === OpCode.closeSession) return OpKind.write;
  return kinds[type] ?? OpKind.unknown;
}

/** The `lop` field of the four-letter word cons. A failed write shows NA, as at Apache: use this for answers only. */
export function lastOpName(type: number): string {
  if (type === OpCode.closeSession) return 'CLOS';
  if (type === OpCode.createSession) return 'SESS';
  return lastOps[type] ?? 'NA';
}
