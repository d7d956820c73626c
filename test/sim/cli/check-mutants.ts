import { MissingText } from '../../source/edited-source.ts';
import { MUTANTS } from '../mutants/all.ts';
import { MEMBERS_MUTANTS } from '../mutants/members.ts';
import type { Mutant } from '../mutants/mutant.ts';
import type { ScenarioRun } from '../script/run-scenario.ts';
import type { JudgedBy } from '../script/script.ts';
import type { Verdict } from '../world/world.ts';
import { bundle, Thread } from './bundle.ts';
import { EXIT, MISSING_TEXT } from './exit-codes.ts';
import { inOrder, seedsFrom } from './many-worlds.ts';

/** Breaks the source on purpose, one thing at a time, and looks whether worlds and scenarios notice. */
/** Each with the mutant it names, which has to turn it red. */
export async function checkScenarios(path: string, names: readonly string[]): Promise<number> {
  const lister = new Thread(path);
  const all = await lister.ask<{ names: string[]; mutants: (string | undefined)[] }>({ kind: 'list' });
  await lister.stop();
  let green = 0;
  for (const [i, each] of all.names.entries()) {
    if (!names.includes(each)) continue;
    const ofIt = [...MUTANTS, ...MEMBERS_MUTANTS].filter(
      ({ name, scenario }) => name === all.mutants[i] || scenario === each,
    );
    for (const mutant of ofIt) if (!(await turnsRed(each, mutant))) green++;
  }
  return green === 0 ? 0 : EXIT.safety;
}

async function turnsRed(each: string, mutant: Mutant): Promise<boolean> {
  const built = await bundle(mutant.edits);
  const thread = new Thread(built.path);
  const ask = (judgedBy: JudgedBy): Promise<ScenarioRun> => thread.ask({ kind: 'scenario', name: each, judgedBy });
  const outcome = await ask('outcome');
  const { failure } = outcome.failure === undefined ? await ask('story') : outcome;
  await thread.stop();
  await built.remove();
  const by = outcome.failure === undefined ? 'an invariant' : 'its outcome';
  const verdict = failure === undefined ? 'STAYS GREEN' : `red by ${by}, ${failure.split('\n')[0]}`;
  console.log(`${each} with "${mutant.name}": ${verdict}`);
  return failure !== undefined;
}

interface Caught {
  readonly mutant: Mutant;
  readonly seed: number | undefined;
  readonly property: string;
  readonly runs: number;
}

/** Random worlds with each of these mutants, from seed 1 on, until one fails. */
export async function checkMutants(list: readonly Mutant[], most: number, threads: number): Promise<number> {
  const table: Caught[] = [];
  const missing: string[] = [];
  for (const mutant of list) {
    let built: Awaited<ReturnType<typeof bundle>>;
    try {
      built = await bundle(mutant.edits);
    } catch (error) {
      if (!(error instanceof MissingText)) throw error;
      missing.push(`${mutant.name}: ${error.message}`);
      console.log(`${mutant.name}: its text was not found`);
      continue;
    }
    let caught: Verdict | undefined;
    let runs = 0;
    await inOrder(built.path, seedsFrom(1, most), threads, ({ verdict }) => {
      runs++;
      if (EXIT[verdict.kind] !== 0) caught = verdict;
      return caught === undefined;
    });
    await built.remove();
    table.push({ mutant, seed: caught?.seed, property: caught?.property ?? '', runs });
    const survives = mutant.unseen === undefined ? 'SURVIVES' : 'UNSEEN';
    console.log(
      `${caught === undefined ? survives : `seed ${caught.seed}`.padEnd(10)} ${(caught?.property ?? '').padEnd(20)} ${mutant.name}`,
    );
  }
  const found = table.flatMap(({ seed }) => (seed === undefined ? [] : [seed])).sort((a, b) => a - b);
  console.log(`caught ${found.length} of ${table.length}; median seeds ${found[Math.floor(found.length / 2)] ?? '-'}`);
  for (const line of missing) console.log(`not found: ${line}`);
  return missing.length > 0 ? MISSING_TEXT : 0;
}
