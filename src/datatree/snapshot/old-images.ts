import { assert } from '../../base/assert.ts';

/**
 * The old images of an open cut's nodes: how each was before it changed or went. An image is kept until the cut's walk
 * comes to the node's place in the order of creation. One that changed keeps its place by itself. One that went is kept
 * before the node that came after it. When that node goes too, its images move on together, so that the order of
 * creation holds without a search.
 *
 * Invariants: `bytes` is the sum over all images that are kept; a node has at most one image; AFTER_ALL names what went
 * behind the last node of the cut that is still there.
 */
export const AFTER_ALL = -1;

interface Gone {
  readonly image: Buffer;
  next: Gone | undefined;
}

interface Chain {
  first: Gone | undefined;
  last: Gone;
}

export class OldImages {
  private readonly changed = new Map<number, Buffer>();
  /** By the node they stand before, oldest first. */
  private readonly gone = new Map<number, Chain>();
  private heldBytes = 0;

  get bytes(): number {
    return this.heldBytes;
  }

  has(node: number): boolean {
    return this.changed.has(node);
  }

  /** The node is about to change for the first time. */
  keep(node: number, image: Buffer): void {
    assert(!this.changed.has(node), 'a node has one image at most');
    this.changed.set(node, image);
    this.heldBytes += image.length;
  }

  /** The node, whose image is kept, is about to go; `newer` comes after it, AFTER_ALL when none of the cut does. */
  moveBefore(newer: number, node: number): void {
    const image = this.changed.get(node);
    assert(image !== undefined, 'a node that goes was kept as one that changes');
    this.changed.delete(node);
    const own: Gone = { image, next: undefined };
    const chain = this.gone.get(node);
    this.gone.delete(node);
    const moved: Chain = chain ?? { first: own, last: own };
    if (chain !== undefined) {
      chain.last.next = own;
      chain.last = own;
    }
    const behind = this.gone.get(newer);
    if (behind !== undefined) {
      moved.last.next = behind.first;
      moved.last = behind.last;
    }
    this.gone.set(newer, moved);
  }

  /** The oldest image of those that went and stand before `node`, which is no longer kept. */
  takeGoneBefore(node: number): Buffer | undefined {
    const chain = this.gone.get(node);
    const first = chain?.first;
    if (chain === undefined || first === undefined) return undefined;
    chain.first = first.next;
    if (chain.first === undefined) this.gone.delete(node);
    this.heldBytes -= first.image.length;
    return first.image;
  }

  /** The image of a node that is still there; undefined when it has not changed. */
  take(node: number): Buffer | undefined {
    const image = this.changed.get(node);
    if (image === undefined) return undefined;
    this.changed.delete(node);
    this.heldBytes -= image.length;
    return image;
  }

  clear(): void {
    this.changed.clear();
    this.gone.clear();
    this.heldBytes = 0;
  }
}
