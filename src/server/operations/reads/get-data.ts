import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { ReadOperation } from '../operation.ts';
import { findReadable } from './node-lookup.ts';

/** The fixed part of an answer: the length of the data, and the Stat. */
const STAT_BYTES = 68;

/** getData: path ustring, watch bool; answered the data and the Stat. */
export const getData: ReadOperation = {
  kind: 'read',
  type: OpCode.getData,
  lastOp: 'GETD',
  answer(asker, r, watcher, context, w) {
    const path = r.readString();
    const watch = r.readBool();
    if (path === undefined) return ErrorCode.marshallingError;
    const tree = context.database.tree;
    const node = findReadable(asker, path, context);
    if (node < 0) return node;
    if (watch) tree.watches.addData(path, watcher);
    const before = w.length;
    tree.writeDataAndStat(node, w);
    context.meter.onRead(path, w.length - before - 4 - STAT_BYTES);
    return ErrorCode.ok;
  },
};
