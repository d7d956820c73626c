import type { NodeView } from '../../../datatree/tree/tree-views.ts';
import { ErrorCode, Perm } from '../../../jute/codes.ts';
import type { Acl } from '../../../jute/data-records.ts';
import type { Asker } from '../../asker.ts';
import type { ReadContext } from '../operation.ts';

/** The handle of a node, or -1; "" is the root. */
export function find(tree: NodeView, path: string): number {
  return tree.lookup(path === '' ? '/' : path);
}

export function mayRead(asker: Asker, acl: readonly Acl[], context: ReadContext): boolean {
  return context.auth.permits(acl, Perm.read, asker.authIds);
}

/** The handle of a node that the client may read, or the ErrorCode that stands in its way. */
export function findReadable(asker: Asker, path: string, context: ReadContext): number {
  const { tree } = context.database;
  const node = find(tree, path);
  if (node === -1) return ErrorCode.noNode;
  return mayRead(asker, tree.aclOf(node), context) ? node : ErrorCode.noAuth;
}
