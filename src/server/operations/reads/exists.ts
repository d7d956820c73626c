import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { ReadOperation } from '../operation.ts';
import { find, mayRead } from './node-lookup.ts';

/** exists: path ustring, watch bool; answered the Stat. */
export const exists: ReadOperation = {
  kind: 'read',
  type: OpCode.exists,
  lastOp: 'EXIS',
  answer(asker, r, watcher, context, w) {
    const path = r.readString();
    const watch = r.readBool();
    if (path === undefined) return ErrorCode.marshallingError;
    if (path.includes('\u0000')) return ErrorCode.badArguments;
    const tree = context.database.tree;
    const node = find(tree, path);
    if (node !== -1 && !mayRead(asker, tree.aclOf(node), context)) return ErrorCode.noAuth;
    if (watch) tree.watches.addData(path, watcher);
    if (node === -1) return ErrorCode.noNode;
    tree.writeStat(node, w);
    context.meter.onRead(path, 0);
    return ErrorCode.ok;
  },
};
