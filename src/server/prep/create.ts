import { CONTAINER_OWNER, MAX_TTL_MS, OwnerKind, ownerKindOf, ttlOwner } from '../../datatree/tree/owner-kind.ts';
import { CreateMode, ErrorCode, OpCode, Perm } from '../../jute/codes.ts';
import type { TxnBody } from '../../jute/txns.ts';
import { fixupAcl } from '../auth/acl-fixup.ts';
import { isValidPath, looseParentOf } from './path-rules.ts';
import { isPermitted, type PrepContext } from './prep-context.ts';
import type { WriteRecord } from './write-record.ts';

/**
 * create, create2, createContainer, createTTL: PrepRequestProcessor.pRequest2TxnCreate. The operation decides the
 * kind of transaction and thereby the kind of node; the flags decide sequence and, for the first two, ephemeral.
 */
export function prepareCreate(context: PrepContext, record: WriteRecord): TxnBody | number {
  const { request, pending, zxid } = context;
  const { type, flags } = record;
  const refused = refuseMode(context, record);
  if (refused !== ErrorCode.ok) return refused;

  const isEphemeral = flags === CreateMode.ephemeral || flags === CreateMode.ephemeralSequential;
  const session = isEphemeral
    ? context.sessions.checkGlobal(request.sessionId, request.owner)
    : context.sessions.check(request.sessionId, request.owner);
  if (session !== ErrorCode.ok) return session;

  if (record.path === undefined) return ErrorCode.marshallingError;
  const parentPath = looseParentOf(record.path);
  if (parentPath === undefined) return ErrorCode.badArguments;
  const acl = fixupAcl(record.acl, request.authIds, context.auth);
  if (typeof acl === 'number') return acl;
  const parent = pending.find(parentPath);
  if (parent === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, parent.acl, Perm.create)) return ErrorCode.noAuth;

  const path = isSequential(flags) ? record.path + sequenceSuffix(parent.cversion) : record.path;
  if (!isValidPath(path)) return ErrorCode.badArguments;
  if (pending.exists(path)) return ErrorCode.nodeExists;
  if (ownerKindOf(parent.ephemeralOwner, context.owners) === OwnerKind.session) {
    return ErrorCode.noChildrenForEphemerals;
  }
  const quota = context.quota.checkCreate(path, record.data);
  if (quota !== ErrorCode.ok) return quota;

  const parentCVersion = (parent.cversion + 1) | 0;
  const ephemeral = isEphemeral && (type === OpCode.create || type === OpCode.create2);
  const owner = ownerOf(record, ephemeral, request.sessionId);
  const createdFor = ephemeral ? owner : 0n;
  pending.create(parent, path, record.data, acl, owner, parentCVersion, zxid, context.timeMs, createdFor);
  const ttl = type === OpCode.createTTL ? record.ttl : 0n;
  return { kind: 'create', type, path, data: record.data, acl, ephemeral, parentCVersion, ttl };
}

function refuseMode(context: PrepContext, record: WriteRecord): number {
  const { type, flags, ttl } = record;
  if (flags < CreateMode.persistent || flags > CreateMode.persistentSequentialWithTTL) return ErrorCode.badArguments;
  if (flags >= CreateMode.persistentWithTTL) {
    if (!context.owners.extendedTypes) return ErrorCode.unimplemented;
    return ttl > 0n && ttl <= MAX_TTL_MS ? ErrorCode.ok : ErrorCode.badArguments;
  }
  // Apache lets a createTTL of another mode through when its ttl is negative, and then every server's apply thread
  // dies of the transaction. It must never be written.
  return type === OpCode.createTTL || ttl >= 0n ? ErrorCode.badArguments : ErrorCode.ok;
}

function ownerOf(record: WriteRecord, ephemeral: boolean, sessionId: bigint): bigint {
  if (record.type === OpCode.createContainer) return CONTAINER_OWNER;
  if (record.type === OpCode.createTTL) return ttlOwner(record.ttl);
  return ephemeral ? sessionId : 0n;
}

function isSequential(flags: number): boolean {
  return (
    flags === CreateMode.persistentSequential ||
    flags === CreateMode.ephemeralSequential ||
    flags === CreateMode.persistentSequentialWithTTL
  );
}

/** `%010d`: the sign counts as one of the ten. */
export function sequenceSuffix(cversion: number): string {
  if (cversion >= 0) return String(cversion).padStart(10, '0');
  return `-${String(-cversion).padStart(9, '0')}`;
}
