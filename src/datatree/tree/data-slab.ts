import { assert } from '../../base/assert.ts';

/**
 * Where znode data lies: large blocks outside the JavaScript heap, filled from the front, so that a million small
 * nodes are a few hundred buffers and no work for the collector.
 *
 *   record: node handle int, length int, bytes
 *
 * A block that is mostly dead is emptied by moving its living records to the block being filled; every byte moved
 * that way frees three, so the cost stays in proportion to what was written. The node table knows where each node's
 * record is and is told when one moves.
 *
 * Invariants: dead + living = used <= the length of a block; the header of a record has the length it was put with.
 */
const HEADER_BYTES = 8;
const SMALLEST_BLOCK_BYTES = 16 * 1024;
const BLOCK_BYTES = 1024 * 1024;
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

  constructor(owner: SlabOwner) {
    this.owner = owner;
  }

  /** Bytes held from the system, the dead ones included. */
  get reservedBytes(): number {
    let total = 0;
    for (const block of this.blocks) total += block?.bytes.length ?? 0;
    return total;
  }

  /** Copies `data` in for a node and tells the owner where. */
  put(handle: number, data: Uint8Array): void {
    const size = HEADER_BYTES + data.length;
    const index = this.blockFor(size);
    const block = this.blocks[index] as Block;
    const at = block.used;
    assert(at + size <= block.bytes.length, 'a record lies within its block');
    block.bytes.writeInt32LE(handle, at);
    block.bytes.writeInt32LE(data.length, at + 4);
    block.bytes.set(data, at + HEADER_BYTES);
    block.used = at + size;
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
    assert(block.dead <= block.used, 'a record is freed once');
    if (block.dead === block.used && index !== this.current) this.drop(index);
    else if (block.dead > (block.bytes.length >> 2) * 3) this.evacuate(index);
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
    this.blocks[index] = undefined;
    this.freeBlocks.push(index);
  }

  private evacuate(index: number): void {
    const block = this.blocks[index] as Block;
    if (index === this.current) this.current = -1;
    for (let at = 0; at < block.used; ) {
      const handle = block.bytes.readInt32LE(at);
      const length = block.bytes.readInt32LE(at + 4);
      const offset = at + HEADER_BYTES;
      at = offset + length;
      if (this.owner.isAt(handle, index, offset)) this.put(handle, block.bytes.subarray(offset, at));
    }
    this.drop(index);
  }
}
