import { assert, unreachable } from '../../base/assert.ts';
import { follows, type Zxid, zxidHex } from '../../jute/zxid.ts';

/**
 * The last committed transactions, as their payloads, for learners that are not far behind. A ring without holes: a
 * learner is sent everything after what it has, so a missing entry would be a lost transaction at that learner
 * (ZOOKEEPER-4925).
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
  /** The limit in bytes, for any number of entries; the newest entry is kept in any case. */
  maxBytes: number;
  private readonly entries: (LogEntry | undefined)[];
  /** Of the payloads: one that goes is out of the cache by then, and its length would be fetched from afar. */
  private readonly sizes: Int32Array;
  private head = 0;
  private count = 0;
  private bytes = 0;

  constructor(count: number, maxBytes: number = RECENT_MAX_BYTES) {
    this.capacity = Math.max(count, MIN_RECENT_COUNT);
    this.maxBytes = maxBytes;
    this.sizes = new Int32Array(this.capacity);
    this.entries = new Array<LogEntry | undefined>(this.capacity).fill(undefined);
  }

  get length(): number {
    return this.count;
  }

  /** Zxid of the oldest entry. */
  get minZxid(): Zxid | undefined {
    return this.count === 0 ? undefined : this.at(0).zxid;
  }

  get maxZxid(): Zxid | undefined {
    return this.count === 0 ? undefined : this.at(this.count - 1).zxid;
  }

  get byteLength(): number {
    return this.bytes;
  }

  push(zxid: Zxid, payload: Buffer): void {
    const last = this.maxZxid;
    if (last !== undefined && !follows(last, zxid)) unreachable(`committed ${zxidHex(zxid)} after ${zxidHex(last)}`);
    if (this.count === this.capacity) this.dropOldest();
    const at = (this.head + this.count) % this.capacity;
    this.entries[at] = { zxid, payload };
    this.sizes[at] = payload.length;
    this.count++;
    this.bytes += payload.length;
    while (this.bytes > this.maxBytes && this.count > 1) this.dropOldest();
    assert(this.bytes >= payload.length, 'the bytes are those of the entries');
  }

  /** All of them, oldest first: what is there now, whatever is pushed meanwhile. */
  all(): LogEntry[] {
    const entries: LogEntry[] = [];
    for (let index = 0; index < this.count; index++) entries.push(this.at(index));
    return entries;
  }

  clear(): void {
    this.entries.fill(undefined);
    this.head = 0;
    this.count = 0;
    this.bytes = 0;
  }

  private at(index: number): LogEntry {
    return this.entries[(this.head + index) % this.capacity] as LogEntry;
  }

  private dropOldest(): void {
    assert(this.count > 0, 'nothing goes from an empty log');
    this.bytes -= this.sizes[this.head] as number;
    this.entries[this.head] = undefined;
    this.head = (this.head + 1) % this.capacity;
    this.count--;
  }
}
