import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { ReadOperation } from '../operation.ts';

/** sync: path ustring; answered the path, once the barrier is passed. */
export const sync: ReadOperation = {
  kind: 'sync',
  type: OpCode.sync,
  lastOp: 'SYNC',
  answer(_asker, r, _watcher, _context, w) {
    w.writeString(r.readString());
    return ErrorCode.ok;
  },
};
