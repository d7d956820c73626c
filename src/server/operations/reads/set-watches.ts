import type { Watcher } from '../../../datatree/watches/watcher.ts';
import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { Reader } from '../../../jute/reader.ts';
import { ZXID_NONE, type Zxid } from '../../../jute/zxid.ts';
import type { ReadContext, ReadOperation } from '../operation.ts';
import { NULL_PATH } from './null-path.ts';

/**
 * setWatches: relativeZxid long, dataWatches existWatches childWatches vector<ustring>; setWatches2: +
 * persistentWatches persistentRecursiveWatches. Answered nothing.
 */
export const setWatches = setWatchesOperation(OpCode.setWatches, 'SETW');
export const setWatches2 = setWatchesOperation(OpCode.setWatches2, 'STW2');

function setWatchesOperation(type: number, lastOp: string): ReadOperation {
  return {
    kind: 'read',
    type,
    lastOp,
    eventsFirst: true,
    answer: (_asker, r, watcher, context) => answerSetWatches(r, watcher, context, type === OpCode.setWatches2),
  };
}

/**
 * Apache fails on a null list or path, but only when it comes to it: what stands before is set, and what was missed is
 * told. Paths of persistent watches are not looked up, so a null one passes there.
 */
function answerSetWatches(r: Reader, watcher: Watcher, context: ReadContext, withPersistent: boolean): number {
  const relativeZxid = clampedZxid(r.readLong());
  const read = [readPaths(r), readPaths(r), readPaths(r)];
  if (withPersistent) read.push(readPaths(r), readPaths(r));
  const lists: string[][] = [[], [], [], [], []];
  let err: number = ErrorCode.ok;
  for (let i = 0; i < read.length && err === ErrorCode.ok; i++) {
    const paths = read[i];
    if (paths === undefined) err = ErrorCode.marshallingError;
    else if (i > 2) lists[i] = paths.map((path) => path ?? NULL_PATH);
    else err = takePaths(paths, lists[i] as string[]);
  }
  const [data = [], exist = [], child = [], persistent = [], persistentRecursive = []] = lists;
  context.database.tree.watches.setWatches(
    { relativeZxid, data, exist, child, persistent, persistentRecursive },
    watcher,
  );
  return err;
}

function takePaths(paths: readonly (string | undefined)[], into: string[]): number {
  for (const path of paths) {
    if (path === undefined) return ErrorCode.marshallingError;
    into.push(path);
  }
  return ErrorCode.ok;
}

function readPaths(r: Reader): (string | undefined)[] | undefined {
  const length = r.readVectorLength(4);
  if (length === -1) return undefined;
  const paths: (string | undefined)[] = [];
  for (let i = 0; i < length; i++) paths.push(r.readString());
  return paths;
}

/** Only compared with zxids of nodes: whatever long a client sends, it lies before, among or behind them. */
function clampedZxid(value: bigint): Zxid {
  if (value < 0n) return ZXID_NONE;
  return (value > MAX_SAFE ? Number.MAX_SAFE_INTEGER : Number(value)) as Zxid;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
