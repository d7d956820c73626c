import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { ReadOperation } from '../operation.ts';
import { findReadable, pathFrom, readable } from './node-lookup.ts';

/** getChildren, getChildren2: path ustring, watch bool; answered the names, and by the second then the Stat. */
export const getChildren = childrenOperation(OpCode.getChildren);
export const getChildren2 = childrenOperation(OpCode.getChildren2);

function childrenOperation(type: number): ReadOperation {
  return {
    kind: 'read',
    type,
    lastOp: 'GETC',
    answer(asker, r, watcher, context, w) {
      const tree = context.database.tree;
      const pathAt = r.position;
      const found = tree.lookupRead(r);
      const watch = r.readBool();
      const node = readable(asker, found, context);
      if (node < 0) return node;
      if (watch) tree.watches.addChild(pathFrom(r, pathAt), watcher);
      const before = w.length;
      tree.writeChildren(node, w);
      context.meter.onRead(tree.pathOf(node), w.length - before - 4 - 4 * tree.childCount(node));
      if (type === OpCode.getChildren2) tree.writeStat(node, w);
      return ErrorCode.ok;
    },
  };
}

/** getAllChildrenNumber: path ustring; answered an int, of all that is below the node. */
export const getAllChildrenNumber: ReadOperation = {
  kind: 'read',
  type: OpCode.getAllChildrenNumber,
  lastOp: 'GETACN',
  answer(asker, r, _watcher, context, w) {
    const path = r.readString();
    if (path === undefined) return ErrorCode.marshallingError;
    const tree = context.database.tree;
    const node = findReadable(asker, path, context);
    if (node < 0) return node;
    w.writeInt(tree.allChildrenNumber(path));
    return ErrorCode.ok;
  },
};
