import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { LATE_MUTANTS } from './late-mutants.ts';
import { MUTANTS } from './mutants.ts';
import { runSeed } from './run.ts';
import { allScenarios, runScenario } from './scenarios.ts';
import { withoutTheRealWorld } from './without-the-real-world.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SEEDS = Number(process.env.SIM_SEEDS ?? 30);

test('a seed has one trace, whatever ran before it', () => {
  const first = withoutTheRealWorld(() => runSeed(7));
  withoutTheRealWorld(() => runSeed(8));
  const again = withoutTheRealWorld(() => runSeed(7));
  expect(again.verdict).toEqual(first.verdict);
  expect(runSeed(8).verdict.hash).not.toBe(first.verdict.hash);
});

test(`${SEEDS} worlds keep every promise`, { timeout: 3_600_000 }, () => {
  const failures: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { verdict, report } = runSeed(seed);
    if (report !== '') failures.push(`seed ${seed}: ${verdict.message}\n${report}`);
  }
  expect(failures).toEqual([]);
});

for (const { name, about } of allScenarios()) {
  test(`${name}: ${about}`, { timeout: 300_000 }, () => {
    const { failure, report } = withoutTheRealWorld(() => runScenario(name));
    expect(failure, report).toBeUndefined();
  });
}

test('the text that each mutant replaces is in the source, once', () => {
  const missing: string[] = [];
  for (const { name, edits } of [...MUTANTS, ...LATE_MUTANTS]) {
    for (const { file, from } of edits) {
      const times = readFileSync(resolve(ROOT, file), 'utf8').split(from).length - 1;
      if (times !== 1) missing.push(`${name}: ${times} times in ${file}`);
    }
  }
  expect(missing).toEqual([]);
});

test('each scenario names a mutant that is there', () => {
  const names = new Set(MUTANTS.map(({ name }) => name));
  const wrong = allScenarios().filter(({ mutant }) => mutant !== undefined && !names.has(mutant));
  expect(wrong.map(({ name }) => name)).toEqual([]);
});
