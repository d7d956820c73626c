import { assert } from '../../base/assert.ts';
import { isSpecialPath } from '../../datatree/special-paths.ts';
import { OwnerKind, ownerKindOf, ttlOf } from '../../datatree/tree/owner-kind.ts';
import { ErrorCode, OpCode, Perm } from '../../jute/codes.ts';
import type { TxnBody } from '../../jute/txns.ts';
import { fixupAcl } from '../auth/acl-fixup.ts';
import { isValidPath, looseParentOf } from './path-rules.ts';
import { isPermitted, nextVersion, type PrepContext, versionMatches } from './prep-context.ts';
import type { WriteRecord } from './write-record.ts';

/**
 * delete, deleteContainer, setData, setACL, check, in the order of checks of PrepRequestProcessor.pRequest2Txn. The
 * order is part of the protocol: it decides which of two errors a client is told.
 */
export function prepareDelete(context: PrepContext, record: WriteRecord): TxnBody | number {
  const { request, pending } = context;
  const session = context.sessions.check(request.sessionId, request.owner);
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
  return { kind: 'delete', type: record.type, path };
}

/**
 * A container or TTL node found empty. Only the server itself asks: it knows no session, ACL or version, so a client
 * that could would delete any leaf. To clients it is an operation that does not exist, here for those whose server
 * forwards it.
 */
export function prepareDeleteContainer(context: PrepContext, record: WriteRecord): TxnBody | number {
  const { request, pending } = context;
  if (request.owner !== undefined) return ErrorCode.unimplemented;
  const path = record.path as string;
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
  return { kind: 'delete', type: record.type, path };
}

export function prepareSetData(context: PrepContext, record: WriteRecord): TxnBody | number {
  const { request, pending } = context;
  const session = context.sessions.check(request.sessionId, request.owner);
  if (session !== ErrorCode.ok) return session;
  const { path, data } = record;
  if (path === undefined || !isValidPath(path)) return ErrorCode.badArguments;
  const node = pending.find(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, node.acl, Perm.write)) return ErrorCode.noAuth;
  const quota = context.quota.checkSetData(path, node.dataLength, data);
  if (quota !== ErrorCode.ok) return quota;
  if (!versionMatches(node.version, record.version)) return ErrorCode.badVersion;
  const version = nextVersion(node.version);
  pending.setData(node, data, version, context.zxid, context.timeMs);
  return { kind: 'setData', type: OpCode.setData, path, data, version };
}

export function prepareSetAcl(context: PrepContext, record: WriteRecord): TxnBody | number {
  const { request, pending } = context;
  const session = context.sessions.check(request.sessionId, request.owner);
  if (session !== ErrorCode.ok) return session;
  const path = record.path;
  if (path === undefined || !isValidPath(path)) return ErrorCode.badArguments;
  const acl = fixupAcl(record.acl, request.authIds, context.auth);
  if (typeof acl === 'number') return acl;
  const node = pending.find(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, node.acl, Perm.admin)) return ErrorCode.noAuth;
  if (!versionMatches(node.aversion, record.version)) return ErrorCode.badVersion;
  const version = nextVersion(node.aversion);
  pending.setAcl(node, acl, version, context.zxid);
  return { kind: 'setACL', type: OpCode.setACL, path, acl, version };
}

/** Only inside a multi. Changes nothing, and names the version the node would have next. */
export function prepareCheck(context: PrepContext, record: WriteRecord): TxnBody | number {
  const { request, pending } = context;
  const session = context.sessions.check(request.sessionId, request.owner);
  if (session !== ErrorCode.ok) return session;
  const path = record.path;
  if (path === undefined || !isValidPath(path)) return ErrorCode.badArguments;
  const node = pending.find(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, node.acl, Perm.read)) return ErrorCode.noAuth;
  if (!versionMatches(node.version, record.version)) return ErrorCode.badVersion;
  return { kind: 'check', type: OpCode.check, path, version: nextVersion(node.version) };
}
