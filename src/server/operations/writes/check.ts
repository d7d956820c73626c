import { ErrorCode, OpCode, Perm } from '../../../jute/codes.ts';
import type { TxnBody } from '../../../jute/txns.ts';
import { isValidPath } from '../../prep/path-rules.ts';
import { isPermitted, nextVersion, type PrepContext, versionMatches } from '../../prep/prep-context.ts';
import type { WriteOperation } from '../operation.ts';
import { type PathVersionRecord, readPathVersion } from './path-version.ts';

/** check: path ustring, version int. A part of multis alone (ZOOKEEPER-2623), answered nothing. */
export const check: WriteOperation<PathVersionRecord> = {
  kind: 'write',
  type: OpCode.check,
  lastOp: 'NA',
  askedBy: 'multis',
  read: readPathVersion,
  prepare: prepareCheck,
  writeReply: () => ErrorCode.ok,
  inMulti: { read: readPathVersion, resultType: OpCode.check, writeResult: () => {} },
};

/** Changes nothing, and names the version the node would have next. */
function prepareCheck(context: PrepContext, record: PathVersionRecord): TxnBody | number {
  const { asker, pending } = context;
  const session = context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;
  const path = record.path;
  if (path === undefined || !isValidPath(path)) return ErrorCode.badArguments;
  const node = pending.find(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, node.acl, Perm.read)) return ErrorCode.noAuth;
  if (!versionMatches(node.version, record.version)) return ErrorCode.badVersion;
  return { kind: 'check', type: OpCode.check, path, version: nextVersion(node.version) };
}
