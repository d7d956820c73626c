import { AddWatchMode, ErrorCode, OpCode, WatcherType } from '../../../jute/codes.ts';
import type { ReadOperation } from '../operation.ts';
import { NULL_PATH } from './null-path.ts';

/** checkWatches, removeWatches: path ustring, type int. addWatch: path ustring, mode int. */
export const checkWatches: ReadOperation = {
  kind: 'read',
  type: OpCode.checkWatches,
  lastOp: 'CHKW',
  answer(_asker, r, watcher, context) {
    const path = r.readString() ?? NULL_PATH;
    const type = r.readInt();
    if (!isWatcherType(type)) return ErrorCode.marshallingError;
    return context.database.tree.watches.has(path, type, watcher) ? ErrorCode.ok : ErrorCode.noWatcher;
  },
};

export const removeWatches: ReadOperation = {
  kind: 'read',
  type: OpCode.removeWatches,
  lastOp: 'REMW',
  answer(_asker, r, watcher, context) {
    const path = r.readString() ?? NULL_PATH;
    const type = r.readInt();
    if (!isWatcherType(type)) return ErrorCode.marshallingError;
    return context.database.tree.watches.remove(path, type, watcher) ? ErrorCode.ok : ErrorCode.noWatcher;
  },
};

function isWatcherType(type: number): boolean {
  return type >= WatcherType.children && type <= WatcherType.persistentRecursive;
}

/** Asks for no permission and no node: what the watcher may see is decided when something happens. */
export const addWatch: ReadOperation = {
  kind: 'read',
  type: OpCode.addWatch,
  lastOp: 'ADDW',
  answer(_asker, r, watcher, context, w) {
    const path = r.readString() ?? NULL_PATH;
    const mode = r.readInt();
    const { watches } = context.database.tree;
    if (mode === AddWatchMode.persistent) watches.addPersistent(path, watcher);
    else if (mode === AddWatchMode.persistentRecursive) watches.addRecursive(path, watcher);
    else return ErrorCode.marshallingError;
    // The only success with an ErrorResponse for its body.
    w.writeInt(ErrorCode.ok);
    return ErrorCode.ok;
  },
};
