import { assert } from '../../base/assert.ts';

/**
 * Where znode data lies: large blocks outside the JavaScript heap, filled from the front, so that a million small
 * nodes are a few hundred buffers and no work for the collector.
 *
 *   record: node handle int, length int, bytes
 *
 * When a fifth of all is dead, the block with the most dead bytes is emptied into the block being filled. Some of its
 * records move with each further one that dies. Eight bytes are looked at for each that died, so that no change waits
 * for long and the work keeps pace. The node table knows where each node's record is and is told when one moves.
 *
 * Invariants: dead + living = used <= the length of a block; the header of a record has the length it was put with;
 * `used` and `dead` are the sums over all blocks. Below `emptied` the block that is emptied holds nothing
 * that lives.
 */
const HEADER_BYTES = 8;
const SMALLEST_BLOCK_BYTES = 16 * 1024;
const BLOCK_BYTES = 1024 * 1024;
/** Of this part of all that was written, at most, nothing lives any more. */
const DEAD_PART = 5;
/** So little is not worth a move. */
const DEAD_KEPT_BYTES = BLOCK_BYTES;
/** Bytes of a block that is emptied that are looked at for each that died. */
const LOOKED_AT_FOR_ONE = 8;
/** A record above this has a block of its own, so that no block is left half empty. */
const OWN_BLOCK_BYTES = BLOCK_BYTES / 8;

export interface SlabOwner {
  /** Whether the node's record is the one at this place. */
  isAt(handle: number, block: number, offset: number): boolean;
  moveTo(handle: number, block: number, offset: number): void;
}

interface Block {
  bytes: Buffer;
  used: number;
  dead: number;
}

export class DataSlab {
  private readonly owner: SlabOwner;
  private readonly blocks: (Block | undefined)[] = [];
  private readonly freeBlocks: number[] = [];
  private current = -1;
  private nextBlockBytes = SMALLEST_BLOCK_BYTES;
  private used = 0;
  private dead = 0;
  /** The block that is emptied, -1 for none, and how far it is. */
  private victim = -1;
  private emptied = 0;

  constructor(owner: SlabOwner) {
    this.owner = owner;
  }

  /** Bytes held from the system, the dead ones included. */
  get reservedBytes(): number {
    let total = 0;
    for (const block of this.blocks) total += block?.bytes.length ?? 0;
    return total;
  }

  /** Copies bytes [start, end) of `data` in for a node and tells the owner where. */
  put(handle: number, data: Uint8Array, start = 0, end: number = data.length): void {
    const length = end - start;
    const size = HEADER_BYTES + length;
    const index = this.blockFor(size);
    const block = this.blocks[index] as Block;
    const at = block.used;
    assert(at + size <= block.bytes.length, 'a record lies within its block');
    block.bytes.writeInt32LE(handle, at);
    block.bytes.writeInt32LE(length, at + 4);
    copy(data, start, end, block.bytes, at + HEADER_BYTES);
    block.used = at + size;
    this.used += size;
    this.owner.moveTo(handle, index, at + HEADER_BYTES);
  }

  /** Overwrites a record in place with data of the same length. */
  overwrite(block: number, offset: number, data: Uint8Array): void {
    const { bytes } = this.blocks[block] as Block;
    assert(bytes.readInt32LE(offset - 4) === data.length, 'a record keeps its length');
    bytes.set(data, offset);
  }

  /** The owner no longer points at this record. */
  free(index: number, length: number): void {
    const block = this.blocks[index];
    assert(block !== undefined, 'a block lasts as long as a record in it');
    block.dead += HEADER_BYTES + length;
    this.dead += HEADER_BYTES + length;
    assert(block.dead <= block.used, 'a record is freed once');
    if (block.dead === block.used && index !== this.current) this.drop(index);
    if (this.victim === -1 && this.dead > DEAD_KEPT_BYTES && this.dead * DEAD_PART > this.used) this.chooseVictim();
    if (this.victim !== -1) this.emptyVictim((HEADER_BYTES + length) * LOOKED_AT_FOR_ONE);
  }

  bytesOf(index: number): Buffer {
    return (this.blocks[index] as Block).bytes;
  }

  private blockFor(size: number): number {
    if (size > OWN_BLOCK_BYTES) return this.newBlock(size);
    const current = this.blocks[this.current];
    if (current !== undefined && current.used + size <= current.bytes.length) return this.current;
    const previous = this.current;
    this.current = this.newBlock(Math.max(this.nextBlockBytes, size));
    this.nextBlockBytes = Math.min(this.nextBlockBytes * 2, BLOCK_BYTES);
    if (current !== undefined && current.dead === current.used) this.drop(previous);
    return this.current;
  }

  private newBlock(bytes: number): number {
    const index = this.freeBlocks.pop() ?? this.blocks.length;
    this.blocks[index] = { bytes: Buffer.allocUnsafeSlow(bytes), used: 0, dead: 0 };
    return index;
  }

  private drop(index: number): void {
    const block = this.blocks[index] as Block;
    this.used -= block.used;
    this.dead -= block.dead;
    if (index === this.victim) this.victim = -1;
    this.blocks[index] = undefined;
    this.freeBlocks.push(index);
  }

  /** A look at every block, for each megabyte that is emptied. */
  private chooseVictim(): void {
    let most = 0;
    for (let index = 0; index < this.blocks.length; index++) {
      const block = this.blocks[index];
      if (block === undefined || block.dead <= most || index === this.current) continue;
      most = block.dead;
      this.victim = index;
    }
    this.emptied = 0;
  }

  private emptyVictim(bytes: number): void {
    const index = this.victim;
    const block = this.blocks[index] as Block;
    const end = Math.min(block.used, this.emptied + bytes);
    while (this.emptied < end) {
      const at = this.emptied;
      const handle = block.bytes.readInt32LE(at);
      const length = block.bytes.readInt32LE(at + 4);
      const offset = at + HEADER_BYTES;
      this.emptied = offset + length;
      if (!this.owner.isAt(handle, index, offset)) continue;
      this.put(handle, block.bytes, offset, offset + length);
      block.dead += HEADER_BYTES + length;
      this.dead += HEADER_BYTES + length;
    }
    if (this.emptied === block.used) this.drop(index);
  }
}

/** Up to so many bytes one by one cost less than a view. */
const COPIED_ONE_BY_ONE = 24;

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > COPIED_ONE_BY_ONE) to.set(new Uint8Array(from.buffer, from.byteOffset + start, end - start), at);
  else for (let i = start, j = at; i < end; i++, j++) to[j] = from[i] as number;
}
