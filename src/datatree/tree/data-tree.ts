import { assert } from '../../base/assert.ts';
import { ErrorCode } from '../../jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import { contentCrc, digestFrom, isOutsideDigest } from '../digest/digest.ts';
import type { QuotaSums } from '../quotas/quota-sums.ts';
import { type QuotaState, Quotas, type QuotaTree } from '../quotas/quotas.ts';
import { CONFIG_PATH, QUOTA_LIMITS_NAME, QUOTA_PATH, ROOT_PATH, ZOOKEEPER_PATH } from '../special-paths.ts';
import { type WatchedTree, WatchManager } from '../watches/watch-manager.ts';
import { NodeLoader } from './node-loader.ts';
import { persistedStat, setFirstStat } from './node-stat.ts';
import {
  ACL,
  AVERSION,
  CONTENT_CRC,
  CVERSION,
  DIGEST,
  MTIME,
  MZXID,
  NO_NODE,
  PARENT,
  PZXID,
  VERSION,
} from './node-table.ts';
import { leafBelow } from './subtree.ts';
import { type TreeOptions, TreeReads } from './tree-reads.ts';
import type { ChangeListener, CutTree, EphemeralDeleted, LoadedTree, LoadOutcome, ReadableTree } from './tree-views.ts';

/**
 * The znodes. Outside this directory a node is a handle, good until the next change, and reads copy out of it. Only the
 * Database changes the tree; everybody else has one of the views of tree-views.ts. A change answers with an ErrorCode,
 * or with the handle of the node it made.
 *
 * Every change can meet a tree that has seen it already. Recovery replays the log over a snapshot that may hold some of
 * it (a fuzzy one of Apache's). Each method says what a repeated change does.
 */
export class DataTree extends TreeReads implements ReadableTree, CutTree, LoadedTree, WatchedTree, QuotaTree {
  readonly watches: WatchManager;
  private readonly quotas: Quotas;
  /** Until the tree is loaded. */
  private loader: NodeLoader | undefined = undefined;
  private readonly listeners: ChangeListener[] = [];
  private dataSize = 0;

  /** A fresh tree holds the root and the reserved nodes; one that is to be loaded holds nothing. */
  constructor(options: TreeOptions, toBeLoaded = false) {
    super(options);
    this.watches = new WatchManager(this);
    this.quotas = new Quotas(this);
    if (toBeLoaded) {
      const { nodes, byPath, acls, owned, sum } = this;
      this.loader = new NodeLoader({ nodes, byPath, acls, owned, sum, digest: options.digest });
      return;
    }
    const root = this.insert('', NO_NODE, EMPTY, undefined, 0n, ZXID_ZERO, 0);
    const zookeeper = this.insert(ZOOKEEPER_PATH, root, EMPTY, undefined, 0n, ZXID_ZERO, 0);
    this.insert(QUOTA_PATH, zookeeper, EMPTY, undefined, 0n, ZXID_ZERO, 0);
    this.addConfigNode();
    this.dataSize = this.summedDataSize();
  }

  /** Lengths of paths and data as Apache adds them up: quota usage changes without being counted. */
  get dataSizeApprox(): number {
    return this.dataSize;
  }

  /** The deepest quota at or above a path, with what it allows and what is used. */
  quotaAbove(path: string): QuotaState | undefined {
    return this.quotas.above(path);
  }

  get quotaSums(): QuotaSums {
    return this.quotas.sums;
  }

  // Changes: for the Database alone.

  /**
   * Repeated: the node stays, its ACL becomes this one again, and the parent's counters are raised to what this create
   * made them. They never go back, because the parent may have been written when later creates had happened.
   */
  create(
    path: string,
    data: Buffer | undefined,
    acl: readonly Acl[] | undefined,
    owner: bigint,
    parentCVersion: number,
    zxid: Zxid,
    time: number,
  ): number {
    const nodes = this.nodes;
    const parent = this.parentFor(path);
    if (parent === NO_NODE) return ErrorCode.noNode;
    const parentAcl = this.aclOf(parent);
    const creates = parentCVersion === -1 ? (nodes.int(parent, CVERSION) + 1) | 0 : parentCVersion;
    const hash = this.byPath.hashOf(path);
    const existing = this.byPath.findHashed(path, path.length, hash);
    if (creates > nodes.int(parent, CVERSION)) {
      this.beforeChange(parent);
      nodes.setInt(parent, CVERSION, creates);
      nodes.setLong(parent, PZXID, zxid);
      this.rehashLater(parent);
    }
    if (existing !== NO_NODE) {
      this.beforeChange(existing);
      this.replaceAcl(existing, acl);
      return ErrorCode.nodeExists;
    }
    const node = this.insert(path, parent, data, acl, owner, zxid, time, hash);
    const bytes = nodes.dataLength(node);
    this.dataSize += path.length + bytes;
    const parentPath = nodes.path(parent);
    if (parentPath.startsWith(QUOTA_PATH)) this.quotas.onNodeAdded(parentPath, path.slice(parentPath.length + 1));
    this.quotas.onUsage(path, bytes, 1);
    if (this.watches.count > 0) {
      this.watches.onCreated(path, parentPath === '' ? ROOT_PATH : parentPath, zxid, acl ?? OPEN_ACL_UNSAFE, parentAcl);
    }
    return node;
  }

  /**
   * Repeated: the parent's pzxid is raised to this one, which it may have been written without (ZOOKEEPER-3125).
   * A node that has children goes with all of them: no delete was ever accepted that way, so they were created after
   * it, by transactions that are still to be replayed.
   */
  delete(path: string, zxid: Zxid): number {
    const parent = this.parentFor(path);
    if (parent === NO_NODE) return ErrorCode.noNode;
    this.raisePzxid(parent, zxid);
    const node = this.lookup(path);
    if (node === NO_NODE) return ErrorCode.noNode;
    this.deleteNode(node, parent, zxid);
    return ErrorCode.ok;
  }

  /** With all below it. The parent's pzxid is this one already. */
  private deleteNode(node: number, parent: number, zxid: Zxid): void {
    const { nodes } = this;
    const path = nodes.path(node);
    const acl = this.aclOf(node);
    for (let leaf = leafBelow(nodes, node); leaf !== node; ) {
      const above = nodes.int(leaf, PARENT);
      this.remove(leaf);
      leaf = leafBelow(nodes, above);
    }
    this.remove(node);
    if (this.watches.count > 0) {
      const parentPath = nodes.path(parent);
      this.watches.onDeleted(path, parentPath === '' ? ROOT_PATH : parentPath, zxid, acl, this.aclOf(parent));
    }
  }

  /** Repeated: simply set again; on a node that is gone meanwhile, nothing. */
  setData(path: string, data: Buffer | undefined, version: number, zxid: Zxid, time: number): number {
    const nodes = this.nodes;
    const node = this.lookup(path);
    if (node === NO_NODE) return ErrorCode.noNode;
    const bytesBefore = nodes.dataLength(node);
    this.beforeChange(node);
    const isOfQuota = path.startsWith(QUOTA_PATH);
    if (isOfQuota) this.quotas.sums.leave(path, nodes.data(node));
    nodes.setData(node, data);
    if (isOfQuota) this.quotas.sums.enter(path, data);
    nodes.setLong(node, MTIME, time);
    nodes.setLong(node, MZXID, zxid);
    nodes.setInt(node, VERSION, version);
    if (this.options.digest) nodes.setInt(node, CONTENT_CRC, contentCrc(path, data));
    this.rehash(node);
    const grown = nodes.dataLength(node) - bytesBefore;
    this.dataSize += grown;
    this.quotas.onUsage(path, grown, 0);
    if (this.watches.count > 0) this.watches.onDataChanged(path, zxid, this.aclOf(node));
    return node;
  }

  setAcl(path: string, acl: readonly Acl[] | undefined, version: number): number {
    const node = this.lookup(path);
    if (node === NO_NODE) return ErrorCode.noNode;
    this.beforeChange(node);
    this.nodes.setInt(node, AVERSION, version);
    this.replaceAcl(node, acl);
    this.rehash(node);
    return node;
  }

  /**
   * Deletes the ephemerals of a session: those the transaction names, then those it does not. It names all there are,
   * unless it comes from a server that names none. Returns how many it did not name. Nearly always it names them in the
   * order of the session's own list, which is walked along: then no path is looked up.
   */
  killSession(sessionId: bigint, zxid: Zxid, named: readonly string[], told?: EphemeralDeleted): number {
    const { nodes, owned } = this;
    for (let i = 0; i < named.length; i++) {
      const path = named[i] as string;
      const oldest = owned.oldestOf(sessionId);
      if (oldest !== NO_NODE && nodes.path(oldest) === path) {
        this.deleteOwned(oldest, zxid);
        told?.(sessionId, path, true);
      } else {
        const err = this.delete(path, zxid);
        told?.(sessionId, path, err === ErrorCode.ok);
      }
    }
    const unnamed = owned.countOf(sessionId);
    for (let node = owned.oldestOf(sessionId); node !== NO_NODE; node = owned.oldestOf(sessionId)) {
      const path = told === undefined ? '' : nodes.path(node);
      this.deleteOwned(node, zxid);
      told?.(sessionId, path, true);
    }
    owned.forget(sessionId);
    return unnamed;
  }

  private deleteOwned(node: number, zxid: Zxid): void {
    const parent = this.nodes.int(node, PARENT);
    this.raisePzxid(parent, zxid);
    this.deleteNode(node, parent, zxid);
  }

  private raisePzxid(parent: number, zxid: Zxid): void {
    if (zxid <= this.nodes.long(parent, PZXID)) return;
    this.beforeChange(parent);
    this.nodes.setLong(parent, PZXID, zxid);
    this.rehash(parent);
  }

  /** Sets the node that holds the ensemble's configuration, and makes it first if an old snapshot lacks it. */
  setConfig(text: string, version: Zxid, time: number): void {
    if (this.lookup(CONFIG_PATH) === NO_NODE) this.addConfigNode();
    this.setData(CONFIG_PATH, Buffer.from(text, 'utf8'), -1, version, time);
  }

  // Snapshots: for the cut and the decoder.

  addListener(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  removeListener(listener: ChangeListener): void {
    const at = this.listeners.indexOf(listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  loadAcl(id: number, acl: readonly Acl[]): void {
    this.acls.load(id, acl);
  }

  loadNode(r: Reader): LoadOutcome {
    assert(this.loader !== undefined, 'a tree is loaded once');
    return this.loader.read(r);
  }

  /** Ends loading. */
  finishLoad(): void {
    this.loader?.finish();
    this.loader = undefined;
    this.acls.purge();
    this.dataSize = this.summedDataSize();
    this.quotas.rebuild();
  }

  // For Quotas.

  /** Replaces quota usage in place: neither version nor time nor digest move, and nobody is told. */
  putUsage(node: number, data: Buffer): void {
    this.beforeChange(node);
    this.nodes.setData(node, data);
  }

  // Nodes that come, change and go.

  /** The node that is or would be the parent; NO_NODE also for a path that no node can have. */
  private parentFor(path: string): number {
    const slash = path.lastIndexOf('/');
    return slash < 0 || slash === path.length - 1 ? NO_NODE : this.byPath.find(path, slash);
  }

  private addConfigNode(): void {
    const parent = this.lookup(ZOOKEEPER_PATH);
    if (parent === NO_NODE) return;
    this.beforeChange(parent);
    const node = this.insert(CONFIG_PATH, parent, EMPTY, READ_ACL_UNSAFE, 0n, ZXID_ZERO, 0);
    this.nodes.setInt(node, AVERSION, -1);
  }

  private insert(
    path: string,
    parent: number,
    data: Buffer | undefined,
    acl: readonly Acl[] | undefined,
    owner: bigint,
    zxid: Zxid,
    time: number,
    hash: number = this.byPath.hashOf(path),
  ): number {
    const nodes = this.nodes;
    const node = nodes.allocate(path);
    this.byPath.add(node, hash);
    nodes.setData(node, data);
    if (parent !== NO_NODE) {
      nodes.appendChild(parent, node);
      this.lists.forget(parent);
    }
    setFirstStat(nodes, node, zxid, time);
    nodes.setInt(node, ACL, this.acls.acquire(acl));
    this.owned.enter(node, owner);
    if (this.options.digest) nodes.setInt(node, CONTENT_CRC, contentCrc(path, data));
    this.rehash(node);
    if (path.startsWith(QUOTA_PATH)) this.quotas.sums.enter(path, data);
    return node;
  }

  /** Takes a node without children out of everything. */
  private remove(node: number): void {
    const nodes = this.nodes;
    const path = nodes.path(node);
    const parent = nodes.int(node, PARENT);
    const bytes = nodes.dataLength(node);
    this.beforeChange(node);
    for (let i = 0; i < this.listeners.length; i++) (this.listeners[i] as ChangeListener).beforeRemove(node);
    if (path.startsWith(QUOTA_PATH)) this.quotas.sums.leave(path, nodes.data(node));
    if (node === this.stale) this.rehashStale();
    this.sum.remove(nodes.int(node, DIGEST) >>> 0);
    this.acls.release(nodes.int(node, ACL));
    this.owned.leave(node);
    this.byPath.remove(node);
    nodes.removeChild(node);
    this.lists.forget(parent);
    nodes.free(node);
    this.dataSize -= path.length + bytes;
    const parentPath = nodes.path(parent);
    if (parentPath.startsWith(ZOOKEEPER_PATH) && path.endsWith(`/${QUOTA_LIMITS_NAME}`)) {
      this.quotas.onLimitsRemoved(parentPath);
    }
    this.quotas.onUsage(path, -bytes, -1);
  }

  private replaceAcl(node: number, acl: readonly Acl[] | undefined): void {
    const before = this.nodes.int(node, ACL);
    this.nodes.setInt(node, ACL, this.acls.acquire(acl));
    this.acls.release(before);
  }

  private beforeChange(node: number): void {
    for (let i = 0; i < this.listeners.length; i++) (this.listeners[i] as ChangeListener).beforeChange(node);
  }

  /** A multi creates thousands of nodes below one, whose Stat changes with each. */
  private rehashLater(node: number): void {
    if (node === this.stale) return;
    this.rehashStale();
    this.stale = node;
  }

  protected override rehashStale(): void {
    const { stale } = this;
    if (stale === NO_NODE) return;
    this.stale = NO_NODE;
    this.rehash(stale);
  }

  /** Brings node and sum up to date after a change of its Stat, or of the CRC of its content. */
  private rehash(node: number): void {
    if (!this.options.digest || isOutsideDigest(this.nodes.path(node))) return;
    const before = this.nodes.int(node, DIGEST) >>> 0;
    const after = digestFrom(this.nodes.int(node, CONTENT_CRC), persistedStat(this.nodes, node));
    this.sum.remove(before);
    this.sum.add(after);
    this.nodes.setInt(node, DIGEST, after);
  }

  private summedDataSize(): number {
    const nodes = this.nodes;
    const root = this.lookup(ROOT_PATH);
    let size = root === NO_NODE ? 0 : ROOT_PATH.length + nodes.dataLength(root);
    for (let node = nodes.oldest; node !== NO_NODE; node = nodes.newer(node)) {
      size += nodes.path(node).length + nodes.dataLength(node);
    }
    return size;
  }
}

const EMPTY = Buffer.alloc(0);
