import { CONTAINER_OWNER, MAX_TTL_MS, OwnerKind, ownerKindOf, ttlOwner } from '../../../datatree/tree/owner-kind.ts';
import { CreateMode, ErrorCode, OpCode, Perm } from '../../../jute/codes.ts';
import { type Acl, readAcls, type Stat, writeStat } from '../../../jute/data-records.ts';
import type { Reader } from '../../../jute/reader.ts';
import type { TxnBody } from '../../../jute/txns.ts';
import { fixupAcl } from '../../auth/acl-fixup.ts';
import { isValidPath, looseParentOf } from '../../prep/path-rules.ts';
import { isPermitted, type PrepContext } from '../../prep/prep-context.ts';
import type { PartOfMulti, WriteOperation, WriteRecord } from '../operation.ts';
import { NoAclListError, notInMulti } from './multi-errors.ts';

/**
 * create, create2, createContainer, createTTL: PrepRequestProcessor.pRequest2TxnCreate. The operation decides the
 * kind of transaction and thereby the kind of node; the flags decide sequence and, for the first two, ephemeral.
 *
 *   create, create2, createContainer   path ustring, data buffer, acl vector<ACL>, flags int
 *   createTTL                          + ttl long
 *   answer                             path ustring; of all but create then the Stat
 */
interface CreateRecord extends WriteRecord {
  /** The operation it is treated as: a multi may make another of it. */
  readonly type: number;
  readonly data: Buffer | undefined;
  readonly acl: readonly Acl[] | undefined;
  readonly flags: number;
  /** Milliseconds; -1 where the record has none. */
  readonly ttl: bigint;
}

export const create = createOperation(OpCode.create, {
  read: (r) => readPart(r, OpCode.create),
  resultType: OpCode.create,
  writeResult: (w, result) => w.writeString(result.path),
});
export const create2 = createOperation(OpCode.create2, partWithStat(OpCode.create2));
export const createContainer = createOperation(OpCode.createContainer, partWithStat(OpCode.createContainer));
export const createTTL = createOperation(OpCode.createTTL, partWithStat(OpCode.createTTL));

function createOperation(type: number, inMulti: PartOfMulti<CreateRecord>): WriteOperation<CreateRecord> {
  return {
    kind: 'write',
    type,
    lastOp: 'CREA',
    askedBy: 'clients',
    read: (r) => readRecord(r, type),
    prepare: prepareCreate,
    makesEphemeral: ({ flags }) => isEphemeralMode(flags),
    writeReply(w, result) {
      w.writeString(result.path);
      if (type !== OpCode.create) writeStat(w, result.stat as Stat);
      return ErrorCode.ok;
    },
    inMulti,
    audit: { as: ({ flags }) => ({ operation: 'create', znodeType: MODE_NAMES[flags] }) },
  };
}

/** By their number. */
const MODE_NAMES: readonly string[] = [
  'persistent',
  'ephemeral',
  'persistent_sequential',
  'ephemeral_sequential',
  'container',
  'persistent_with_ttl',
  'persistent_sequential_with_ttl',
];

function partWithStat(type: number): PartOfMulti<CreateRecord> {
  return {
    read: (r) => (type === OpCode.createTTL ? readTtlPart(r) : readPart(r, type)),
    resultType: OpCode.create2,
    writeResult(w, result) {
      w.writeString(result.path);
      if (result.stat !== undefined) writeStat(w, result.stat);
    },
  };
}

function readRecord(r: Reader, type: number): CreateRecord {
  const path = r.readString();
  const data = r.readBuffer();
  const acl = readAcls(r);
  const flags = r.readInt();
  return { type, path, data, acl, flags, ttl: type === OpCode.createTTL ? r.readLong() : -1n };
}

/** Apache makes an operation of each record of a multi at once, by its mode, and asks for a list of ACLs then. */
function readPart(r: Reader, type: number): CreateRecord {
  const record = readRecord(r, type);
  const { acl, flags } = record;
  if (flags < CreateMode.persistent || flags > CreateMode.persistentSequentialWithTTL) throw notInMulti(type);
  if (acl === undefined) throw new NoAclListError('a create in a multi has no list of ACLs');
  // A mode that wants a ttl, which this record does not have.
  if (isTtlMode(flags)) throw notInMulti(type);
  return flags === CreateMode.container ? { ...record, type: OpCode.createContainer } : record;
}

function readTtlPart(r: Reader): CreateRecord {
  const record = readRecord(r, OpCode.createTTL);
  if (isTtlMode(record.flags)) return record;
  const type = record.flags === CreateMode.container ? OpCode.createContainer : OpCode.create;
  return { ...record, type, ttl: -1n };
}

function isTtlMode(flags: number): boolean {
  return flags === CreateMode.persistentWithTTL || flags === CreateMode.persistentSequentialWithTTL;
}

function prepareCreate(context: PrepContext, record: CreateRecord): TxnBody | number {
  const { asker, pending, zxid } = context;
  const { type, flags } = record;
  const refused = refuseMode(context, record);
  if (refused !== ErrorCode.ok) return refused;

  const isEphemeral = isEphemeralMode(flags);
  const session = isEphemeral
    ? context.sessions.checkGlobal(asker.sessionId, asker.owner)
    : context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;

  if (record.path === undefined) return ErrorCode.marshallingError;
  const parentPath = looseParentOf(record.path);
  if (parentPath === undefined) return ErrorCode.badArguments;
  const acl = fixupAcl(record.acl, asker.authIds, context.auth);
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
  const owner = ownerOf(record, ephemeral, asker.sessionId);
  const createdFor = ephemeral ? owner : 0n;
  pending.create(parent, path, record.data, acl, owner, parentCVersion, zxid, context.timeMs, createdFor);
  const ttl = type === OpCode.createTTL ? record.ttl : 0n;
  return { kind: 'create', type, path, data: record.data, acl, ephemeral, parentCVersion, ttl };
}

function refuseMode(context: PrepContext, record: CreateRecord): number {
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

function ownerOf(record: CreateRecord, ephemeral: boolean, sessionId: bigint): bigint {
  if (record.type === OpCode.createContainer) return CONTAINER_OWNER;
  if (record.type === OpCode.createTTL) return ttlOwner(record.ttl);
  return ephemeral ? sessionId : 0n;
}

function isEphemeralMode(flags: number): boolean {
  return flags === CreateMode.ephemeral || flags === CreateMode.ephemeralSequential;
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
