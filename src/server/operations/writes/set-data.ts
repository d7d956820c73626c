import { ErrorCode, OpCode, Perm } from '../../../jute/codes.ts';
import { type Stat, writeStat } from '../../../jute/data-records.ts';
import type { Reader } from '../../../jute/reader.ts';
import type { TxnBody } from '../../../jute/txns.ts';
import { isValidPath } from '../../prep/path-rules.ts';
import { isPermitted, nextVersion, type PrepContext, versionMatches } from '../../prep/prep-context.ts';
import type { WriteOperation, WriteRecord } from '../operation.ts';

/** setData: path ustring, data buffer, version int; answered the Stat. */
interface SetDataRecord extends WriteRecord {
  readonly data: Buffer | undefined;
  readonly version: number;
}

export const setData: WriteOperation<SetDataRecord> = {
  kind: 'write',
  type: OpCode.setData,
  lastOp: 'SETD',
  askedBy: 'clients',
  read: readSetData,
  prepare: prepareSetData,
  writeReply(w, result) {
    writeStat(w, result.stat as Stat);
    return ErrorCode.ok;
  },
  audit: { as: () => ({ operation: 'setData' }) },
  inMulti: {
    read: readSetData,
    resultType: OpCode.setData,
    writeResult(w, result) {
      if (result.stat !== undefined) writeStat(w, result.stat);
    },
  },
};

function readSetData(r: Reader): SetDataRecord {
  return { path: r.readString(), data: r.readBuffer(), version: r.readInt() };
}

function prepareSetData(context: PrepContext, record: SetDataRecord): TxnBody | number {
  const { asker, pending } = context;
  const session = context.sessions.check(asker.sessionId, asker.owner);
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
