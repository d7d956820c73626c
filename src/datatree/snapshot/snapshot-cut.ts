import { writeAcls } from '../../jute/data-records.ts';
import { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { SnapshotDigest } from '../digest/digest.ts';
import type { SessionTable } from '../session-table.ts';
import type { ChangeListener, CutTree } from '../tree/tree-views.ts';

/**
 * The state at one zxid as a stream of bytes, taken in slices while transactions go on being applied:
 *
 *   count int, {sessionId long, timeout int}
 *   count int, {aclId long, vector<ACL>}
 *   {path ustring, data buffer, acl long, StatPersisted}   parent first, the root as ""
 *   "/" ustring
 *
 * Sessions and ACLs are written down at the start, they are small. Nodes follow in the order of creation. A node that
 * is about to change or go and is not written yet is written first, after those of its ancestors that are not; a node
 * made after the start is not written at all. So the stream is exact, where Apache's is fuzzy and needs the log to
 * become consistent.
 */
export class SnapshotCut implements ChangeListener {
  readonly zxid: Zxid;
  readonly digest: SnapshotDigest;
  private readonly tree: CutTree;
  /** The node the walk comes to next, -1 after the last. */
  private cursor: number;
  private readonly w = new Writer(64 * 1024);
  /** Newest node that belongs to the cut. */
  private readonly lastSequence: number;
  /** Of the node the walk came to last. */
  private walkedSequence = 0;
  /** Written out of turn, ahead of the walk. */
  private readonly early = new Set<number>();
  private state: 'walking' | 'ending' | 'done' = 'walking';

  constructor(tree: CutTree, sessions: SessionTable, zxid: Zxid, digest: SnapshotDigest) {
    this.zxid = zxid;
    this.digest = digest;
    this.tree = tree;
    this.cursor = tree.oldest;
    this.lastSequence = tree.lastSequence;
    this.writeSessions(sessions);
    this.writeAclMap();
    tree.addListener(this);
  }

  /**
   * The next bytes, the caller's to keep: about `maxBytes`, more when one node is larger or much was written out of
   * turn. undefined when the stream is over, or cancelled.
   */
  next(maxBytes: number): Buffer | undefined {
    const tree = this.tree;
    while (this.state === 'walking' && this.w.length < maxBytes) {
      const node = this.cursor;
      if (node < 0 || tree.sequenceOf(node) > this.lastSequence) {
        this.w.writeString('/');
        this.state = 'ending';
        tree.removeListener(this);
        break;
      }
      this.cursor = tree.newer(node);
      this.walkedSequence = tree.sequenceOf(node);
      if (!this.early.delete(node)) tree.writeNode(node, this.w);
    }
    if (this.state === 'done') return undefined;
    if (this.state === 'ending') this.state = 'done';
    return this.w.take();
  }

  /** Gives up; the tree goes on without it. */
  cancel(): void {
    this.state = 'done';
    this.tree.removeListener(this);
    this.early.clear();
  }

  beforeChange(node: number): void {
    const sequence = this.tree.sequenceOf(node);
    if (sequence > this.lastSequence || sequence <= this.walkedSequence || this.early.has(node)) return;
    const parent = this.tree.parentOf(node);
    if (parent >= 0) this.beforeChange(parent);
    this.tree.writeNode(node, this.w);
    this.early.add(node);
  }

  /** Its handle may come back as that of a newer node, which the walk ends at. */
  beforeRemove(node: number): void {
    if (node === this.cursor) this.cursor = this.tree.newer(node);
  }

  private writeSessions(sessions: SessionTable): void {
    const w = this.w;
    w.writeInt(sessions.size);
    sessions.forEach((sessionId, timeoutMs) => {
      w.writeLong(sessionId);
      w.writeInt(timeoutMs);
    });
  }

  private writeAclMap(): void {
    const w = this.w;
    const countAt = w.length;
    let count = 0;
    w.writeInt(0);
    this.tree.forEachAcl((id, acl) => {
      w.writeSafeLong(id);
      writeAcls(w, acl);
      count++;
    });
    w.patchInt(countAt, count);
  }
}
