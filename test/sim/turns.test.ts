import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, bundle, Thread } from './cli/bundle.ts';
import { scenarioFiles } from './cli/scenario-files.ts';
import type { ScenarioRun } from './script/run-scenario.ts';
import { loadScenarios } from './script/scenario-folder.ts';

/** The scenarios of big things, with the price of a turn: only a bundle counts what is done. */
const BIG = await loadScenarios(scenarioFiles().filter((file) => file === 'big-things'));

let built: Bundle;

beforeAll(async () => {
  built = await bundle();
});

afterAll(async () => {
  await built.remove();
});

test('there are big things to play', () => {
  expect(BIG.map(({ name }) => name)).toEqual([
    'a deep tree',
    'a wide node',
    'a long access list',
    'many watches of one client',
  ]);
});

test.each(BIG)('$name: no turn takes a second', { timeout: 300_000 }, async ({ name }) => {
  const thread = new Thread(built.path);
  const { failure } = await thread.ask<ScenarioRun>({ kind: 'scenario', name, judgedBy: 'everything' });
  await thread.stop();
  expect(failure).toBeUndefined();
});

test('an access list that is looked through for each of many checks is found', { timeout: 300_000 }, async () => {
  const slow = await bundle([
    { at: 'LongAcl.permits', from: 'if (remembered !== undefined) return remembered;', to: '' },
  ]);
  const thread = new Thread(slow.path);
  const { failure } = await thread.ask<ScenarioRun>({
    kind: 'scenario',
    name: 'a long access list',
    judgedBy: 'everything',
  });
  await thread.stop();
  await slow.remove();
  expect(failure).toMatch(/^Turns: peer .* was busy for \d+ ms in one turn$/);
});
