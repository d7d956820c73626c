import { assert } from '../../base/assert.ts';
import { Fifo } from '../../base/fifo.ts';
import { contentCrc, DigestSum, digestFrom, isOutsideDigest } from '../../datatree/digest/digest.ts';
import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import type { Acl } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { looseParentOf } from './path-rules.ts';
import { PendingNode } from './pending-node.ts';

/**
 * The tree as it will be: the tree as applied, under the changes of every transaction prepared and not yet applied.
 * Later requests are judged against it, so that thousands can be under way at once. Apache keeps the same as
 * outstandingChanges; here a node's pending state always equals what apply will make of it, its ACL and a closed
 * session's parents included, and "/" and "" are one node.
 *
 * A change is staged, and either committed with its transaction or rolled back: nothing is half done.
 */
export class PendingTree {
  private readonly tree: ReadableTree;
  private readonly digestEnabled: boolean;
  private readonly byPath = new Map<string, PendingNode>();
  /** All committed changes in zxid order. */
  private readonly changes = new Fifo<PendingNode>(64);
  /** Per session, paths of the ephemerals it is about to own, in order; some may be deleted again. */
  private readonly ephemerals = new Map<bigint, Fifo<string>>();
  /** Sessions whose end is prepared: what the tree holds for them is gone, unless it is pending by itself. */
  private readonly closed = new Map<bigint, Zxid>();
  private stagedClose: bigint | undefined = undefined;
  private readonly staged: PendingNode[] = [];
  private readonly replaced: (PendingNode | undefined)[] = [];
  /**
   * The digest of the tree after all that is committed here, without what the open transaction has changed; and as it
   * was when that began.
   */
  private readonly sum = new DigestSum();
  private readonly sumBefore = new DigestSum();

  constructor(tree: ReadableTree, digestEnabled: boolean) {
    this.tree = tree;
    this.digestEnabled = digestEnabled;
  }

  /** Changes prepared and not applied. */
  get size(): number {
    return this.changes.length;
  }

  /** Opens a transaction. */
  begin(): void {
    if (this.changes.length === 0) this.tree.copyDigestTo(this.sum);
    this.sumBefore.copyFrom(this.sum);
  }

  /** The staged changes belong to a transaction that will be applied. */
  commit(): void {
    for (let i = 0; i < this.staged.length; i++) {
      const node = this.staged[i] as PendingNode;
      this.changes.push(node);
      if (this.digestEnabled && node.exists && !isOutsideDigest(node.path)) {
        node.digest = digestFrom(node.contentCrc, node);
        this.sum.add(node.digest);
      }
      if (node.createdFor !== 0n) this.noteEphemeral(node.createdFor, node.path);
      if (this.stagedClose !== undefined) this.closed.set(this.stagedClose, node.zxid);
    }
    this.clearStaged();
  }

  /** Everything since `begin` is as if it had not been. */
  rollback(): void {
    for (let i = this.staged.length - 1; i >= 0; i--) {
      const path = (this.staged[i] as PendingNode).path;
      const before = this.replaced[i];
      if (before === undefined) this.byPath.delete(path);
      else this.byPath.set(path, before);
    }
    this.clearStaged();
    this.sum.copyFrom(this.sumBefore);
  }

  /** Nearly always there is one or two: to take those costs less than to set the length, which gives the room back. */
  private clearStaged(): void {
    this.stagedClose = undefined;
    while (this.staged.pop() !== undefined) this.replaced.pop();
  }

  /** The transaction is in the tree: its changes need no longer be remembered. */
  onApplied(zxid: Zxid): void {
    for (let node = this.changes.peek(); node !== undefined && node.zxid <= zxid; node = this.changes.peek()) {
      this.changes.shift();
      if (this.byPath.get(node.path) === node) this.byPath.delete(node.path);
      if (node.createdFor !== 0n) this.forgetEphemeral(node.createdFor);
    }
    // In the order of their zxids.
    for (const [sessionId, closedBy] of this.closed) {
      if (closedBy > zxid) break;
      this.closed.delete(sessionId);
    }
  }

  /** Forgets all that was prepared: it will never be applied. */
  clear(): void {
    this.byPath.clear();
    this.changes.clear();
    this.ephemerals.clear();
    this.closed.clear();
  }

  /** The digest of the tree after all that is committed here. */
  digest(): bigint {
    return this.sum.value();
  }

  /** The node of a path, "" being the root, or undefined when there is or will be none. */
  find(path: string): PendingNode | undefined {
    const name = path === '' ? '/' : path;
    const pending = this.byPath.get(name);
    if (pending !== undefined) return pending.exists ? pending : undefined;
    const handle = this.lookup(name);
    return handle === -1 ? undefined : this.fromTree(name, handle);
  }

  /** The part of the tree that will be there, if nothing is pending for it by itself. */
  private lookup(path: string): number {
    const handle = this.tree.lookup(path);
    return handle === -1 || this.closed.size === 0 || !this.closed.has(this.tree.sessionOf(handle)) ? handle : -1;
  }

  exists(path: string): boolean {
    const pending = this.byPath.get(path);
    return pending === undefined ? this.lookup(path) !== -1 : pending.exists;
  }

  /**
   * Removes the ephemerals that a session will own, and returns their paths, the oldest first. Those that the tree holds
   * and no pending change has touched go together: nothing is kept for each of them, and their parents change once.
   */
  closeSession(sessionId: bigint, zxid: Zxid): string[] {
    const paths: string[] = [];
    const created: string[] = [];
    const { tree } = this;
    if (!this.closed.has(sessionId)) {
      const goneBelow = new Map<number, number>();
      tree.forEachEphemeral(sessionId, (handle) => {
        const path = tree.pathOf(handle);
        const pending = this.byPath.get(path);
        if (pending === undefined) {
          paths.push(path);
          const parent = tree.parentOf(handle);
          goneBelow.set(parent, (goneBelow.get(parent) ?? 0) + 1);
          if (this.digestEnabled && !isOutsideDigest(path)) this.sum.remove(tree.digestOf(handle));
        } else if (pending.exists && pending.ephemeralOwner === sessionId) {
          paths.push(path);
          created.push(path);
        }
      });
      for (const [parent, gone] of goneBelow) this.loseChildren(this.found(tree.pathOf(parent)), gone, zxid);
      this.stagedClose = sessionId;
    }
    const fresh = this.ephemerals.get(sessionId);
    if (fresh !== undefined) {
      const known = new Set(created);
      for (let i = 0; i < fresh.length; i++) {
        const path = fresh.at(i) as string;
        const pending = this.byPath.get(path);
        if (pending?.exists !== true || pending.ephemeralOwner !== sessionId || known.has(path)) continue;
        known.add(path);
        paths.push(path);
        created.push(path);
      }
    }
    for (const path of created) this.remove(this.found(looseParentOf(path) as string), this.found(path), zxid);
    return paths;
  }

  private found(path: string): PendingNode {
    const node = this.find(path);
    assert(node !== undefined, 'what a session owns is there, and has a parent');
    return node;
  }

  create(
    parent: PendingNode,
    path: string,
    data: Buffer | undefined,
    acl: readonly Acl[],
    owner: bigint,
    parentCversion: number,
    zxid: Zxid,
    timeMs: number,
    createdFor: bigint,
  ): void {
    const changed = this.changing(parent, zxid);
    changed.childCount++;
    // As apply: the counter never goes down, so it stays where it is once it has reached its end.
    if (parentCversion > changed.cversion) {
      changed.cversion = parentCversion;
      changed.pzxid = zxid;
    }
    const stat = {
      czxid: zxid,
      mzxid: zxid,
      ctime: timeMs,
      mtime: timeMs,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: owner,
      pzxid: zxid,
    };
    const node = new PendingNode(path, zxid, stat, acl);
    node.createdFor = createdFor;
    this.setContent(node, data);
    this.stage(node);
  }

  remove(parent: PendingNode, node: PendingNode, zxid: Zxid): void {
    this.loseChildren(parent, 1, zxid);
    this.changing(node, zxid).exists = false;
  }

  private loseChildren(parent: PendingNode, count: number, zxid: Zxid): void {
    const changed = this.changing(parent, zxid);
    changed.childCount -= count;
    changed.pzxid = zxid;
  }

  setData(node: PendingNode, data: Buffer | undefined, version: number, zxid: Zxid, timeMs: number): void {
    const changed = this.changing(node, zxid);
    changed.version = version;
    changed.mzxid = zxid;
    changed.mtime = timeMs;
    this.setContent(changed, data);
  }

  setAcl(node: PendingNode, acl: readonly Acl[], aversion: number, zxid: Zxid): void {
    const changed = this.changing(node, zxid);
    changed.acl = acl;
    changed.aversion = aversion;
  }

  /** The node for the open transaction to change: a copy, or the one it has made already. */
  private changing(node: PendingNode, zxid: Zxid): PendingNode {
    if (node.zxid === zxid) return node;
    const copy = node.copy(zxid);
    this.stage(copy);
    if (this.digestEnabled && !isOutsideDigest(node.path)) this.sum.remove(node.digest);
    return copy;
  }

  private stage(node: PendingNode): void {
    this.staged.push(node);
    this.replaced.push(this.byPath.get(node.path));
    this.byPath.set(node.path, node);
  }

  private setContent(node: PendingNode, data: Buffer | undefined): void {
    node.dataLength = data === undefined ? 0 : data.length;
    if (this.digestEnabled && !isOutsideDigest(node.path)) node.contentCrc = contentCrc(node.path, data);
  }

  private fromTree(path: string, handle: number): PendingNode {
    const tree = this.tree;
    const node = new PendingNode(path, 0 as Zxid, tree.persistedStat(handle), tree.aclOf(handle));
    node.childCount = tree.childCount(handle);
    node.dataLength = tree.dataLength(handle);
    node.contentCrc = tree.contentCrcOf(handle);
    node.digest = tree.digestOf(handle);
    return node;
  }

  private noteEphemeral(sessionId: bigint, path: string): void {
    const paths = this.ephemerals.get(sessionId);
    if (paths !== undefined) {
      paths.push(path);
      return;
    }
    const first = new Fifo<string>(4);
    first.push(path);
    this.ephemerals.set(sessionId, first);
  }

  /** Changes are applied in the order they were noted, so it is always the oldest. */
  private forgetEphemeral(sessionId: bigint): void {
    const paths = this.ephemerals.get(sessionId) as Fifo<string>;
    paths.shift();
    if (paths.length === 0) this.ephemerals.delete(sessionId);
  }
}
