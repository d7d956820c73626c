import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { RecentLog } from '../../src/txnlog/recent-log.ts';
import { zxid } from './lab.ts';

const payload = Buffer.from('payload');

function filled(...zxids: Zxid[]): RecentLog {
  const recent = new RecentLog(500);
  for (const one of zxids) recent.push(one, payload);
  return recent;
}

function slice(recent: RecentLog, from: Zxid): number[] {
  return recent.slice(from).map((entry) => entry.zxid);
}

test('it is empty at first', () => {
  const recent = new RecentLog(500);
  expect([recent.length, recent.minZxid, recent.maxZxid, recent.slice(zxid(0, 0)).length]).toEqual([0, 0, 0, 0]);
});

test('a slice begins at the zxid or at the first above it', () => {
  const recent = filled(zxid(1, 5), zxid(1, 6), zxid(3, 1), zxid(3, 2));
  expect(slice(recent, zxid(1, 1))).toEqual([zxid(1, 5), zxid(1, 6), zxid(3, 1), zxid(3, 2)]);
  expect(slice(recent, zxid(1, 6))).toEqual([zxid(1, 6), zxid(3, 1), zxid(3, 2)]);
  expect(slice(recent, zxid(1, 7))).toEqual([zxid(3, 1), zxid(3, 2)]);
  expect(slice(recent, zxid(2, 9))).toEqual([zxid(3, 1), zxid(3, 2)]);
  expect(slice(recent, zxid(3, 2))).toEqual([zxid(3, 2)]);
  expect(slice(recent, zxid(3, 3))).toEqual([]);
});

test('it knows what it has, and what is the nearest below', () => {
  const recent = filled(zxid(1, 5), zxid(1, 6), zxid(3, 1));
  expect([zxid(1, 4), zxid(1, 6), zxid(1, 7), zxid(3, 1)].map((one) => recent.has(one))).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect(recent.floor(zxid(2, 0))).toBe(zxid(1, 6));
  expect(recent.floor(zxid(1, 5))).toBe(zxid(1, 5));
  expect(recent.floor(zxid(1, 4))).toBeUndefined();
});

test('a hole is a bug of ours: within an epoch, at the start of one, and backwards', () => {
  for (const next of [zxid(1, 7), zxid(2, 2), zxid(1, 5), zxid(2, 0)]) {
    expect(() => filled(zxid(1, 5), next)).toThrow(AssertionFailure);
  }
});

test('the oldest go when there are too many, or too many bytes', () => {
  const counted = new RecentLog(500);
  for (let i = 1; i <= 1200; i++) counted.push(zxid(1, i), payload);
  expect([counted.length, counted.minZxid, counted.maxZxid]).toEqual([500, zxid(1, 701), zxid(1, 1200)]);
  const heavy = new RecentLog(500, 1000);
  for (let i = 1; i <= 5; i++) heavy.push(zxid(1, i), Buffer.alloc(400));
  expect([heavy.length, heavy.minZxid, heavy.byteLength]).toEqual([2, zxid(1, 4), 800]);
  heavy.push(zxid(1, 6), Buffer.alloc(5000));
  expect([heavy.length, heavy.minZxid]).toEqual([1, zxid(1, 6)]);
});

test('it is the tail of what was pushed, whatever the epochs', () => {
  const histories = fc.array(fc.tuple(fc.boolean(), fc.nat(3)), { maxLength: 900 });
  fc.assert(
    fc.property(histories, fc.nat(10), fc.nat(1000), (steps, askEpoch, askCounter) => {
      const recent = new RecentLog(0);
      const all: number[] = [];
      let epoch = 1;
      let counter = 0;
      for (const [newEpoch, skip] of steps) {
        if (newEpoch && all.length > 0) {
          epoch += 1 + skip;
          counter = 0;
        }
        counter++;
        all.push(zxid(epoch, counter));
        recent.push(zxid(epoch, counter), payload);
      }
      const from = zxid(askEpoch, askCounter);
      const tail = all.slice(-500);
      expect(slice(recent, from)).toEqual(tail.filter((one) => one >= from));
      expect(recent.has(from)).toBe(tail.includes(from));
    }),
    { numRuns: 60 },
  );
});
