import { assert } from '../../base/assert.ts';

/**
 * Items that expire in buckets one interval wide, as ExpiryQueue: an item expires with the first bucket boundary
 * after its deadline, so up to one interval late and never early. Moving an item costs nothing as long as it stays
 * in its bucket, which is what most touches do.
 */
export interface Expiring {
  /** End of the bucket the item is in; 0 outside. Only ExpiryBuckets writes it. */
  bucketMs: number;
}

export class ExpiryBuckets<T extends Expiring> {
  private readonly buckets = new Map<number, Set<T>>();
  private readonly intervalMs: number;
  private nextMs: number;
  private count = 0;

  constructor(intervalMs: number, nowMs: number) {
    assert(intervalMs > 0, 'expiry interval is positive');
    this.intervalMs = intervalMs;
    this.nextMs = this.boundaryAfter(nowMs);
  }

  get size(): number {
    return this.count;
  }

  update(item: T, nowMs: number, timeoutMs: number): void {
    // A boundary that has been taken already would never be looked at again.
    const bucketMs = Math.max(this.boundaryAfter(nowMs + timeoutMs), this.nextMs);
    if (bucketMs === item.bucketMs) return;
    if (item.bucketMs === 0) this.count++;
    else this.buckets.get(item.bucketMs)?.delete(item);
    item.bucketMs = bucketMs;
    const bucket = this.buckets.get(bucketMs);
    if (bucket === undefined) this.buckets.set(bucketMs, new Set([item]));
    else bucket.add(item);
  }

  remove(item: T): void {
    if (item.bucketMs === 0) return;
    this.buckets.get(item.bucketMs)?.delete(item);
    item.bucketMs = 0;
    this.count--;
  }

  /**
   * The next bucket when it is due, else undefined. One bucket a call: after a stall of the process, bytes that
   * clients sent meanwhile are read between the calls. So a client that pinged in time is not expired for our stall.
   */
  takeDue(nowMs: number): ReadonlySet<T> | undefined {
    if (nowMs < this.nextMs) return undefined;
    const bucket = this.buckets.get(this.nextMs);
    this.buckets.delete(this.nextMs);
    this.nextMs += this.intervalMs;
    if (bucket === undefined) return NOTHING as ReadonlySet<T>;
    for (const item of bucket) item.bucketMs = 0;
    this.count -= bucket.size;
    return bucket;
  }

  /** Buckets in order of time, for the four-letter word dump. */
  entries(): [endMs: number, items: ReadonlySet<T>][] {
    return [...this.buckets].sort((a, b) => a[0] - b[0]);
  }

  private boundaryAfter(timeMs: number): number {
    return (Math.floor(timeMs / this.intervalMs) + 1) * this.intervalMs;
  }
}

const NOTHING: ReadonlySet<never> = new Set();
