import type { Log } from '../../base/log.ts';
import type { WatcherType } from '../../jute/codes.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { Chroot } from '../chroot.ts';
import { eventName, type WatchedEvent, type Watcher, type WatchKind, type WatchTable } from './watch-table.ts';

/** Tells the watchers of a client what happened, by its own paths. */
export class Watchers {
  private readonly table: WatchTable;
  private readonly paths: Chroot;
  private readonly log: Log;
  private readonly overTasks = new Set<() => void>();

  constructor(table: WatchTable, paths: Chroot, log: Log) {
    this.table = table;
    this.paths = paths;
    this.log = log;
  }

  add(kind: WatchKind, path: string, watcher: Watcher | undefined): void {
    if (watcher !== undefined) this.table.add(kind, this.paths.serverPath(path), watcher);
  }

  addAtServerPath(kind: WatchKind, serverPath: string, watcher: Watcher | undefined): void {
    if (watcher !== undefined) this.table.add(kind, serverPath, watcher);
  }

  has(kinds: readonly WatchKind[], serverPath: string, watcher: Watcher | undefined): boolean {
    return kinds.some((kind) => this.table.has(kind, serverPath, watcher));
  }

  /** Does anyone but `watcher` wait there? */
  othersThan(kinds: readonly WatchKind[], serverPath: string, watcher: Watcher): boolean {
    return kinds.some((kind) => this.table.othersThan(kind, serverPath, watcher));
  }

  /** A watcher that waited there in several ways is told once of each kind of removal. */
  forget(kinds: readonly WatchKind[], serverPath: string, watcher: Watcher | undefined): void {
    const gone = new Map<WatchedEvent['type'], Set<Watcher>>();
    for (const kind of kinds) {
      const type = REMOVAL_EVENT[kind];
      const ofType = gone.get(type) ?? new Set();
      for (const each of this.table.remove(kind, serverPath, watcher)) ofType.add(each);
      gone.set(type, ofType);
    }
    const path = this.paths.clientPath(serverPath);
    for (const [type, watchers] of gone) {
      for (const each of watchers) this.tell(each, { type, state: 'syncConnected', path, zxid: NO_ZXID });
    }
  }

  onEvent(type: number, serverPath: string, zxid: Zxid): void {
    const name = eventName(type);
    if (name === undefined) return;
    const event: WatchedEvent = { type: name, state: 'syncConnected', path: this.paths.clientPath(serverPath), zxid };
    for (const watcher of this.table.take(type, serverPath)) this.tell(watcher, event);
  }

  onRestored(): void {
    for (const { path, watcher } of this.table.persistentOnes()) {
      this.tell(watcher, { type: 'none', state: 'syncConnected', path: this.paths.clientPath(path), zxid: NO_ZXID });
    }
  }

  onExpired(): void {
    for (const { path, watcher } of this.table.takeEverything()) {
      this.tell(watcher, { type: 'none', state: 'expired', path: this.paths.clientPath(path), zxid: NO_ZXID });
    }
  }

  /** `task` runs when the session is over, whatever ended it. */
  whenOver(task: () => void): () => void {
    this.overTasks.add(task);
    return () => {
      this.overTasks.delete(task);
    };
  }

  /** One microtask after the watchers were told why. */
  onOver(): void {
    queueMicrotask(() => {
      for (const task of [...this.overTasks]) task();
    });
  }

  /**
   * The call comes one microtask later, so that a watcher runs after those who await an answer that came before the
   * event. An error that it throws does not disturb the other watchers.
   */
  private tell(watcher: Watcher, event: WatchedEvent): void {
    queueMicrotask(() => {
      try {
        watcher(event);
      } catch (error) {
        this.log.error({ path: event.path, type: event.type, error: String(error) }, 'a watcher failed');
      }
    });
  }
}

const NO_ZXID = -1 as Zxid;

export const KINDS_OF_TYPE: Readonly<Record<keyof typeof WatcherType, readonly WatchKind[]>> = {
  children: ['child'],
  data: ['data', 'exist'],
  any: ['data', 'exist', 'child', 'persistent', 'persistentRecursive'],
  persistent: ['persistent'],
  persistentRecursive: ['persistentRecursive'],
};

const REMOVAL_EVENT = {
  data: 'dataWatchRemoved',
  exist: 'dataWatchRemoved',
  child: 'childWatchRemoved',
  persistent: 'persistentWatchRemoved',
  persistentRecursive: 'persistentWatchRemoved',
} as const;
