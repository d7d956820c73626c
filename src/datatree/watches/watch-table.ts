import { assert } from '../../base/assert.ts';
import { Fifo } from '../../base/fifo.ts';
import { atMost } from '../../base/pieces.ts';
import type { Acl } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { type Watcher, WatchMode } from './watcher.ts';

/**
 * One of the two watch tables: path -> watchers with their modes, and watcher -> paths for the day its connection
 * closes. Nearly every path has a single watcher, so that one lies in the entry itself and only further ones in a Map.
 *
 * A one-shot watch that fired is nearly always set again at once. It stays where it is with no mode left, and is
 * cleared away when a thousand others have fired after it. Maps and Sets keep what is deleted in their chains until
 * they next grow, so that deleting and adding one path over and over makes it slower each time.
 *
 * A crowd on one path is not kept so: when it fires the whole Map goes, for a change that 100,000 connections watch must
 * not take a search for each.
 *
 * The state of one watcher on one path is a number. The low bits are its WatchModes; the bits above count how many
 * times it is in the list of those to be cleared away. Only the last of these counts.
 *
 * Invariants: the counts here, in an entry and of a watcher are those of the states with a mode, and never below 0; a
 * watcher that is removed has no watch left.
 */
const MODES = WatchMode.all;
const SPENT_ONCE = MODES + 1;

class Entry {
  /** undefined when this one went and others are left: promoting one of them would cost a search each time. */
  first: Watched | undefined;
  state = 0;
  others: Map<Watched, number> | undefined = undefined;
  /** Watchers with a mode left. */
  live = 0;
  /** Of the path. */
  readonly length: number;

  constructor(first: Watched, length: number) {
    this.first = first;
    this.length = length;
  }
}

class Watched {
  /** undefined once its connection closed, so that what is left in `spent` does not hold the connection. */
  watcher: Watcher | undefined;
  readonly paths = new Set<string>();
  /** Paths with a mode left. */
  live = 0;

  constructor(watcher: Watcher) {
    this.watcher = watcher;
  }
}

interface Spent {
  readonly path: string;
  readonly by: Watched;
}

const SPENT_KEPT = 1024;
/** And no more than this of letters in their paths: a path may be as long as a request. */
const SPENT_KEPT_LETTERS = 1 << 18;
/** So many more watchers of one path are a crowd. */
const CROWD = 256;
/** A watcher of more paths than this keeps those that fired, as described above, in a crowd too. */
const CROWD_PATHS_MAX = 1024;
const NONE_TOLD: readonly Watcher[] = [];
/** Above this a set is quicker than looking through the list for each. */
const MANY_TOLD = 8;

export class WatchTable {
  private readonly byPath = new Map<string, Entry>();
  private readonly byWatcher = new Map<Watcher, Watched>();
  private readonly spent = new Fifo<Spent>();
  private spentLetters = 0;
  private paths = 0;
  private watches = 0;
  /**
   * How many recursive watches there are on paths of each length. A path has as many paths above it as it has parts, and to
   * look one up costs its length: only lengths that are watched are looked up.
   */
  private readonly recursive = new Map<number, number>();

  get pathCount(): number {
    return this.paths;
  }

  /** Paths that take room: those of spent watches, a bounded number, are among them. */
  get heldPathCount(): number {
    return this.byPath.size;
  }

  /** Connections that have a watch, or had one that fired: Apache forgets them only on removal and close. */
  get watcherCount(): number {
    return this.byWatcher.size;
  }

  get watchCount(): number {
    return this.watches;
  }

  add(path: string, watcher: Watcher, mode: number): void {
    let watched = this.byWatcher.get(watcher);
    if (watched === undefined) {
      watched = new Watched(watcher);
      this.byWatcher.set(watcher, watched);
    }
    let entry = this.byPath.get(path);
    if (entry === undefined) {
      entry = new Entry(watched, path.length);
      this.byPath.set(path, entry);
    }
    const before = stateIn(entry, watched);
    if ((before & mode) !== 0) return;
    if (mode === WatchMode.recursive) this.recursive.set(path.length, (this.recursive.get(path.length) ?? 0) + 1);
    setState(entry, watched, before | mode);
    if ((before & MODES) !== 0) return;
    this.watches++;
    entry.live++;
    if (entry.live === 1) this.paths++;
    watched.paths.add(path);
    watched.live++;
  }

  /** The modes of a watcher on exactly this path; 0 for none. */
  modes(path: string, watcher: Watcher): number {
    const entry = this.byPath.get(path);
    const watched = entry === undefined ? undefined : this.byWatcher.get(watcher);
    return entry === undefined || watched === undefined ? 0 : stateIn(entry, watched) & MODES;
  }

  /** Takes away the modes named in `mask`; whether there was one. */
  remove(path: string, watcher: Watcher, mask: number): boolean {
    const entry = this.byPath.get(path);
    const watched = this.byWatcher.get(watcher);
    if (entry === undefined || watched === undefined) return false;
    const before = stateIn(entry, watched);
    if ((before & mask) === 0) return false;
    this.reduce(entry, watched, before, before & ~mask);
    if ((before & ~mask & MODES) === 0) this.clear(path, entry, watched);
    if (watched.live === 0) this.removeWatcher(watcher);
    return true;
  }

  /** Takes away its watches on up to `most` paths; whether none is left. */
  removeWatcher(watcher: Watcher, most = Number.POSITIVE_INFINITY): boolean {
    const watched = this.byWatcher.get(watcher);
    if (watched === undefined) return true;
    let removed = 0;
    for (const path of watched.paths) {
      if (removed++ >= most) return false;
      watched.paths.delete(path);
      const entry = this.byPath.get(path);
      if (entry === undefined) continue;
      this.reduce(entry, watched, stateIn(entry, watched), 0);
      takeOut(entry, watched);
      if (isEmpty(entry)) this.byPath.delete(path);
    }
    assert(watched.live === 0, 'a watcher that goes has no watch left');
    this.byWatcher.delete(watcher);
    watched.watcher = undefined;
    return true;
  }

  /**
   * Tells each watcher of `path`, and each recursive one above it, once; `told` names those who know already. A
   * watcher that may not read is not told and has lost its one-shot watch anyway. Returns those it found, told or not,
   * for the next trigger of the same change. The table is changed before the first is told: one that closes meanwhile
   * may change it again.
   */
  trigger(
    path: string,
    type: number,
    zxid: Zxid,
    acl: readonly Acl[],
    told: readonly Watcher[] = NONE_TOLD,
  ): readonly Watcher[] {
    const entry = this.byPath.get(path);
    if (entry === undefined && this.recursive.size === 0) return NONE_TOLD;
    const found: Watcher[] = [];
    if (entry !== undefined && entry.live > 0) this.fire(path, entry, found);
    if (this.recursive.size > 0) this.collectAbove(path, found);
    const skip = told.length > MANY_TOLD ? new Set(told) : undefined;
    for (const watcher of found) {
      if (skip === undefined ? told.includes(watcher) : skip.has(watcher)) continue;
      if (watcher.mayRead(acl)) watcher.onWatchEvent(type, path, zxid);
    }
    return found;
  }

  /**
   * Watchers, each with the paths it watches. To be taken in pieces, while watches come and go: those of the first
   * moment that are still there when it is their turn.
   */
  *watchers(): Generator<[watcher: Watcher, paths: Iterable<string>]> {
    for (const [watcher, watched] of atMost(this.byWatcher, this.byWatcher.size))
      yield [watcher, this.pathsOf(watched)];
  }

  /** Paths, each with its watchers; as `watchers`. */
  *watchedPaths(): Generator<[path: string, watchers: Iterable<Watcher>]> {
    for (const [path, entry] of atMost(this.byPath, this.byPath.size)) {
      if (entry.live > 0) yield [path, watchersOf(entry)];
    }
  }

  private *pathsOf(watched: Watched): Generator<string> {
    for (const path of atMost(watched.paths, watched.paths.size)) {
      const { watcher } = watched;
      if (watcher !== undefined && this.modes(path, watcher) !== 0) yield path;
    }
  }

  /** All watchers of the path itself; one-shot watches among them are spent. */
  private fire(path: string, entry: Entry, found: Watcher[]): void {
    const { first, others } = entry;
    if (first !== undefined && (entry.state & MODES) !== 0) {
      found.push(first.watcher as Watcher);
      this.spend(path, entry, first, entry.state);
    }
    if (others === undefined) return;
    if (others.size > CROWD) {
      this.fireCrowd(path, entry, others, found);
      return;
    }
    for (const [watched, state] of others) {
      if ((state & MODES) === 0) continue;
      found.push(watched.watcher as Watcher);
      this.spend(path, entry, watched, state);
    }
  }

  private fireCrowd(path: string, entry: Entry, others: ReadonlyMap<Watched, number>, found: Watcher[]): void {
    const kept = new Map<Watched, number>();
    const toSpend: Watched[] = [];
    const liveBefore = entry.live;
    for (const [watched, state] of others) {
      if ((state & MODES) !== 0) found.push(watched.watcher as Watcher);
      if ((state & MODES & ~WatchMode.standard) !== 0 || watched.paths.size > CROWD_PATHS_MAX) {
        kept.set(watched, state);
        if ((state & WatchMode.standard) !== 0) toSpend.push(watched);
        continue;
      }
      watched.paths.delete(path);
      if ((state & MODES) === 0) continue;
      watched.live--;
      entry.live--;
    }
    this.watches -= liveBefore - entry.live;
    if (entry.live === 0 && liveBefore > 0) this.paths--;
    entry.others = kept.size > 0 ? kept : undefined;
    for (const watched of toSpend) this.spend(path, entry, watched, kept.get(watched) as number);
    if (isEmpty(entry)) this.byPath.delete(path);
  }

  private spend(path: string, entry: Entry, watched: Watched, state: number): void {
    if ((state & WatchMode.standard) === 0) return;
    const after = state & ~WatchMode.standard;
    const isLast = (after & MODES) === 0;
    this.reduce(entry, watched, state, isLast ? after + SPENT_ONCE : after);
    if (!isLast) return;
    this.spent.push({ path, by: watched });
    this.spentLetters += path.length;
    while (this.spent.length > SPENT_KEPT || this.spentLetters > SPENT_KEPT_LETTERS) this.clearOldest();
    assert(this.spentLetters >= 0, 'as many letters are cleared away as were kept');
  }

  private clearOldest(): void {
    const oldest = this.spent.shift();
    if (oldest === undefined) return;
    this.spentLetters -= oldest.path.length;
    const { path, by } = oldest;
    const entry = by.watcher === undefined ? undefined : this.byPath.get(path);
    if (entry === undefined) return;
    const state = stateIn(entry, by);
    // Nothing is left of those that were removed meanwhile.
    if (state < SPENT_ONCE) return;
    if (state === SPENT_ONCE) this.clear(path, entry, by);
    else setState(entry, by, state - SPENT_ONCE);
  }

  private collectAbove(path: string, found: Watcher[]): void {
    let seen: Set<Watcher> | undefined;
    for (let end = path.lastIndexOf('/'); path.length > 1 && end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const above = end === 0 ? '/' : path.slice(0, end);
      const entry = this.recursive.has(above.length) ? this.byPath.get(above) : undefined;
      if (entry !== undefined) {
        seen ??= new Set(found);
        const all = seen;
        forEachIn(entry, WatchMode.recursive, (watched) => all.add(watched.watcher as Watcher));
      }
      if (end === 0) break;
    }
    if (seen === undefined) return;
    found.length = 0;
    for (const watcher of seen) found.push(watcher);
  }

  /** Sets a state with fewer modes, or as many, and keeps the counts. */
  private reduce(entry: Entry, watched: Watched, before: number, after: number): void {
    if ((before & ~after & WatchMode.recursive) !== 0) this.forgetRecursive(entry.length);
    setState(entry, watched, after);
    if ((before & MODES) === 0 || (after & MODES) !== 0) return;
    this.watches--;
    watched.live--;
    entry.live--;
    if (entry.live === 0) this.paths--;
    assert(entry.live >= 0 && watched.live >= 0, 'no more watches go than were set');
  }

  private forgetRecursive(length: number): void {
    const left = (this.recursive.get(length) ?? 0) - 1;
    if (left > 0) this.recursive.set(length, left);
    else this.recursive.delete(length);
  }

  /** Takes a watcher without modes out of its place, and the place away when it was the last there. */
  private clear(path: string, entry: Entry, watched: Watched): void {
    takeOut(entry, watched);
    watched.paths.delete(path);
    if (isEmpty(entry)) this.byPath.delete(path);
  }
}

function* watchersOf({ first, state, others }: Entry): Generator<Watcher> {
  if (first?.watcher !== undefined && (state & MODES) !== 0) yield first.watcher;
  if (others === undefined) return;
  for (const [{ watcher }, its] of atMost(others, others.size)) {
    if (watcher !== undefined && (its & MODES) !== 0) yield watcher;
  }
}

/** Those with one of these modes. */
function forEachIn(entry: Entry, modes: number, visit: (watched: Watched) => void): void {
  if (entry.first !== undefined && (entry.state & modes) !== 0) visit(entry.first);
  if (entry.others === undefined) return;
  for (const [watched, state] of entry.others) if ((state & modes) !== 0) visit(watched);
}

function takeOut(entry: Entry, watched: Watched): void {
  if (entry.first === watched) entry.first = undefined;
  else entry.others?.delete(watched);
}

function isEmpty(entry: Entry): boolean {
  return entry.first === undefined && (entry.others === undefined || entry.others.size === 0);
}

function stateIn(entry: Entry, watched: Watched): number {
  return entry.first === watched ? entry.state : (entry.others?.get(watched) ?? 0);
}

function setState(entry: Entry, watched: Watched, state: number): void {
  if (entry.first === watched) {
    entry.state = state;
    return;
  }
  entry.others ??= new Map();
  entry.others.set(watched, state);
}
