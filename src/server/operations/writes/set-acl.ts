import { ErrorCode, OpCode, Perm } from '../../../jute/codes.ts';
import { type Acl, readAcls, type Stat, writeStat } from '../../../jute/data-records.ts';
import type { TxnBody } from '../../../jute/txns.ts';
import { aclText } from '../../audit/acl-text.ts';
import { fixupAcl } from '../../auth/acl-fixup.ts';
import { isValidPath } from '../../prep/path-rules.ts';
import { isPermitted, nextVersion, type PrepContext, versionMatches } from '../../prep/prep-context.ts';
import type { WriteOperation, WriteRecord } from '../operation.ts';

/** setACL: path ustring, acl vector<ACL>, version int; answered the Stat. */
interface SetAclRecord extends WriteRecord {
  readonly acl: readonly Acl[] | undefined;
  readonly version: number;
}

export const setACL: WriteOperation<SetAclRecord> = {
  kind: 'write',
  type: OpCode.setACL,
  lastOp: 'SETA',
  askedBy: 'clients',
  read: (r) => ({ path: r.readString(), acl: readAcls(r), version: r.readInt() }),
  prepare: prepareSetAcl,
  writeReply(w, result) {
    writeStat(w, result.stat as Stat);
    return ErrorCode.ok;
  },
  audit: { as: ({ acl }) => ({ operation: 'setAcl', acl: aclText(acl) }) },
};

function prepareSetAcl(context: PrepContext, record: SetAclRecord): TxnBody | number {
  const { asker, pending } = context;
  const session = context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;
  const path = record.path;
  if (path === undefined || !isValidPath(path)) return ErrorCode.badArguments;
  const acl = fixupAcl(record.acl, asker.authIds, context.auth);
  if (typeof acl === 'number') return acl;
  const node = pending.find(path);
  if (node === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, node.acl, Perm.admin)) return ErrorCode.noAuth;
  if (!versionMatches(node.aversion, record.version)) return ErrorCode.badVersion;
  const version = nextVersion(node.aversion);
  pending.setAcl(node, acl, version, context.zxid);
  return { kind: 'setACL', type: OpCode.setACL, path, acl, version };
}
