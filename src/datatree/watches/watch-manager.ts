import { EventType, WatcherType } from '../../jute/codes.ts';
import type { Acl } from '../../jute/data-records.ts';
import { ZXID_NONE, type Zxid } from '../../jute/zxid.ts';
import { WatchTable } from './watch-table.ts';
import { type Watcher, WatchMode } from './watcher.ts';

/**
 * The watches: which client is told of which change. A server keeps them per connection, never on disk. A client that
 * wants to keep a watch across connections sets it again with setWatches.
 *
 * Two tables, because data and child watches of one path are apart. exists and getData leave data watches, also on a
 * path without a node; getChildren leaves child watches. A persistent watch is in both, a recursive one in the data
 * table alone and so never hears of changed children. Modes on one path stack (ZOOKEEPER-4475), a connection still gets
 * one event per trigger. A connection that may not read the node gets nothing and its one-shot watch is gone all the
 * same (CVE-2024-23944).
 */

/** The part of a tree that setWatches and the manager have to know. */
export interface WatchedTree {
  lookup(path: string): number;
  modifiedAt(node: number): Zxid;
  childrenModifiedAt(node: number): Zxid;
  /** The node's own copy of this path where there is a node, so that a watch costs no second one. */
  canonicalPath(path: string): string;
}

export interface WatchCounts {
  connections: number;
  paths: number;
  watches: number;
}

export class WatchManager {
  private readonly tree: WatchedTree;
  private readonly data = new WatchTable();
  private readonly child = new WatchTable();
  /** A change found so many watchers; `type` is an EventType. */
  onFired: (type: number, watchers: number) => void = () => {};

  constructor(tree: WatchedTree) {
    this.tree = tree;
  }

  /** Watches in both tables; a persistent one counts twice, as in Apache's watch_count. */
  get count(): number {
    return this.data.watchCount + this.child.watchCount;
  }

  addData(path: string, watcher: Watcher): void {
    this.data.add(this.tree.canonicalPath(path), watcher, WatchMode.standard);
  }

  addChild(path: string, watcher: Watcher): void {
    this.child.add(this.tree.canonicalPath(path), watcher, WatchMode.standard);
  }

  addPersistent(path: string, watcher: Watcher): void {
    const own = this.tree.canonicalPath(path);
    this.data.add(own, watcher, WatchMode.persistent);
    this.child.add(own, watcher, WatchMode.persistent);
  }

  addRecursive(path: string, watcher: Watcher): void {
    this.data.add(this.tree.canonicalPath(path), watcher, WatchMode.recursive);
  }

  /** `type` is a WatcherType; false when there is none, or when the type is unknown. */
  has(path: string, type: number, watcher: Watcher): boolean {
    switch (type) {
      case WatcherType.children:
        return (this.child.modes(path, watcher) & WatchMode.standard) !== 0;
      case WatcherType.data:
        return (this.data.modes(path, watcher) & WatchMode.standard) !== 0;
      case WatcherType.persistent:
        return (this.data.modes(path, watcher) & WatchMode.persistent) !== 0;
      case WatcherType.persistentRecursive:
        return (this.data.modes(path, watcher) & WatchMode.recursive) !== 0;
      case WatcherType.any:
        return this.child.modes(path, watcher) !== 0 || this.data.modes(path, watcher) !== 0;
      default:
        return false;
    }
  }

  /** Whether there was one to remove. No event is sent: the client library makes up its own. */
  remove(path: string, type: number, watcher: Watcher): boolean {
    switch (type) {
      case WatcherType.children:
        return this.child.remove(path, watcher, WatchMode.standard);
      case WatcherType.data:
        return this.data.remove(path, watcher, WatchMode.standard);
      case WatcherType.persistent: {
        const ofChildren = this.child.remove(path, watcher, WatchMode.persistent);
        return this.data.remove(path, watcher, WatchMode.persistent) || ofChildren;
      }
      case WatcherType.persistentRecursive:
        return this.data.remove(path, watcher, WatchMode.recursive);
      case WatcherType.any: {
        const ofChildren = this.child.remove(path, watcher, WatchMode.all);
        return this.data.remove(path, watcher, WatchMode.all) || ofChildren;
      }
      default:
        return false;
    }
  }

  /** A connection closed: its watches on up to `most` paths of each table go. Whether none is left. */
  removeWatcher(watcher: Watcher, most?: number): boolean {
    const ofData = this.data.removeWatcher(watcher, most);
    return this.child.removeWatcher(watcher, most) && ofData;
  }

  /**
   * A client is back and names what it watched when it had seen `relativeZxid`: a node's data, a node that was not
   * there, or a node's children. A change since then is told at once, without asking whether the connection may read
   * it; the rest is watched again. Persistent watches are only set: what they missed stays missed.
   */
  setAgain(list: 'data' | 'exist' | 'child', path: string, relativeZxid: Zxid, watcher: Watcher): void {
    const tree = this.tree;
    const node = tree.lookup(path);
    if (list === 'exist') {
      if (node >= 0) watcher.onWatchEvent(EventType.nodeCreated, path, ZXID_NONE);
      else this.data.add(path, watcher, WatchMode.standard);
      return;
    }
    const isOfData = list === 'data';
    if (node < 0) watcher.onWatchEvent(EventType.nodeDeleted, path, ZXID_NONE);
    else if ((isOfData ? tree.modifiedAt(node) : tree.childrenModifiedAt(node)) > relativeZxid) {
      watcher.onWatchEvent(isOfData ? EventType.nodeDataChanged : EventType.nodeChildrenChanged, path, ZXID_NONE);
    } else if (isOfData) this.addData(path, watcher);
    else this.addChild(path, watcher);
  }

  onCreated(path: string, parent: string, zxid: Zxid, acl: readonly Acl[], parentAcl: readonly Acl[]): void {
    this.countFired(EventType.nodeCreated, this.data.trigger(path, EventType.nodeCreated, zxid, acl));
    this.onChildrenChanged(parent, zxid, parentAcl);
  }

  onDataChanged(path: string, zxid: Zxid, acl: readonly Acl[]): void {
    this.countFired(EventType.nodeDataChanged, this.data.trigger(path, EventType.nodeDataChanged, zxid, acl));
  }

  /** The watchers of the node's children are told of its end as well, unless they just were. */
  onDeleted(path: string, parent: string, zxid: Zxid, acl: readonly Acl[], parentAcl: readonly Acl[]): void {
    const told = this.data.trigger(path, EventType.nodeDeleted, zxid, acl);
    this.countFired(EventType.nodeDeleted, told);
    this.countFired(EventType.nodeDeleted, this.child.trigger(path, EventType.nodeDeleted, zxid, acl, told));
    this.onChildrenChanged(parent, zxid, parentAcl);
  }

  private onChildrenChanged(path: string, zxid: Zxid, acl: readonly Acl[]): void {
    this.countFired(EventType.nodeChildrenChanged, this.child.trigger(path, EventType.nodeChildrenChanged, zxid, acl));
  }

  private countFired(type: number, told: readonly Watcher[]): void {
    if (told.length > 0) this.onFired(type, told.length);
  }

  /** Of the data table alone, which is what wchs counts. */
  dataCounts(): WatchCounts {
    return { connections: this.data.watcherCount, paths: this.data.pathCount, watches: this.data.watchCount };
  }

  /** Watchers with the paths of their data watches, for wchc; see WatchTable. */
  watchers(): Iterable<[watcher: Watcher, paths: Iterable<string>]> {
    return this.data.watchers();
  }

  /** Paths with the watchers of their data, for wchp; see WatchTable. */
  watchedPaths(): Iterable<[path: string, watchers: Iterable<Watcher>]> {
    return this.data.watchedPaths();
  }
}
