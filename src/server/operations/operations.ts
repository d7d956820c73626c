import { OpCode } from '../../jute/codes.ts';
import type { Operation, PlainOperation } from './operation.ts';
import { exists } from './reads/exists.ts';
import { getACL } from './reads/get-acl.ts';
import { getAllChildrenNumber, getChildren, getChildren2 } from './reads/get-children.ts';
import { getData } from './reads/get-data.ts';
import { multiRead } from './reads/multi-read.ts';
import { getEphemerals, whoAmI } from './reads/session-reads.ts';
import { setWatches, setWatches2 } from './reads/set-watches.ts';
import { sync } from './reads/sync.ts';
import { addWatch, checkWatches, removeWatches } from './reads/watch-operations.ts';
import { check } from './writes/check.ts';
import { create, create2, createContainer, createTTL } from './writes/create.ts';
import { deleteContainer, deleteNode } from './writes/delete.ts';
import { multi } from './writes/multi.ts';
import { reconfig } from './writes/reconfig.ts';
import { closeSession, createSession } from './writes/session.ts';
import { setACL } from './writes/set-acl.ts';
import { setData } from './writes/set-data.ts';

/**
 * Every operation by its name in the protocol; the compiler asks for one that is missing. Follows Request.isValid
 * and Request.isQuorum, and the processors' own lists.
 *
 * A client that names one of those that only servers submit, or `check` outside a multi (ZOOKEEPER-2623), asks for
 * something unknown. Apache takes createSession and deleteContainer from clients as well: the first lets a session
 * choose any timeout, the second deletes nodes without looking at their ACL. No client library sends either.
 */
const unknown: PlainOperation = { kind: 'unknown', type: OpCode.notification, lastOp: 'NA' };

const operations: Readonly<Record<keyof typeof OpCode, Operation>> = {
  notification: unknown,
  create,
  delete: deleteNode,
  exists,
  getData,
  setData,
  getACL,
  setACL,
  getChildren,
  sync,
  ping: { kind: 'ping', type: OpCode.ping, lastOp: 'PING' },
  getChildren2,
  check,
  multi,
  create2,
  reconfig,
  checkWatches,
  removeWatches,
  createContainer,
  deleteContainer,
  createTTL,
  multiRead,
  auth: { kind: 'auth', type: OpCode.auth, lastOp: 'NA' },
  setWatches,
  sasl: { kind: 'sasl', type: OpCode.sasl, lastOp: 'NA' },
  getEphemerals,
  getAllChildrenNumber,
  setWatches2,
  addWatch,
  whoAmI,
  createSession,
  closeSession,
  error: unknown,
};

const LOWEST_TYPE = OpCode.closeSession;
const byType: Operation[] = new Array(OpCode.whoAmI - LOWEST_TYPE + 1).fill(unknown);
for (const [name, type] of Object.entries(OpCode)) byType[type - LOWEST_TYPE] = operations[name as keyof typeof OpCode];

/** The operation that a client means by this number. */
export function operationOfClient(type: number): Operation {
  const operation = operationOf(type);
  return operation.kind === 'write' && operation.askedBy !== 'clients' ? unknown : operation;
}

/** The operation that another server means by this number when it forwards it, for a client or for itself. */
export function operationOfServer(type: number): Operation {
  const operation = operationOf(type);
  return operation.kind === 'write' && operation.askedBy !== 'multis' ? operation : unknown;
}

function operationOf(type: number): Operation {
  return byType[type - LOWEST_TYPE] ?? unknown;
}
