import { assert } from '../../../base/assert.ts';
import { isSpecialPath } from '../../../datatree/special-paths.ts';
import { OwnerKind, ownerKindOf, ttlOf } from '../../../datatree/tree/owner-kind.ts';
import { ErrorCode, OpCode, Perm } from '../../../jute/codes.ts';
import type { TxnBody } from '../../../jute/txns.ts';
import { looseParentOf } from '../../prep/path-rules.ts';
import { isPermitted, type PrepContext, versionMatches } from '../../prep/prep-context.ts';
import type { WriteOperation, WriteRecord } from '../operation.ts';
import { type PathVersionRecord, readPathVersion } from './path-version.ts';

/**
 * delete and deleteContainer.
 *
 *   delete            path ustring, version int
 *   deleteContainer   path buffer
 *   answer            nothing
 */
export const deleteNode: WriteOperation<PathVersionRecord> = {
  kind: 'write',
  type: OpCode.delete,
  lastOp: 'DELE',
  askedBy: 'clients',
  read: readPathVersion,
  prepare: prepareDelete,
  writeReply: () => ErrorCode.ok,
  inMulti: { read: readPathVersion, resultType: OpCode.delete, writeResult: () => {} },
  audit: { as: () => ({ operation: 'delete' }) },
};

interface DeleteContainerRecord extends WriteRecord {
  readonly path: string;
}

export const deleteContainer: WriteOperation<DeleteContainerRecord> = {
  kind: 'write',
  type: OpCode.deleteContainer,
  lastOp: 'NA',
  askedBy: 'servers',
  // The same bytes as a ustring; Apache cannot read a null one.
  read: (r) => ({ path: r.readRequiredString('path') }),
  prepare: prepareDeleteContainer,
  writeReply: () => ErrorCode.ok,
  inMulti: { resultType: OpCode.delete, writeResult: () => {} },
};

function prepareDelete(context: PrepContext, record: PathVersionRecord): TxnBody | number {
  const { asker, pending } = context;
  const session = context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;
  const path = record.path;
  if (path === undefined) return ErrorCode.marshallingError;
  const parentPath = looseParentOf(path);
  if (parentPath === undefined || isSpecialPath(path)) return ErrorCode.badArguments;
  const parent = pending.find(parentPath);
  if (parent === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, parent.acl, Perm.delete)) return ErrorCode.noAuth;
  const node = pending.find(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!versionMatches(node.version, record.version)) return ErrorCode.badVersion;
  if (node.childCount > 0) return ErrorCode.notEmpty;
  pending.remove(parent, node, context.zxid);
  return { kind: 'delete', type: OpCode.delete, path };
}

/**
 * A container or TTL node found empty. Only the server itself asks: it knows no session, ACL or version, so a client
 * that could would delete any leaf. To clients it is an operation that does not exist, here for those whose server
 * forwards it.
 */
function prepareDeleteContainer(context: PrepContext, record: DeleteContainerRecord): TxnBody | number {
  const { asker, pending } = context;
  if (asker.owner !== undefined) return ErrorCode.unimplemented;
  const { path } = record;
  const node = pending.find(path);
  if (node === undefined) return ErrorCode.noNode;
  if (node.childCount > 0) return ErrorCode.notEmpty;
  const kind = ownerKindOf(node.ephemeralOwner, context.owners);
  if (kind === OwnerKind.session) return ErrorCode.badVersion;
  // It was found overdue a while ago, and may have been written since.
  if (kind === OwnerKind.ttl && context.timeMs - node.mtime <= ttlOf(node.ephemeralOwner)) return ErrorCode.badVersion;
  const parent = pending.find(looseParentOf(path) as string);
  assert(parent !== undefined, 'every node but the root has a parent, and the root is never a candidate');
  pending.remove(parent, node, context.zxid);
  return { kind: 'delete', type: OpCode.deleteContainer, path };
}
