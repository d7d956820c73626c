import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EditedSource } from '../source/edited-source.ts';
import { runSeed } from './cli/run.ts';
import { scenarioFiles } from './cli/scenario-files.ts';
import { MUTANTS } from './mutants/all.ts';
import { LATE_MUTANTS } from './mutants/late.ts';
import { MEMBERS_MUTANTS } from './mutants/members.ts';
import { runScenario } from './script/run-scenario.ts';
import { loadScenarios } from './script/scenario-folder.ts';
import { withoutTheRealWorld } from './world/without-the-real-world.ts';

const SCENARIOS = await loadScenarios(scenarioFiles());
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

for (const scenario of SCENARIOS) {
  test(`${scenario.name}: ${scenario.about}`, { timeout: 300_000 }, () => {
    const { failure, report } = withoutTheRealWorld(() => runScenario(scenario));
    expect(failure, report).toBeUndefined();
  });
}

test('the text that each mutant replaces is in the function it names, once', () => {
  const missing = [...MUTANTS, ...MEMBERS_MUTANTS, ...LATE_MUTANTS].flatMap(({ name, edits }) => {
    try {
      new EditedSource(edits);
      return [];
    } catch (error) {
      return [`${name}: ${(error as Error).message}`];
    }
  });
  expect(missing).toEqual([]);
});

test('the text of each branch that is not taken is in the function it is named with', () => {
  const dir = join(import.meta.dirname, 'not-taken');
  const source = new EditedSource();
  const missing = readdirSync(dir).flatMap((name) => {
    const reasons = JSON.parse(readFileSync(join(dir, name), 'utf8')) as Record<string, Record<string, string>>;
    return Object.entries(reasons).flatMap(([at, texts]) =>
      Object.keys(texts).flatMap((text) => (source.places(at, text).length === 0 ? [`${at}: ${text}`] : [])),
    );
  });
  expect(missing).toEqual([]);
});

test('each scenario names a mutant that is there', () => {
  const names = new Set([...MUTANTS, ...MEMBERS_MUTANTS].map(({ name }) => name));
  const wrong = SCENARIOS.filter(({ mutant }) => mutant !== undefined && !names.has(mutant));
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('a mutant that names a scenario names one that is there', () => {
  const names = new Set(SCENARIOS.map(({ name }) => name));
  const wrong = MEMBERS_MUTANTS.filter(({ scenario }) => scenario !== undefined && !names.has(scenario));
  expect(wrong.map(({ name }) => name)).toEqual([]);
});
