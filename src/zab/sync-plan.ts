import { assert } from '../base/assert.ts';
import { counterOf, epochOf, type Zxid, zxidHex } from '../jute/zxid.ts';
import type { Entry, EntryCursor, History } from './leader-host.ts';

/**
 * How a learner that logged up to `peerZxid` gets the leader's history: with nothing but what it lacks (DIFF), after
 * cutting what the leader does not have (TRUNC), or all of it (SNAP). The rules and their order are those of
 * ZooKeeper's LearnerHandler.syncFollower, with its holes closed:
 *
 *  1. asked to by configuration                                       SNAP
 *  2. it has what the tree has                                        DIFF, nothing
 *  3. it has more than was ever committed                             TRUNC to the last committed
 *  4. it ends within the committed transactions in memory             DIFF and those behind; where its own last one is
 *     none of them, TRUNC to the one before, but SNAP if the next one is of another epoch
 *  5. it ends before them, and the log on disk reaches back           DIFF and those behind, from disk, then memory
 *  6. otherwise                                                       SNAP
 *
 * An epoch's start (counter 0) is no transaction. A learner is there after a SNAP between a leader's start and its
 * first proposal; it is never cut there, and gets a DIFF only where the transactions around it are known (rules 4, 5):
 * with a guessed lower bound an empty learner at zxid 0 got an empty DIFF (ZOOKEEPER-4352).
 *
 * Whatever is sent is consecutive: a hole in memory or between log and memory is answered with SNAP (ZOOKEEPER-2418,
 * ZOOKEEPER-4925). From disk come only transactions below those in memory, for the log's tail may never have been
 * committed (ZOOKEEPER-2846).
 *
 * In all cases the learner then has what the tree has: forwarding goes on behind `history.lastZxid`.
 */
export interface SyncPlan {
  readonly kind: 'diff' | 'trunc' | 'snap';
  /** Of the packet that opens the synchronisation. */
  readonly zxid: Zxid;
  /** To be sent first: from the log on disk. Whoever takes the plan closes the cursor. */
  readonly disk: DiskRange | undefined;
  /** To be sent then. */
  readonly entries: readonly Entry[];
}

export interface DiskRange {
  readonly cursor: EntryCursor;
  /** Behind this zxid, which the learner has, ... */
  readonly after: Zxid;
  /** ... up to exactly this one. A log that does not hold it, or has a hole before it, does not serve. */
  readonly through: Zxid;
}

export interface SyncRules {
  readonly forceSnapshotSync: boolean;
  readonly snapshotSizeFactor: number;
}

const NOTHING: readonly Entry[] = [];

export function planSync(peerZxid: Zxid, history: History, rules: SyncRules): SyncPlan {
  const last = history.lastZxid;
  const min = history.minCommitted ?? last;
  const max = history.maxCommitted ?? last;
  // A tree ahead of the memory, other than by an epoch's start, would lose what lies between.
  assert(max === last || counterOf(last) === 0, `memory ends at ${zxidHex(max)}, the tree at ${zxidHex(last)}`);

  if (rules.forceSnapshotSync) return snap(last);
  if (peerZxid === last) return plan('diff', last, NOTHING);
  if (peerZxid > max) return counterOf(peerZxid) === 0 ? snap(last) : plan('trunc', max, NOTHING);
  const entries = history.minCommitted === undefined ? NOTHING : history.committedFrom(min);
  if (!isConsecutive(entries)) return snap(last);
  if (entries.length > 0 && peerZxid >= min) return fromMemory(peerZxid, max, entries) ?? snap(last);
  // Without a transaction in memory the log has to end exactly at the tree, which an epoch's start never does.
  if (entries.length === 0 && counterOf(last) === 0) return snap(last);
  const disk = rules.snapshotSizeFactor < 0 ? undefined : fromDisk(peerZxid, min, history, rules);
  return disk === undefined ? snap(last) : { kind: 'diff', zxid: max, disk, entries: entries.slice(1) };
}

function fromMemory(peerZxid: Zxid, max: Zxid, entries: readonly Entry[]): SyncPlan | undefined {
  // The last entry at or below the learner's: there is one, for the first is not above it.
  let at = entries.length - 1;
  while ((entries[at] as Entry).zxid > peerZxid) at--;
  const known = entries[at] as Entry;
  const missing = entries.slice(at + 1);
  if (known.zxid === peerZxid || counterOf(peerZxid) === 0) return plan('diff', max, missing);
  const next = missing[0];
  if (next === undefined || epochOf(next.zxid) !== epochOf(peerZxid)) return undefined;
  return plan('trunc', known.zxid, missing);
}

function fromDisk(peerZxid: Zxid, through: Zxid, history: History, rules: SyncRules): DiskRange | undefined {
  const limit = Math.floor(history.snapshotBytes * rules.snapshotSizeFactor);
  const cursor = history.diskFrom(peerZxid, limit);
  if (cursor === undefined) return undefined;
  const first = cursor.next();
  if (first !== undefined) {
    if (first.zxid === peerZxid) return { cursor, after: peerZxid, through };
    if (counterOf(peerZxid) === 0) return { cursor: withFirst(first, cursor), after: peerZxid, through };
  }
  cursor.close();
  return undefined;
}

/** Consecutive inside an epoch; another epoch starts at 1. */
export function follows(previous: Zxid, next: Zxid): boolean {
  if (next === previous + 1) return true;
  return epochOf(next) > epochOf(previous) && counterOf(next) === 1;
}

function isConsecutive(entries: readonly Entry[]): boolean {
  for (let i = 1; i < entries.length; i++) {
    if (!follows((entries[i - 1] as Entry).zxid, (entries[i] as Entry).zxid)) return false;
  }
  return true;
}

function plan(kind: 'diff' | 'trunc', zxid: Zxid, entries: readonly Entry[]): SyncPlan {
  return { kind, zxid, disk: undefined, entries };
}

function snap(zxid: Zxid): SyncPlan {
  return { kind: 'snap', zxid, disk: undefined, entries: NOTHING };
}

function withFirst(entry: Entry, cursor: EntryCursor): EntryCursor {
  let first: Entry | undefined = entry;
  return {
    next(): Entry | undefined {
      if (first === undefined) return cursor.next();
      const given = first;
      first = undefined;
      return given;
    },
    close(): void {
      cursor.close();
    },
  };
}
