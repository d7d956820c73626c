import type { Acl } from '../jute/data-records.ts';
import type { Zxid } from '../jute/zxid.ts';
import { type Watcher, WatchMode } from './watches.ts';

/**
 * One of the two watch tables: path -> watchers with their modes, and watcher -> paths for the day its connection
 * closes. Nearly every path has a single watcher, so that one lies in the entry itself and only further ones in a Map.
 */
class Entry {
  /** undefined when this one went and others are left: promoting one of them would cost a search each time. */
  watcher: Watcher | undefined;
  modes: number;
  others: Map<Watcher, number> | undefined = undefined;

  constructor(watcher: Watcher, modes: number) {
    this.watcher = watcher;
    this.modes = modes;
  }
}

const NONE_TOLD: readonly Watcher[] = [];
/** Above this a set is quicker than looking through the list for each. */
const MANY_TOLD = 8;

export class WatchTable {
  private readonly byPath = new Map<string, Entry>();
  private readonly byWatcher = new Map<Watcher, Set<string>>();
  private watches = 0;
  private recursive = 0;

  get pathCount(): number {
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
    const entry = this.byPath.get(path);
    const before = entry === undefined ? 0 : modesIn(entry, watcher);
    if ((before & mode) !== 0) return;
    if (mode === WatchMode.recursive) this.recursive++;
    if (entry === undefined) this.byPath.set(path, new Entry(watcher, mode));
    else setModes(entry, watcher, before | mode);
    if (before !== 0) return;
    this.watches++;
    const paths = this.byWatcher.get(watcher);
    if (paths === undefined) this.byWatcher.set(watcher, new Set([path]));
    else paths.add(path);
  }

  /** The modes of a watcher on exactly this path; 0 for none. */
  modes(path: string, watcher: Watcher): number {
    const entry = this.byPath.get(path);
    return entry === undefined ? 0 : modesIn(entry, watcher);
  }

  /** Takes away the modes named in `mask`; whether there was one. */
  remove(path: string, watcher: Watcher, mask: number): boolean {
    const entry = this.byPath.get(path);
    const before = entry === undefined ? 0 : modesIn(entry, watcher);
    if (entry === undefined || (before & mask) === 0) return false;
    this.reduce(path, entry, watcher, before, before & ~mask);
    const paths = this.byWatcher.get(watcher);
    if (paths !== undefined && paths.size === 0) this.byWatcher.delete(watcher);
    return true;
  }

  removeWatcher(watcher: Watcher): void {
    const paths = this.byWatcher.get(watcher);
    if (paths === undefined) return;
    this.byWatcher.delete(watcher);
    for (const path of paths) {
      const entry = this.byPath.get(path);
      if (entry !== undefined) this.reduce(path, entry, watcher, modesIn(entry, watcher), 0);
    }
  }

  /**
   * Tells each watcher of `path`, and each recursive one above it, once; `told` names those who know already. Who may
   * not read is not told and has lost its one-shot watch anyway. Returns those it found, told or not, for the next
   * trigger of the same change. The table is changed before the first is told: one that closes meanwhile may change
   * it again.
   */
  trigger(
    path: string,
    type: number,
    zxid: Zxid,
    acl: readonly Acl[],
    told: readonly Watcher[] = NONE_TOLD,
  ): readonly Watcher[] {
    const entry = this.byPath.get(path);
    if (entry === undefined && this.recursive === 0) return NONE_TOLD;
    const found: Watcher[] = [];
    if (entry !== undefined) this.fire(path, entry, found);
    if (this.recursive > 0) this.collectAbove(path, found);
    const skip = told.length > MANY_TOLD ? new Set(told) : undefined;
    for (const watcher of found) {
      if (skip === undefined ? told.includes(watcher) : skip.has(watcher)) continue;
      if (watcher.mayRead(acl)) watcher.onWatchEvent(type, path, zxid);
    }
    return found;
  }

  forEachWatcher(visit: (watcher: Watcher, paths: ReadonlySet<string>) => void): void {
    for (const [watcher, paths] of this.byWatcher) visit(watcher, paths);
  }

  forEachPath(visit: (path: string, watchers: readonly Watcher[]) => void): void {
    for (const [path, entry] of this.byPath) {
      const watchers: Watcher[] = entry.watcher === undefined ? [] : [entry.watcher];
      if (entry.others !== undefined) for (const watcher of entry.others.keys()) watchers.push(watcher);
      visit(path, watchers);
    }
  }

  /** All watchers of the path itself; one-shot watches among them are spent. */
  private fire(path: string, entry: Entry, found: Watcher[]): void {
    if (entry.watcher !== undefined) {
      found.push(entry.watcher);
      this.spend(path, entry, entry.watcher, entry.modes);
    }
    if (entry.others === undefined) return;
    for (const [watcher, modes] of entry.others) {
      found.push(watcher);
      this.spend(path, entry, watcher, modes);
    }
  }

  private spend(path: string, entry: Entry, watcher: Watcher, modes: number): void {
    if ((modes & WatchMode.standard) !== 0) this.reduce(path, entry, watcher, modes, modes & ~WatchMode.standard);
  }

  private collectAbove(path: string, found: Watcher[]): void {
    let seen: Set<Watcher> | undefined;
    for (let end = path.lastIndexOf('/'); path.length > 1 && end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const entry = this.byPath.get(end === 0 ? '/' : path.slice(0, end));
      if (entry !== undefined) {
        seen ??= new Set(found);
        if (entry.watcher !== undefined && (entry.modes & WatchMode.recursive) !== 0) seen.add(entry.watcher);
        if (entry.others !== undefined) {
          for (const [watcher, modes] of entry.others) if ((modes & WatchMode.recursive) !== 0) seen.add(watcher);
        }
      }
      if (end === 0) break;
    }
    if (seen === undefined) return;
    found.length = 0;
    for (const watcher of seen) found.push(watcher);
  }

  private reduce(path: string, entry: Entry, watcher: Watcher, before: number, after: number): void {
    if ((before & ~after & WatchMode.recursive) !== 0) this.recursive--;
    if (after !== 0) {
      setModes(entry, watcher, after);
      return;
    }
    this.watches--;
    this.byWatcher.get(watcher)?.delete(path);
    if (entry.watcher === watcher) entry.watcher = undefined;
    else entry.others?.delete(watcher);
    if (entry.watcher === undefined && (entry.others === undefined || entry.others.size === 0))
      this.byPath.delete(path);
  }
}

function modesIn(entry: Entry, watcher: Watcher): number {
  return entry.watcher === watcher ? entry.modes : (entry.others?.get(watcher) ?? 0);
}

function setModes(entry: Entry, watcher: Watcher, modes: number): void {
  if (entry.watcher === undefined && !entry.others?.has(watcher)) entry.watcher = watcher;
  if (entry.watcher === watcher) {
    entry.modes = modes;
    return;
  }
  entry.others ??= new Map();
  entry.others.set(watcher, modes);
}
