import { assert } from '../../../base/assert.ts';
import { counterOf, epochOf, follows, type Zxid, zxidHex } from '../../../jute/zxid.ts';
import type { CatchUpKind, Entry, EntryCursor, History } from '../leader-ports.ts';

/**
 * How a learner that logged up to `peerZxid` gets the leader's history: with nothing but what it lacks (DIFF), after
 * cutting what was never decided (TRUNC), or all of it (SNAP). The rules and their order are those of ZooKeeper's
 * LearnerHandler.syncFollower, with its holes closed:
 *
 *  1. asked to by configuration                                       SNAP
 *  2. it has all that is committed, and no more                       DIFF, nothing
 *  3. it has more than was ever committed, in the same epoch          TRUNC to the last committed
 *  4. it ends with one of the committed transactions in memory         DIFF and those behind
 *  5. it ends before them, and the log on disk reaches back           DIFF and those behind, from disk, then memory
 *  6. otherwise                                                       SNAP
 *
 * More is committed than the leader's tree has: a quorum may have on disk what the leader's disk is still busy with.
 * Those, `decided`, count in all the rules. Apache goes by the tree, and so may tell a learner to cut off a transaction
 * that was committed with its help. Should the others fail before the learner gets it back, the transaction is lost.
 *
 * An epoch's start (counter 0) is no transaction. A learner is there after a SNAP between a leader's start and its
 * first proposal. It is never cut there, and gets a DIFF only where the transactions around it are known (rules 4, 5).
 * With a guessed lower bound an empty learner at zxid 0 got an empty DIFF (ZOOKEEPER-4352). For the same reason rule 3
 * keeps to one epoch: the oldest a learner of a later one has may be a snapshot at that epoch's start.
 *
 * All that is sent is consecutive: a hole in memory or between log and memory is answered with SNAP (ZOOKEEPER-2418,
 * ZOOKEEPER-4925). From disk come only transactions up to the first in memory, for the log's tail may never have been
 * committed (ZOOKEEPER-2846).
 */
export interface SyncPlan {
  readonly kind: CatchUpKind;
  /** Of the packet that opens the synchronisation. */
  readonly zxid: Zxid;
  /** To be sent first: from the log on disk. The taker of the plan closes the cursor. */
  readonly disk: DiskRange | undefined;
  /** To be sent then. */
  readonly entries: readonly Entry[];
  /** The last transaction that the learner then has; later proposals are to follow. */
  readonly reaches: Zxid;
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

/**
 * `decided`: committed, and not in the tree yet; consecutive behind the tree's last. 'later': the log on disk is looked
 * through for it, and it is to be planned again.
 */
export function planSync(
  peerZxid: Zxid,
  history: History,
  decided: readonly Entry[],
  rules: SyncRules,
): SyncPlan | 'later' {
  const last = history.lastZxid;
  const newest = history.maxCommitted ?? last;
  // A tree ahead of the memory, other than by an epoch's start, would lose what lies between.
  assert(newest === last || counterOf(last) === 0, `memory ends at ${zxidHex(newest)}, the tree at ${zxidHex(last)}`);
  const max = decided.at(-1)?.zxid ?? newest;

  if (rules.forceSnapshotSync) return plan('snap', last, NOTHING);
  if (peerZxid === last) return plan('diff', decided.length === 0 ? last : max, decided);
  if (peerZxid > max && mayCut(peerZxid, max)) return plan('trunc', max, NOTHING);
  return withTransactions(peerZxid, history, decided, max, rules) ?? plan('snap', last, NOTHING);
}

/** Rules 4 and 5; undefined: not possible. */
function withTransactions(
  peerZxid: Zxid,
  history: History,
  decided: readonly Entry[],
  max: Zxid,
  rules: SyncRules,
): SyncPlan | 'later' | undefined {
  const last = history.lastZxid;
  const min = history.minCommitted;
  const known = min === undefined ? decided : [...history.allCommitted(), ...decided];
  if (peerZxid > max || !isConsecutive(known)) return undefined;
  const first = known[0];
  if (first !== undefined && peerZxid >= first.zxid) return fromMemory(peerZxid, known);
  if (min !== undefined) return fromDisk(peerZxid, min, known.slice(1), history, rules);
  // Without a transaction in memory the log has to reach exactly the tree, which an epoch's start never does.
  return counterOf(last) === 0 ? undefined : fromDisk(peerZxid, last, known, history, rules);
}

function fromMemory(peerZxid: Zxid, entries: readonly Entry[]): SyncPlan | undefined {
  // The last entry at or below the learner's: there is one, for the first is not above it.
  let at = entries.length - 1;
  while ((entries[at] as Entry).zxid > peerZxid) at--;
  const known = entries[at] as Entry;
  const missing = entries.slice(at + 1);
  if (known.zxid !== peerZxid && counterOf(peerZxid) !== 0) return undefined;
  return plan('diff', (entries.at(-1) as Entry).zxid, missing);
}

function mayCut(peerZxid: Zxid, zxid: Zxid): boolean {
  return counterOf(zxid) !== 0 && epochOf(peerZxid) === epochOf(zxid) && counterOf(peerZxid) !== 0;
}

/** From the learner's last up to `through` from disk, then `entries`. */
function fromDisk(
  peerZxid: Zxid,
  through: Zxid,
  entries: readonly Entry[],
  history: History,
  rules: SyncRules,
): SyncPlan | 'later' | undefined {
  if (rules.snapshotSizeFactor < 0) return undefined;
  const limit = Math.floor(history.snapshotBytes * rules.snapshotSizeFactor);
  const cursor = history.diskFrom(peerZxid, limit);
  if (cursor === undefined || cursor === 'later') return cursor;
  const first = cursor.next();
  if (first === undefined || (first.zxid !== peerZxid && counterOf(peerZxid) !== 0)) {
    cursor.close();
    return undefined;
  }
  const rest = first.zxid === peerZxid ? cursor : withFirst(first, cursor);
  const end = entries.at(-1)?.zxid ?? through;
  return { kind: 'diff', zxid: end, disk: { cursor: rest, after: peerZxid, through }, entries, reaches: end };
}

function isConsecutive(entries: readonly Entry[]): boolean {
  for (let i = 1; i < entries.length; i++) {
    if (!follows((entries[i - 1] as Entry).zxid, (entries[i] as Entry).zxid)) return false;
  }
  return true;
}

function plan(kind: SyncPlan['kind'], zxid: Zxid, entries: readonly Entry[]): SyncPlan {
  return { kind, zxid, disk: undefined, entries, reaches: entries.at(-1)?.zxid ?? zxid };
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
