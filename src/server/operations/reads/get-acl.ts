import { ErrorCode, OpCode, Perm } from '../../../jute/codes.ts';
import { type Acl, type Id, writeAcls } from '../../../jute/data-records.ts';
import type { ReadOperation } from '../operation.ts';
import { find } from './node-lookup.ts';

/** getACL: path ustring; answered the list and the Stat. */
export const getACL: ReadOperation = {
  kind: 'read',
  type: OpCode.getACL,
  lastOp: 'GETA',
  answer(asker, r, _watcher, context, w) {
    const path = r.readString();
    if (path === undefined) return ErrorCode.marshallingError;
    const tree = context.database.tree;
    const node = find(tree, path);
    if (node === -1) return ErrorCode.noNode;
    const acl = tree.aclOf(node);
    if (!context.auth.permits(acl, Perm.read | Perm.admin, asker.authIds)) return ErrorCode.noAuth;
    writeAcls(w, context.auth.permits(acl, Perm.admin, asker.authIds) ? acl : withoutHashes(acl));
    tree.writeStat(node, w);
    return ErrorCode.ok;
  },
};

/** A client that may not administer a node need not know the hashes its digest ids carry (CVE-2019-0201). */
function withoutHashes(acl: readonly Acl[]): Acl[] {
  const masked: Acl[] = [];
  for (const entry of acl) {
    const { scheme, id } = entry.id;
    // The dot of Java's regular expressions stops at these line ends.
    const shown: Id = scheme === 'digest' ? { scheme, id: id.replace(/:[^\n\r\u0085\u2028\u2029]*/g, ':x') } : entry.id;
    masked.push({ perms: entry.perms, id: shown });
  }
  return masked;
}
