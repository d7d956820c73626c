import type { SetWatches } from '../../jute/client-records.ts';
import { EventType } from '../../jute/codes.ts';
import type { Zxid } from '../../jute/zxid.ts';

/**
 * The watchers of this process and the changes they wait for, by the server's paths. The server forgets them with the
 * connection and is told again on the next one. The choice of watchers for an event follows ZKWatchManager.
 */
export interface WatchedEvent {
  readonly type: keyof typeof EventType;
  /** syncConnected, or expired when the watch is gone together with the session. */
  readonly state: 'syncConnected' | 'expired';
  /** As the client names it, without its chroot. */
  readonly path: string;
  /** The zxid of the change; -1 when the change happened while the client was away, or there was none. */
  readonly zxid: Zxid;
}

export type Watcher = (event: WatchedEvent) => void;

export type WatchKind = 'data' | 'exist' | 'child' | 'persistent' | 'persistentRecursive';

const KINDS: readonly WatchKind[] = ['data', 'exist', 'child', 'persistent', 'persistentRecursive'];

/** A setWatches of all paths at once could be longer than a server takes (ZOOKEEPER-706). */
const SET_WATCHES_BATCH_LENGTH = 128 * 1024;

export class WatchTable {
  private readonly watchers: Readonly<Record<WatchKind, Map<string, Set<Watcher>>>> = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  };

  add(kind: WatchKind, path: string, watcher: Watcher): void {
    const ofKind = this.watchers[kind];
    const atPath = ofKind.get(path);
    if (atPath === undefined) ofKind.set(path, new Set([watcher]));
    else atPath.add(watcher);
  }

  /** Removes `watcher`; without one, all of that kind at that path. */
  remove(kind: WatchKind, path: string, watcher?: Watcher): Watcher[] {
    const ofKind = this.watchers[kind];
    const atPath = ofKind.get(path);
    if (atPath === undefined) return [];
    if (watcher === undefined) {
      ofKind.delete(path);
      return [...atPath];
    }
    const had = atPath.delete(watcher);
    if (atPath.size === 0) ofKind.delete(path);
    return had ? [watcher] : [];
  }

  has(kind: WatchKind, path: string, watcher?: Watcher): boolean {
    const atPath = this.watchers[kind].get(path);
    return atPath !== undefined && (watcher === undefined || atPath.has(watcher));
  }

  /** Does anyone but `watcher` wait there? */
  othersThan(kind: WatchKind, path: string, watcher: Watcher): boolean {
    const atPath = this.watchers[kind].get(path);
    return atPath !== undefined && atPath.size > (atPath.has(watcher) ? 1 : 0);
  }

  /** The watchers to tell of an event; the one-shot watches among them are used up. */
  take(type: number, path: string): Set<Watcher> {
    const told = new Set<Watcher>();
    const takeAll = (kind: WatchKind): void => {
      for (const watcher of this.remove(kind, path)) told.add(watcher);
    };
    switch (type) {
      case EventType.nodeCreated:
      case EventType.nodeDataChanged:
        takeAll('data');
        takeAll('exist');
        break;
      case EventType.nodeChildrenChanged:
        takeAll('child');
        break;
      case EventType.nodeDeleted:
        takeAll('data');
        takeAll('exist');
        takeAll('child');
        break;
    }
    for (const watcher of this.watchers.persistent.get(path) ?? []) told.add(watcher);
    if (type !== EventType.nodeChildrenChanged) {
      for (const prefix of prefixesOf(path)) {
        for (const watcher of this.watchers.persistentRecursive.get(prefix) ?? []) told.add(watcher);
      }
    }
    return told;
  }

  /** Everyone, with the path each waits at; nobody waits any longer. */
  takeEverything(): { path: string; watcher: Watcher }[] {
    const all = KINDS.flatMap((kind) => this.listed(kind));
    for (const kind of KINDS) this.watchers[kind].clear();
    return all;
  }

  /** The watches whose missed changes the server does not report when they are registered again. */
  persistentOnes(): { path: string; watcher: Watcher }[] {
    return [...this.listed('persistent'), ...this.listed('persistentRecursive')];
  }

  /** The watches to tell the next server, in pieces it can take. */
  toRestore(relativeZxid: Zxid): SetWatches[] {
    const batches: SetWatches[] = [];
    let length = SET_WATCHES_BATCH_LENGTH;
    for (const kind of KINDS) {
      for (const path of this.watchers[kind].keys()) {
        if (length >= SET_WATCHES_BATCH_LENGTH) {
          batches.push({ relativeZxid, data: [], exist: [], child: [], persistent: [], persistentRecursive: [] });
          length = 0;
        }
        batches.at(-1)?.[kind].push(path);
        length += path.length;
      }
    }
    return batches;
  }

  private listed(kind: WatchKind): { path: string; watcher: Watcher }[] {
    return [...this.watchers[kind]].flatMap(([path, watchers]) => [...watchers].map((watcher) => ({ path, watcher })));
  }
}

const EVENT_NAMES = new Map<number, WatchedEvent['type']>(
  Object.entries(EventType).map(([name, type]) => [type, name as WatchedEvent['type']]),
);

/** undefined for a type this client has no name for. */
export function eventName(type: number): WatchedEvent['type'] | undefined {
  return EVENT_NAMES.get(type);
}

/** "/a/b" is below "/", "/a" and "/a/b". */
function prefixesOf(path: string): string[] {
  const prefixes = ['/'];
  if (path === '/') return prefixes;
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) prefixes.push(path.slice(0, at));
  prefixes.push(path);
  return prefixes;
}
