import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { ReadOperation } from '../operation.ts';
import { pathFrom, readable } from './node-lookup.ts';

/** The fixed part of an answer: the length of the data, and the Stat. */
const STAT_BYTES = 68;

/** getData: path ustring, watch bool; answered the data and the Stat. */
export const getData: ReadOperation = {
  kind: 'read',
  type: OpCode.getData,
  lastOp: 'GETD',
  answer(asker, r, watcher, context, w) {
    const tree = context.database.tree;
    const pathAt = r.position;
    const found = tree.lookupRead(r);
    const watch = r.readBool();
    const node = readable(asker, found, context);
    if (node < 0) return node;
    if (watch) tree.watches.addData(pathFrom(r, pathAt), watcher);
    const before = w.length;
    tree.writeDataAndStat(node, w);
    context.meter.onRead(tree.pathOf(node), w.length - before - 4 - STAT_BYTES);
    return ErrorCode.ok;
  },
};
