import { type NodeView, NULL_PATH } from '../../../datatree/tree/tree-views.ts';
import { ErrorCode, Perm } from '../../../jute/codes.ts';
import type { Acl } from '../../../jute/data-records.ts';
import type { Reader } from '../../../jute/reader.ts';
import type { Asker } from '../../asker.ts';
import type { ReadContext } from '../operation.ts';

/** The handle of a node, or -1; "" is the root. */
export function find(tree: NodeView, path: string): number {
  return tree.lookup(path === '' ? '/' : path);
}

/** The path that was looked up where it stands in the request. */
export function pathFrom(r: Reader, at: number): string {
  r.position = at;
  return r.readString() as string;
}

export function mayRead(asker: Asker, acl: readonly Acl[], context: ReadContext): boolean {
  return context.auth.permits(acl, Perm.read, asker.authIds);
}

/** The handle of a node that the client may read, or the ErrorCode that stands in its way. */
export function findReadable(asker: Asker, path: string, context: ReadContext): number {
  return readable(asker, find(context.database.tree, path), context);
}

/** The same of a handle that was looked up. */
export function readable(asker: Asker, node: number, context: ReadContext): number {
  if (node === NULL_PATH) return ErrorCode.marshallingError;
  if (node === -1) return ErrorCode.noNode;
  return mayRead(asker, context.database.tree.aclOf(node), context) ? node : ErrorCode.noAuth;
}
