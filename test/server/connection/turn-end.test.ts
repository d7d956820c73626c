import { expect, test } from 'vitest';
import type { Clock } from '../../../src/io/clock.ts';
import { TurnEnd } from '../../../src/server/connection/turn-end.ts';

test('of many results in a turn the clock is looked at for the first, and for one in sixteen behind it', () => {
  let looks = 0;
  let turn: () => void = () => {};
  const clock = {
    nowMs: () => ++looks,
    afterTurn: (task: () => void) => {
      turn = task;
    },
  } as unknown as Clock;
  const turnEnd = new TurnEnd(clock, () => {});
  const lookedAt = (results: number): number[] =>
    Array.from({ length: results }, (_, i) => i).filter(() => turnEnd.lookAtSome());
  expect(lookedAt(40)).toEqual([0, 16, 32]);
  expect(turnEnd.nowMs).toBe(3);
  turn();
  expect(lookedAt(2)).toEqual([0]);
});
