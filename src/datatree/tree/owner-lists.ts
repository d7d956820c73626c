import { assert } from '../../base/assert.ts';
import { OwnerKind } from './owner-kind.ts';

/**
 * The owned nodes of each owner, oldest first: linked lists whose links lie in pages beside the node table, for few
 * nodes have an owner. The nodes of a session are walked and taken apart without a string or an object for each node.
 *
 * A slot is a node's place in its list; the node table keeps it for the node. Owners are sessions, and the marks that
 * stand in their room: one for containers, one for each TTL in use. A session stays after its last node has gone, until
 * it is dropped, as in Apache's dump.
 */
export interface Owned {
  readonly owner: bigint;
  /** An OwnerKind. */
  readonly kind: number;
  /** Slots; NO_SLOT when there are none. */
  first: number;
  last: number;
  count: number;
  readonly number: number;
}

export const NO_SLOT = -1;
/** The node of a free slot. */
const NO_NODE = -1;

const PAGE_BITS = 10;
const PAGE_MASK = (1 << PAGE_BITS) - 1;

const NODE = 0;
/** In its list; of a free slot the next free one. */
const NEXT = 1;
const PREVIOUS = 2;
/** The number of the owner. */
const OWNER = 3;
const FIELDS = 4;

export class OwnerLists {
  private readonly pages: Int32Array[] = [];
  private readonly byOwner = new Map<bigint, Owned>();
  private readonly byNumber: (Owned | undefined)[] = [];
  private readonly freeNumbers: number[] = [];
  private fresh = 0;
  private sessions = 0;
  private firstFree = NO_SLOT;

  of(owner: bigint): Owned | undefined {
    return this.byOwner.get(owner);
  }

  get size(): number {
    return this.byOwner.size;
  }

  /** Owners that are sessions. */
  get sessionCount(): number {
    return this.sessions;
  }

  /** In the order in which they came to own something. */
  all(): IterableIterator<Owned> {
    return this.byOwner.values();
  }

  ownerAt(slot: number): Owned {
    return this.byNumber[this.get(slot, OWNER)] as Owned;
  }

  nodeAt(slot: number): number {
    return this.get(slot, NODE);
  }

  /** Whether the slot is still this node's, in this list. */
  isAt(slot: number, node: number, list: Owned): boolean {
    return this.get(slot, NODE) === node && this.get(slot, OWNER) === list.number;
  }

  /** The next in the list, or NO_SLOT. */
  after(slot: number): number {
    return this.get(slot, NEXT);
  }

  /** Puts a node at the end of its owner's list; its slot. */
  add(node: number, kind: number, owner: bigint): number {
    const list = this.byOwner.get(owner) ?? this.begin(kind, owner);
    const slot = this.takeSlot();
    const page = this.pages[slot >> PAGE_BITS] as Int32Array;
    const at = (slot & PAGE_MASK) * FIELDS;
    page[at + NODE] = node;
    page[at + NEXT] = NO_SLOT;
    page[at + PREVIOUS] = list.last;
    page[at + OWNER] = list.number;
    if (list.last === NO_SLOT) list.first = slot;
    else this.set(list.last, NEXT, slot);
    list.last = slot;
    list.count++;
    return slot;
  }

  remove(slot: number): void {
    const list = this.ownerAt(slot);
    assert(list.count > 0, 'an owner has as many nodes as were given to it');
    const next = this.get(slot, NEXT);
    const previous = this.get(slot, PREVIOUS);
    if (previous === NO_SLOT) list.first = next;
    else this.set(previous, NEXT, next);
    if (next === NO_SLOT) list.last = previous;
    else this.set(next, PREVIOUS, previous);
    list.count--;
    this.set(slot, NODE, NO_NODE);
    this.set(slot, NEXT, this.firstFree);
    this.firstFree = slot;
    if (list.count === 0 && list.kind !== OwnerKind.session) this.drop(list);
  }

  /** Forgets an owner that has nothing left. */
  drop(list: Owned): void {
    assert(list.count === 0, 'an owner that is forgotten owns nothing');
    this.byOwner.delete(list.owner);
    if (list.kind === OwnerKind.session) this.sessions--;
    this.byNumber[list.number] = undefined;
    this.freeNumbers.push(list.number);
  }

  private begin(kind: number, owner: bigint): Owned {
    const number = this.freeNumbers.pop() ?? this.byNumber.length;
    const list: Owned = { owner, kind, first: NO_SLOT, last: NO_SLOT, count: 0, number };
    this.byNumber[number] = list;
    this.byOwner.set(owner, list);
    if (kind === OwnerKind.session) this.sessions++;
    return list;
  }

  private takeSlot(): number {
    const slot = this.firstFree;
    if (slot !== NO_SLOT) {
      this.firstFree = this.get(slot, NEXT);
      return slot;
    }
    if ((this.fresh & PAGE_MASK) === 0) this.pages.push(new Int32Array(FIELDS << PAGE_BITS));
    return this.fresh++;
  }

  private get(slot: number, field: number): number {
    return (this.pages[slot >> PAGE_BITS] as Int32Array)[(slot & PAGE_MASK) * FIELDS + field] as number;
  }

  private set(slot: number, field: number, value: number): void {
    (this.pages[slot >> PAGE_BITS] as Int32Array)[(slot & PAGE_MASK) * FIELDS + field] = value;
  }
}
