import { assert } from './assert.ts';

/**
 * A growing ring buffer: push at the tail, shift at the head, both O(1) and without moving elements.
 * An array's shift() copies; under thousands of outstanding requests that is the pipeline's largest cost.
 */
export class Fifo<T> {
  private slots: (T | undefined)[];
  private head = 0;
  private size = 0;

  constructor(capacity = 16) {
    assert(capacity > 0 && (capacity & (capacity - 1)) === 0, 'capacity of a Fifo is a power of two');
    this.slots = new Array<T | undefined>(capacity).fill(undefined);
  }

  get length(): number {
    return this.size;
  }

  push(item: T): void {
    if (this.size === this.slots.length) this.grow();
    this.slots[(this.head + this.size) & (this.slots.length - 1)] = item;
    this.size++;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & (this.slots.length - 1);
    this.size--;
    return item;
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
    this.slots = new Array<T | undefined>(16).fill(undefined);
    this.head = 0;
    this.size = 0;
  }

  private grow(): void {
    const grown = new Array<T | undefined>(this.slots.length * 2).fill(undefined);
    for (let i = 0; i < this.size; i++) grown[i] = this.slots[(this.head + i) & (this.slots.length - 1)];
    this.slots = grown;
    this.head = 0;
  }
}
