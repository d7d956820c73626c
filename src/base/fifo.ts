import { assert } from './assert.ts';

/** Half of the slots go when fewer than one in so many is in use. */
const SPARSE = 8;
/** So few are kept: a client's 32 requests under way come and go all at once, and the room for them would as well. */
const KEPT_SLOTS = 32;

/**
 * A growing ring buffer: push at the tail, shift at the head, both O(1) and without moving elements.
 * An array's shift() copies; under thousands of outstanding requests that is the pipeline's largest cost. Once it has
 * run nearly empty it gives most of its room back.
 *
 * Invariants: `size` items from `head` on; the room is a power of two and never below that of the beginning.
 */
export class Fifo<T> {
  private slots: (T | undefined)[];
  private head = 0;
  private size = 0;
  private readonly leastSlots: number;
  private readonly keptSlots: number;

  constructor(capacity = 16) {
    assert(capacity > 0 && (capacity & (capacity - 1)) === 0, 'capacity of a Fifo is a power of two');
    this.leastSlots = capacity;
    this.keptSlots = Math.max(capacity, KEPT_SLOTS);
    this.slots = new Array<T | undefined>(capacity).fill(undefined);
  }

  get length(): number {
    return this.size;
  }

  push(item: T): void {
    if (this.size === this.slots.length) this.resize(this.slots.length * 2);
    this.slots[(this.head + this.size) & (this.slots.length - 1)] = item;
    this.size++;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & (this.slots.length - 1);
    this.size--;
    if (this.size * SPARSE < this.slots.length && this.slots.length > this.keptSlots) {
      this.resize(this.slots.length / 2);
    }
    return item;
  }

  /** Slots there is room for. */
  get capacity(): number {
    return this.slots.length;
  }

  peek(): T | undefined {
    return this.size === 0 ? undefined : this.slots[this.head];
  }

  /** The item `index` places behind the head. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.size) return undefined;
    return this.slots[(this.head + index) & (this.slots.length - 1)];
  }

  last(): T | undefined {
    return this.at(this.size - 1);
  }

  clear(): void {
    this.slots = new Array<T | undefined>(this.leastSlots).fill(undefined);
    this.head = 0;
    this.size = 0;
  }

  private resize(slots: number): void {
    const resized = new Array<T | undefined>(slots).fill(undefined);
    for (let i = 0; i < this.size; i++) resized[i] = this.slots[(this.head + i) & (this.slots.length - 1)];
    this.slots = resized;
    this.head = 0;
  }
}
