import { assert } from '../../base/assert.ts';
import type { Writer } from '../../jute/writer.ts';
import { DataSlab } from './data-slab.ts';
import { OwnerLists } from './owner-lists.ts';

/**
 * The fields of all nodes, in pages of typed arrays: a node is a number, and a million of them are no objects at all.
 * Children of a node are a linked list through their own fields, all nodes are another, both in the order of creation.
 * Paths are kept beside, in pages too, for one list of millions would stop the world each time it grows. So are the
 * lists of nodes that have an owner.
 *
 * A handle is given out again after its node was freed; whoever keeps one across a change must know better. A page
 * whose nodes are all free is given back, but for one, so that a tree that was large once does not stay so.
 *
 * Each node counts the nodes below it, so that no walk is needed to know their number. A change costs a step for each
 * node above it, and its path has more letters than that.
 *
 * Invariants: `used` counts the nodes of a page that are not free; a page has a place in `open` as long as it has a
 * free node; the free nodes of a page are linked through their NEXT.
 */
/**
 * Data from this length on is never overwritten in place, so that a reply can refer to it instead of copying it. A
 * reply that is not taken keeps the block of 1 MB alive that the data lies in.
 */
const SHARED_DATA_BYTES = 32 * 1024;

const PAGE_BITS = 10;
const PAGE_NODES = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_NODES - 1;

/** The columns of the two tables have types of their own: a number of one table names nothing in the other. */
declare const longColumn: unique symbol;
declare const intColumn: unique symbol;
export type LongColumn = number & { readonly [longColumn]: true };
export type IntColumn = number & { readonly [intColumn]: true };

/** Numbers of up to 53 bits. */
export const CZXID = 0 as LongColumn;
export const MZXID = 1 as LongColumn;
export const PZXID = 2 as LongColumn;
export const CTIME = 3 as LongColumn;
export const MTIME = 4 as LongColumn;
/** Counts creations, and so tells which of two nodes is older. */
export const SEQUENCE = 5 as LongColumn;
/** Bytes of data in all nodes below this one. */
export const BYTES_BELOW = 6 as LongColumn;
const LONGS = 7;

/** Numbers of 32 bits. */
export const VERSION = 0 as IntColumn;
/** Creates below this node, as stored. */
export const CVERSION = 1 as IntColumn;
export const AVERSION = 2 as IntColumn;
/** 0 without an owner; else the slot in the owner's list, and in the low bits the OwnerKind: see node-owner.ts. */
export const OWNED = 3 as IntColumn;
export const OWNER_KIND_BITS = 2;
export const PARENT = 4 as IntColumn;
export const FIRST_CHILD = 5 as IntColumn;
export const LAST_CHILD = 6 as IntColumn;
export const NEXT = 7 as IntColumn;
export const PREVIOUS = 8 as IntColumn;
export const CHILD_COUNT = 9 as IntColumn;
/** A slot of the AclCache. */
export const ACL = 10 as IntColumn;
export const CONTENT_CRC = 11 as IntColumn;
export const DIGEST = 12 as IntColumn;
const DATA_BLOCK = 13 as IntColumn;
const DATA_OFFSET = 14 as IntColumn;
/** -1: null. */
const DATA_LENGTH = 15 as IntColumn;
/** Of the path, and the next node of its chain: PathIndex's. */
export const HASH = 16 as IntColumn;
export const HASH_NEXT = 17 as IntColumn;
/** Neighbours in the order of creation. */
const OLDER = 18 as IntColumn;
const NEWER = 19 as IntColumn;
/** All nodes below this one. */
export const NODES_BELOW = 20 as IntColumn;
const INTS = 21;

/** No node, in the fields that name one. */
export const NO_NODE = -1;

interface Page {
  used: number;
  /** Nodes from here on were never given out. */
  fresh: number;
  firstFree: number;
}

const NO_LONGS = new Float64Array(0);
const NO_INTS = new Int32Array(0);
const NO_PATHS: string[] = [];

export class NodeTable {
  readonly owners = new OwnerLists();
  private readonly longs: Float64Array[] = [];
  private readonly ints: Int32Array[] = [];
  private readonly paths: string[][] = [];
  private readonly pages: Page[] = [];
  /** Numbers of the pages with a free node. */
  private readonly open: number[] = [];
  /** Numbers of the pages that were given back. */
  private readonly gone: number[] = [];
  private readonly slab: DataSlab;
  private sequence = 0;
  private oldestNode = NO_NODE;
  private newestNode = NO_NODE;

  constructor() {
    this.slab = new DataSlab({
      isAt: (node, block, offset) =>
        this.int(node, DATA_LENGTH) > 0 &&
        this.int(node, DATA_BLOCK) === block &&
        this.int(node, DATA_OFFSET) === offset,
      moveTo: (node, block, offset) => {
        this.setInt(node, DATA_BLOCK, block);
        this.setInt(node, DATA_OFFSET, offset);
      },
    });
  }

  /** Bytes of node data and of fields, reserved from the system. */
  get reservedBytes(): number {
    const pages = this.pages.length - this.gone.length;
    return this.slab.reservedBytes + pages * PAGE_NODES * (LONGS * 8 + INTS * 4);
  }

  /** The sequence number of the newest node. */
  get lastSequence(): number {
    return this.sequence;
  }

  /** The oldest node; NO_NODE when there is none. */
  get oldest(): number {
    return this.oldestNode;
  }

  /** The next node in the order of creation. */
  newer(node: number): number {
    return this.int(node, NEWER);
  }

  /** A node without parent, children or data, every other field 0. */
  allocate(path: string): number {
    const node = this.takeFree();
    (this.paths[node >> PAGE_BITS] as string[])[node & PAGE_MASK] = path;
    const ints = this.ints[node >> PAGE_BITS] as Int32Array;
    const at = (node & PAGE_MASK) * INTS;
    ints[at + PARENT] = NO_NODE;
    ints[at + FIRST_CHILD] = NO_NODE;
    ints[at + LAST_CHILD] = NO_NODE;
    ints[at + NEXT] = NO_NODE;
    ints[at + PREVIOUS] = NO_NODE;
    ints[at + DATA_LENGTH] = -1;
    const longs = this.longs[node >> PAGE_BITS] as Float64Array;
    const first = (node & PAGE_MASK) * LONGS;
    longs[first + SEQUENCE] = ++this.sequence;
    ints[at + OLDER] = this.newestNode;
    ints[at + NEWER] = NO_NODE;
    if (this.newestNode === NO_NODE) this.oldestNode = node;
    else this.setInt(this.newestNode, NEWER, node);
    this.newestNode = node;
    return node;
  }

  /** The node must have been taken from its parent, and have no children. */
  free(node: number): void {
    assert(this.int(node, CHILD_COUNT) === 0, 'a node that goes has no children left');
    this.setData(node, undefined);
    this.removeOwner(node);
    const older = this.int(node, OLDER);
    const newer = this.int(node, NEWER);
    if (older === NO_NODE) this.oldestNode = newer;
    else this.setInt(older, NEWER, newer);
    if (newer === NO_NODE) this.newestNode = older;
    else this.setInt(newer, OLDER, older);
    (this.paths[node >> PAGE_BITS] as string[])[node & PAGE_MASK] = '';
    this.giveBack(node);
  }

  long(node: number, column: LongColumn): number {
    return (this.longs[node >> PAGE_BITS] as Float64Array)[(node & PAGE_MASK) * LONGS + column] as number;
  }

  setLong(node: number, column: LongColumn, value: number): void {
    (this.longs[node >> PAGE_BITS] as Float64Array)[(node & PAGE_MASK) * LONGS + column] = value;
  }

  int(node: number, column: IntColumn): number {
    return (this.ints[node >> PAGE_BITS] as Int32Array)[(node & PAGE_MASK) * INTS + column] as number;
  }

  setInt(node: number, column: IntColumn, value: number): void {
    (this.ints[node >> PAGE_BITS] as Int32Array)[(node & PAGE_MASK) * INTS + column] = value;
  }

  path(node: number): string {
    return (this.paths[node >> PAGE_BITS] as string[])[node & PAGE_MASK] as string;
  }

  private removeOwner(node: number): void {
    const owned = this.int(node, OWNED);
    if (owned === 0) return;
    this.owners.remove(owned >> OWNER_KIND_BITS);
    this.setInt(node, OWNED, 0);
  }

  appendChild(parent: number, child: number): void {
    const last = this.int(parent, LAST_CHILD);
    assert(this.int(child, PARENT) === NO_NODE, 'a node has one parent');
    this.setInt(child, PARENT, parent);
    this.setInt(child, PREVIOUS, last);
    if (last === NO_NODE) this.setInt(parent, FIRST_CHILD, child);
    else this.setInt(last, NEXT, child);
    this.setInt(parent, LAST_CHILD, child);
    this.setInt(parent, CHILD_COUNT, this.int(parent, CHILD_COUNT) + 1);
    this.countAbove(child, 1, this.dataLength(child));
  }

  removeChild(child: number): void {
    const parent = this.int(child, PARENT);
    assert(this.int(parent, CHILD_COUNT) > 0, 'a parent has as many children as were given to it');
    const next = this.int(child, NEXT);
    const previous = this.int(child, PREVIOUS);
    if (previous === NO_NODE) this.setInt(parent, FIRST_CHILD, next);
    else this.setInt(previous, NEXT, next);
    if (next === NO_NODE) this.setInt(parent, LAST_CHILD, previous);
    else this.setInt(next, PREVIOUS, previous);
    this.setInt(parent, CHILD_COUNT, this.int(parent, CHILD_COUNT) - 1);
    this.countAbove(child, -1, -this.dataLength(child));
    this.setInt(child, PARENT, NO_NODE);
  }

  /** Copies `data` in. */
  setData(node: number, data: Uint8Array | undefined): void {
    const length = this.int(node, DATA_LENGTH);
    const block = this.int(node, DATA_BLOCK);
    if (data !== undefined && data.length === length && length < SHARED_DATA_BYTES) {
      if (length > 0) this.slab.overwrite(block, this.int(node, DATA_OFFSET), data);
      return;
    }
    this.setInt(node, DATA_LENGTH, data === undefined ? -1 : data.length);
    if (data !== undefined && data.length > 0) this.slab.put(node, data);
    if (length > 0) this.slab.free(block, length);
    this.countAbove(node, 0, this.dataLength(node) - Math.max(length, 0));
  }

  /** The first data of a node that has no parent yet: bytes [start, end) of `bytes`, copied in. */
  setFirstData(node: number, bytes: Uint8Array, start: number, end: number): void {
    assert(this.int(node, PARENT) === NO_NODE, 'data is counted above when its node gets its place');
    this.setInt(node, DATA_LENGTH, end - start);
    if (end > start) this.slab.put(node, bytes, start, end);
  }

  /** Bytes of data; 0 for null. */
  dataLength(node: number): number {
    return Math.max(this.int(node, DATA_LENGTH), 0);
  }

  /** A view, valid until the table changes; undefined for null. */
  data(node: number): Buffer | undefined {
    const length = this.int(node, DATA_LENGTH);
    if (length < 0) return undefined;
    if (length === 0) return EMPTY;
    const offset = this.int(node, DATA_OFFSET);
    return this.slab.bytesOf(this.int(node, DATA_BLOCK)).subarray(offset, offset + length);
  }

  /** The data as a jute buffer. */
  writeData(node: number, w: Writer): void {
    const length = this.int(node, DATA_LENGTH);
    w.writeInt(length);
    if (length <= 0) return;
    const offset = this.int(node, DATA_OFFSET);
    w.writeRaw(this.slab.bytesOf(this.int(node, DATA_BLOCK)), offset, offset + length);
  }

  /** For a reply: long data is referred to where it lies, and may stay so when the node has other data by then. */
  writeReplyData(node: number, w: Writer): void {
    const length = this.int(node, DATA_LENGTH);
    if (length < SHARED_DATA_BYTES) {
      this.writeData(node, w);
      return;
    }
    const offset = this.int(node, DATA_OFFSET);
    w.writeInt(length);
    w.writeShared(this.slab.bytesOf(this.int(node, DATA_BLOCK)).subarray(offset, offset + length));
  }

  /** In every node above this one. */
  private countAbove(node: number, nodes: number, bytes: number): void {
    if (nodes === 0 && bytes === 0) return;
    for (let above = this.int(node, PARENT); above !== NO_NODE; above = this.int(above, PARENT)) {
      this.setInt(above, NODES_BELOW, this.int(above, NODES_BELOW) + nodes);
      this.setLong(above, BYTES_BELOW, this.long(above, BYTES_BELOW) + bytes);
    }
  }

  private takeFree(): number {
    const number = this.open.at(-1) ?? this.addPage();
    const page = this.pages[number] as Page;
    let node = page.firstFree;
    // All fields of a page are 0 at first, and are made so again for a node that is given out a second time.
    if (node === NO_NODE) node = (number << PAGE_BITS) + page.fresh++;
    else {
      page.firstFree = this.int(node, NEXT);
      this.clear(node);
    }
    page.used++;
    assert(page.used <= PAGE_NODES, 'an open page has a free node');
    if (page.used === PAGE_NODES) this.open.pop();
    return node;
  }

  private clear(node: number): void {
    const at = node & PAGE_MASK;
    (this.ints[node >> PAGE_BITS] as Int32Array).fill(0, at * INTS, (at + 1) * INTS);
    (this.longs[node >> PAGE_BITS] as Float64Array).fill(0, at * LONGS, (at + 1) * LONGS);
  }

  private addPage(): number {
    const number = this.gone.pop() ?? this.pages.length;
    this.longs[number] = new Float64Array(PAGE_NODES * LONGS);
    this.ints[number] = new Int32Array(PAGE_NODES * INTS);
    this.paths[number] = new Array<string>(PAGE_NODES).fill('');
    this.pages[number] = { used: 0, fresh: 0, firstFree: NO_NODE };
    this.open.push(number);
    return number;
  }

  private giveBack(node: number): void {
    const number = node >> PAGE_BITS;
    const page = this.pages[number] as Page;
    assert(page.used > 0, 'a node is freed once');
    if (page.used === PAGE_NODES) this.open.push(number);
    page.used--;
    this.setInt(node, NEXT, page.firstFree);
    page.firstFree = node;
    if (page.used > 0 || this.open.length === 1) return;
    this.open.splice(this.open.indexOf(number), 1);
    this.longs[number] = NO_LONGS;
    this.ints[number] = NO_INTS;
    this.paths[number] = NO_PATHS;
    this.gone.push(number);
  }
}

const EMPTY = Buffer.alloc(0);
