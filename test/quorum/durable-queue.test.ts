import { expect, test } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { DurableQueue } from '../../src/quorum/durable-queue.ts';

function queue(...appended: number[]): DurableQueue {
  const made = new DurableQueue({ send() {} });
  for (const zxid of appended) made.onAppended(zxid as Zxid);
  return made;
}

test('what is durable comes after what was appended, and never goes back', () => {
  const told: string[] = [];
  const made = queue(5, 6);
  made.run(() => told.push('task'));
  made.onDurable(5 as Zxid);
  expect(told).toEqual([]);
  made.onDurable(6 as Zxid);
  expect(told).toEqual(['task']);
  expect(() => made.onDurable(5 as Zxid)).toThrow(AssertionFailure);
  expect(() => made.onDurable(7 as Zxid)).toThrow(AssertionFailure);
  expect(() => made.onAppended(6 as Zxid)).toThrow(AssertionFailure);
});
