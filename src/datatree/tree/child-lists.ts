import type { Writer } from '../../jute/writer.ts';

/**
 * The names of children as they are answered, of nodes that have many and were asked for them since the last change. Those
 * who watch a node's children all ask at once when one comes or goes; the names lie apart in memory, and to gather a
 * thousand takes longer than everything else in the answer.
 *
 * Invariants: a list is forgotten before a child of its node comes or goes, so a node that is freed has none; `bytes` is
 * the length of all lists.
 */
const MOST_BYTES = 4 << 20;
/** Lists of fewer names are gathered as quickly as found. */
export const LISTED_CHILDREN = 32;
/** From this length on an answer refers to the list instead of copying it. */
const SHARED_LIST_BYTES = 32 * 1024;

export class ChildLists {
  /** By node, the one that was made first in front. */
  private readonly lists = new Map<number, Buffer>();
  private bytes = 0;

  /** False when there is no list of this node. */
  write(node: number, w: Writer): boolean {
    const list = this.lists.get(node);
    if (list === undefined) return false;
    if (list.length < SHARED_LIST_BYTES) w.writeRaw(list);
    else w.writeShared(list);
    return true;
  }

  /** The caller changes nothing in it any more. One that is too long for all together is not kept. */
  keep(node: number, list: Buffer): void {
    if (list.length > MOST_BYTES) return;
    this.forget(node);
    for (const oldest of this.lists.keys()) {
      if (this.bytes + list.length <= MOST_BYTES) break;
      this.forget(oldest);
    }
    this.lists.set(node, list);
    this.bytes += list.length;
  }

  /** A child comes or goes. */
  forget(node: number): void {
    if (this.bytes === 0) return;
    const list = this.lists.get(node);
    if (list === undefined) return;
    this.lists.delete(node);
    this.bytes -= list.length;
  }
}
