import { expect, test } from 'vitest';
import { Leader } from '../../src/zab/leader/leader.ts';
import { Learner } from '../../src/zab/learner/learner.ts';
import { randomRun } from './random-run.ts';

const SEEDS = 500;

test('whatever happens in whatever order, no invariant of Zab is broken, and the ensemble gets together again', () => {
  const totals = { commits: 0, elections: 0, snaps: 0, truncs: 0, diffs: 0, barriers: 0, crashes: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = randomRun({ seed, steps: 700, roles: { Leader, Learner } });
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += result[key];
  }
  // Void unless everything came up often.
  expect(totals.commits).toBeGreaterThan(SEEDS * 4);
  expect(totals.snaps).toBeGreaterThan(SEEDS);
  expect(totals.truncs).toBeGreaterThan(SEEDS / 5);
  expect(totals.diffs).toBeGreaterThan(SEEDS);
  expect(totals.barriers).toBeGreaterThan(SEEDS);
  expect(totals.crashes).toBeGreaterThan(SEEDS);
});
