import { assert } from '../base/assert.ts';
import { ZXID_ZERO, type Zxid, zxidHex } from '../jute/zxid.ts';
import { follows } from './zxid-order.ts';

/**
 * The last committed transactions, as their payloads, for learners that are not far behind. A ring without holes: a
 * learner is sent everything after what it has, so a missing entry would be a lost transaction at that learner
 * (ZOOKEEPER-4925). Inside an epoch an entry is found by its distance from the oldest; where an epoch ended in
 * between, by halving.
 */
export interface LogEntry {
  readonly zxid: Zxid;
  readonly payload: Buffer;
}

/** Apache takes no smaller commitLogCount. */
export const MIN_RECENT_COUNT = 500;
/** Large znodes must not turn a count of entries into gigabytes. */
export const RECENT_MAX_BYTES = 64 << 20;

export class RecentLog {
  private readonly capacity: number;
  private readonly maxBytes: number;
  private readonly entries: (LogEntry | undefined)[];
  private head = 0;
  private count = 0;
  private bytes = 0;

  constructor(count: number, maxBytes: number = RECENT_MAX_BYTES) {
    this.capacity = Math.max(count, MIN_RECENT_COUNT);
    this.maxBytes = maxBytes;
    this.entries = new Array<LogEntry | undefined>(this.capacity).fill(undefined);
  }

  get length(): number {
    return this.count;
  }

  /** Zxid of the oldest entry; 0 when there is none. */
  get minZxid(): Zxid {
    return this.count === 0 ? ZXID_ZERO : this.at(0).zxid;
  }

  get maxZxid(): Zxid {
    return this.count === 0 ? ZXID_ZERO : this.at(this.count - 1).zxid;
  }

  get byteLength(): number {
    return this.bytes;
  }

  push(zxid: Zxid, payload: Buffer): void {
    if (this.count > 0) {
      const last = this.maxZxid;
      assert(follows(last, zxid), `committed ${zxidHex(zxid)} after ${zxidHex(last)}`);
    }
    if (this.count === this.capacity) this.dropOldest();
    this.entries[(this.head + this.count) % this.capacity] = { zxid, payload };
    this.count++;
    this.bytes += payload.length;
    while (this.bytes > this.maxBytes && this.count > 1) this.dropOldest();
  }

  has(zxid: Zxid): boolean {
    const index = this.indexFrom(zxid);
    return index < this.count && this.at(index).zxid === zxid;
  }

  /** Entries with a zxid of `zxid` or above, oldest first: what is there now, whatever is pushed meanwhile. */
  slice(zxid: Zxid): LogEntry[] {
    const entries: LogEntry[] = [];
    for (let index = this.indexFrom(zxid); index < this.count; index++) entries.push(this.at(index));
    return entries;
  }

  /** The largest zxid held that is not above `zxid`; undefined when all are. */
  floor(zxid: Zxid): Zxid | undefined {
    const index = this.indexFrom((zxid + 1) as Zxid);
    return index === 0 ? undefined : this.at(index - 1).zxid;
  }

  clear(): void {
    this.entries.fill(undefined);
    this.head = 0;
    this.count = 0;
    this.bytes = 0;
  }

  /** Index of the first entry that is not below `zxid`; `count` when all are. */
  private indexFrom(zxid: Zxid): number {
    if (this.count === 0 || zxid <= this.minZxid) return 0;
    const distance = zxid - this.minZxid;
    if (distance < this.count && this.at(distance).zxid === zxid) return distance;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).zxid < zxid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private at(index: number): LogEntry {
    return this.entries[(this.head + index) % this.capacity] as LogEntry;
  }

  private dropOldest(): void {
    this.bytes -= this.at(0).payload.length;
    this.entries[this.head] = undefined;
    this.head = (this.head + 1) % this.capacity;
    this.count--;
  }
}
