import { describe, expect, it } from 'vitest';
import { type Expiring, ExpiryBuckets } from '../../../src/server/sessions/expiry-buckets.ts';

interface Named extends Expiring {
  name: string;
}

function item(name: string): Named {
  return { name, bucketMs: 0 };
}

function due(buckets: ExpiryBuckets<Named>, nowMs: number): string[] | undefined {
  const taken = buckets.takeDue(nowMs);
  return taken === undefined ? undefined : [...taken].map((i) => i.name);
}

describe('expiry in buckets of 1000 ms', () => {
  it('comes with the first boundary after the deadline', () => {
    const buckets = new ExpiryBuckets<Named>(1000, 500);
    buckets.update(item('a'), 500, 1000);
    buckets.update(item('b'), 500, 1500);
    expect(due(buckets, 999)).toBeUndefined();
    expect(due(buckets, 1000)).toEqual([]);
    expect(due(buckets, 1999.9)).toBeUndefined();
    expect(due(buckets, 2000)).toEqual(['a']);
    expect(due(buckets, 3000)).toEqual(['b']);
    expect(buckets.size).toBe(0);
  });

  it('is put off by an update and forgotten by a removal', () => {
    const buckets = new ExpiryBuckets<Named>(1000, 0);
    const a = item('a');
    const b = item('b');
    buckets.update(a, 0, 1500);
    buckets.update(b, 0, 1500);
    buckets.update(a, 900, 1500);
    buckets.remove(b);
    expect(buckets.size).toBe(1);
    expect(due(buckets, 1000)).toEqual([]);
    expect(due(buckets, 2000)).toEqual([]);
    expect(due(buckets, 3000)).toEqual(['a']);
  });

  it('hands out one bucket a call after a stall, so that a late touch between the calls counts', () => {
    const buckets = new ExpiryBuckets<Named>(1000, 0);
    const a = item('a');
    buckets.update(a, 0, 2500);
    expect(due(buckets, 60_000)).toEqual([]);
    buckets.update(a, 60_000, 2500);
    for (let call = 0; call < 59; call++) expect(due(buckets, 60_000)).toEqual([]);
    expect(due(buckets, 62_999)).toEqual([]);
    expect(due(buckets, 62_999)).toEqual([]);
    expect(due(buckets, 62_999)).toBeUndefined();
    expect(due(buckets, 63_000)).toEqual(['a']);
  });

  it('does not lose what is updated into a bucket that has been taken', () => {
    const buckets = new ExpiryBuckets<Named>(1000, 0);
    expect(due(buckets, 1000)).toEqual([]);
    buckets.update(item('a'), 500, 0);
    expect(due(buckets, 2000)).toEqual(['a']);
  });

  it('shows its buckets in order of time', () => {
    const buckets = new ExpiryBuckets<Named>(1000, 0);
    buckets.update(item('b'), 0, 5000);
    buckets.update(item('a'), 0, 1000);
    expect(buckets.entries().map(([endMs, items]) => [endMs, items.size])).toEqual([
      [2000, 1],
      [6000, 1],
    ]);
  });
});
