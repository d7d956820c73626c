import { assert } from '../../base/assert.ts';
import { writeAcls } from '../../jute/data-records.ts';
import { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { SnapshotDigest } from '../digest/digest.ts';
import type { SessionList, SessionTable } from '../session-table.ts';
import type { AclList } from '../tree/acl-cache.ts';
import type { ChangeListener, CutTree } from '../tree/tree-views.ts';
import type { CutAccount } from './cut-account.ts';
import { AFTER_ALL, OldImages } from './old-images.ts';

/**
 * The state at one zxid as a stream of bytes, taken in slices while transactions go on being applied:
 *
 *   count int, {sessionId long, timeout int}
 *   count int, {aclId long, vector<ACL>}
 *   {path ustring, data buffer, acl long, StatPersisted}   parent first, the root as ""
 *   "/" ustring
 *
 * Sessions and ACLs are copied at the start: a million of them is a few milliseconds. Nodes follow in the order of creation, in which a
 * parent comes before its children. The old image of a node that is about to change or go is kept until the walk comes
 * to its place; a node made after the start is not written at all. So the stream is exact, where Apache's is fuzzy and
 * needs the log to become consistent. A change costs the node's own image, however deep it lies.
 *
 * Invariants: the walk only goes on; every node of the cut is written once, and as it was at the start.
 */
export class SnapshotCut implements ChangeListener {
  readonly zxid: Zxid;
  readonly digest: SnapshotDigest;
  private readonly tree: CutTree;
  private readonly account: CutAccount;
  private readonly sessions: SessionList;
  private readonly acls: AclList;
  /** Of the list that is being written. */
  private index = -1;
  /** The node the walk comes to next, -1 after the last. */
  private cursor: number;
  private readonly w = new Writer(64 * 1024);
  private readonly imageWriter = new Writer();
  /** Newest node that belongs to the cut. */
  private readonly lastSequence: number;
  /** Of the node the walk came to last. */
  private walkedSequence = 0;
  private readonly images = new OldImages();
  private state: 'sessions' | 'acls' | 'nodes' | 'ending' | 'done' = 'sessions';
  private reason: string | undefined = undefined;

  constructor(tree: CutTree, sessions: SessionTable, zxid: Zxid, digest: SnapshotDigest, account: CutAccount) {
    this.zxid = zxid;
    this.digest = digest;
    this.tree = tree;
    this.account = account;
    this.cursor = tree.oldest;
    this.lastSequence = tree.lastSequence;
    this.sessions = sessions.copy();
    this.acls = tree.copyAcls();
    tree.addListener(this);
    account.onOpened(this);
  }

  /** Bytes of what changed or went since the start, and is not written yet. */
  get heldBytes(): number {
    return this.images.bytes;
  }

  /** Why the stream ended early, once `next` has said that it is over; undefined when it is whole. */
  get defect(): string | undefined {
    return this.reason;
  }

  /**
   * The next bytes, the caller's to keep: about `maxBytes`, more when one node is larger. undefined when the stream is
   * over, cancelled or given up; `defect` tells which.
   */
  next(maxBytes: number): Buffer | undefined {
    while (this.w.length < maxBytes && this.writeOne());
    const isOver = this.state === 'done';
    if (isOver || this.state === 'ending') this.cancel();
    return isOver ? undefined : this.w.take();
  }

  /** Gives up; the tree goes on without it. */
  cancel(): void {
    this.tree.removeListener(this);
    this.end();
  }

  /** For the account. The tree is in the middle of telling its listeners, so this one goes with the next slice. */
  giveUp(reason: string): void {
    this.reason = reason;
    this.end();
  }

  beforeChange(node: number): void {
    if (!this.isStillToCome(node) || this.images.has(node)) return;
    this.tree.writeNode(node, this.imageWriter);
    this.images.keep(node, Buffer.from(this.imageWriter.take()));
    this.account.onHeld();
  }

  /** Its handle may come back as that of a newer node, which does not belong to the cut. */
  beforeRemove(node: number): void {
    if (!this.isStillToCome(node)) return;
    const newer = this.tree.newer(node);
    this.images.moveBefore(this.isOfCut(newer) ? newer : AFTER_ALL, node);
    if (node === this.cursor) this.cursor = newer;
  }

  private isOfCut(node: number): boolean {
    return node >= 0 && this.tree.sequenceOf(node) <= this.lastSequence;
  }

  private isStillToCome(node: number): boolean {
    if (this.state === 'done' || this.state === 'ending') return false;
    return this.isOfCut(node) && this.tree.sequenceOf(node) > this.walkedSequence;
  }

  private end(): void {
    this.state = 'done';
    this.images.clear();
    this.account.onClosed(this);
  }

  /** False when nothing is left to write. */
  private writeOne(): boolean {
    switch (this.state) {
      case 'sessions':
        return this.writeSession();
      case 'acls':
        return this.writeAcl();
      case 'nodes':
        return this.writeNode();
      default:
        return false;
    }
  }

  /** The count of a list comes before its first entry. */
  private writeSession(): boolean {
    const { ids, timeoutsMs } = this.sessions;
    if (this.index === -1) this.w.writeInt(ids.length);
    else {
      this.w.writeLong(ids[this.index] as bigint);
      this.w.writeInt(timeoutsMs[this.index] as number);
    }
    this.index++;
    if (this.index < ids.length) return true;
    this.state = 'acls';
    this.index = -1;
    return true;
  }

  private writeAcl(): boolean {
    const { count, entries } = this.acls;
    if (this.index === -1) this.w.writeInt(count);
    else {
      const entry = entries[this.index];
      if (entry !== undefined) {
        this.w.writeSafeLong(entry.id);
        writeAcls(this.w, entry.acl);
      }
    }
    this.index++;
    if (this.index === entries.length) this.state = 'nodes';
    return true;
  }

  private writeNode(): boolean {
    const node = this.cursor;
    const isNode = this.isOfCut(node);
    const gone = this.images.takeGoneBefore(isNode ? node : AFTER_ALL);
    if (gone !== undefined) {
      this.w.writeRaw(gone);
      return true;
    }
    if (!isNode) {
      assert(this.images.bytes === 0, 'every image has its place in the walk');
      this.w.writeString('/');
      this.state = 'ending';
      return false;
    }
    const sequence = this.tree.sequenceOf(node);
    assert(sequence > this.walkedSequence, 'the walk goes in the order of creation');
    this.cursor = this.tree.newer(node);
    this.walkedSequence = sequence;
    const image = this.images.take(node);
    if (image === undefined) this.tree.writeNode(node, this.w);
    else this.w.writeRaw(image);
    return true;
  }
}
