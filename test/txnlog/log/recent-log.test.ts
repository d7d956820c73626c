import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { RecentLog } from '../../../src/txnlog/log/recent-log.ts';
import { zxid } from '../lab.ts';

const payload = Buffer.from('payload');

function filled(...zxids: Zxid[]): RecentLog {
  const recent = new RecentLog(500);
  for (const one of zxids) recent.push(one, payload);
  return recent;
}

function zxids(recent: RecentLog): number[] {
  return recent.all().map((entry) => entry.zxid);
}

test('it is empty at first', () => {
  const recent = new RecentLog(500);
  expect([recent.length, recent.minZxid, recent.maxZxid, zxids(recent)]).toEqual([0, undefined, undefined, []]);
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
    fc.property(histories, (steps) => {
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
      expect(zxids(recent)).toEqual(all.slice(-500));
    }),
    { numRuns: 60 },
  );
});
