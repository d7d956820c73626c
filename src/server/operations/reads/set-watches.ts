import type { Watcher } from '../../../datatree/watches/watcher.ts';
import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import { Reader } from '../../../jute/reader.ts';
import { ZXID_NONE, type Zxid } from '../../../jute/zxid.ts';
import type { ReadContext, SteppedOperation, Steps } from '../operation.ts';
import { NULL_PATH } from './null-path.ts';

/**
 * setWatches: relativeZxid long, dataWatches existWatches childWatches vector<ustring>; setWatches2: +
 * persistentWatches persistentRecursiveWatches. Answered nothing.
 */
export const setWatches: SteppedOperation = {
  kind: 'read',
  type: OpCode.setWatches,
  lastOp: 'SETW',
  begin: (body) => new WatchSetter(body, false),
};
export const setWatches2: SteppedOperation = {
  kind: 'read',
  type: OpCode.setWatches2,
  lastOp: 'STW2',
  begin: (body) => new WatchSetter(body, true),
};

/** Paths looked up at one go: half a millisecond. */
const PATHS_PER_STEP = 500;
/** The lists of which a null path is looked up, and refused; those of persistent watches come behind them. */
const LOOKED_UP_LISTS = 3;

/**
 * Sets the watches of one frame, some at a time. A change that is applied between two steps is seen by whichever comes
 * to its path later: by the event of the watch that is set, or by the look at the node.
 *
 * Apache fails on a null list or path, but only when it comes to it: what stands before is set, and what was missed is
 * told. Paths of persistent watches are not looked up, so a null one passes there.
 */
class WatchSetter implements Steps {
  private readonly r: Reader;
  private readonly relativeZxid: Zxid;
  private readonly lists: number;
  private list = -1;
  /** Paths of this list that are still to come. */
  private left = 0;

  /** Throws ProtocolError when the record is not whole, before anything is set. */
  constructor(body: Buffer, withPersistent: boolean) {
    this.r = new Reader(body);
    this.lists = withPersistent ? LOOKED_UP_LISTS + 2 : LOOKED_UP_LISTS;
    this.relativeZxid = clampedZxid(this.r.readLong());
    const first = this.r.position;
    for (let list = 0; list < this.lists; list++) {
      for (let left = this.r.readVectorLength(4); left > 0; left--) this.r.skipBuffer();
    }
    this.r.position = first;
  }

  go(watcher: Watcher, { database: { tree } }: ReadContext): number | undefined {
    for (let done = 0; done < PATHS_PER_STEP; done++) {
      while (this.left === 0) {
        if (++this.list === this.lists) return ErrorCode.ok;
        this.left = this.r.readVectorLength(4);
        if (this.left === -1) return ErrorCode.marshallingError;
      }
      this.left--;
      const path = this.r.readString();
      if (this.list >= LOOKED_UP_LISTS) this.addLasting(path ?? NULL_PATH, watcher, tree.watches);
      else if (path === undefined) return ErrorCode.marshallingError;
      else tree.watches.setAgain(LISTS[this.list] as 'data', path, this.relativeZxid, watcher);
    }
    return undefined;
  }

  private addLasting(path: string, watcher: Watcher, watches: ReadContext['database']['tree']['watches']): void {
    if (this.list === LOOKED_UP_LISTS) watches.addPersistent(path, watcher);
    else watches.addRecursive(path, watcher);
  }
}

const LISTS = ['data', 'exist', 'child'] as const;

/** Only compared with zxids of nodes: whatever long a client sends, it lies before, among or behind them. */
function clampedZxid(value: bigint): Zxid {
  if (value < 0n) return ZXID_NONE;
  return (value > MAX_SAFE ? Number.MAX_SAFE_INTEGER : Number(value)) as Zxid;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
