import type { Mutant } from '../mutants/mutant.ts';
import { type Less, NOTHING_LESS } from '../plan/plan.ts';
import type { ScenarioRun } from '../script/run-scenario.ts';
import { bundle, Thread } from './bundle.ts';
import { checkMutants, checkScenarios } from './check-mutants.ts';
import { type Arguments, readArguments, USAGE_TEXT, UsageError } from './command-line.ts';
import { EXIT, USAGE } from './exit-codes.ts';
import { FIXED_SEEDS } from './fixed-seeds.ts';
import { many, type SeedAnswer, seedsFrom } from './many-worlds.ts';

/** `npm run sim`; what it can be told is in command-line.ts. */
async function main(): Promise<number> {
  try {
    return await carryOut(readArguments(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE_TEXT}`);
    return USAGE;
  }
}

async function carryOut({ command, mutant, threads }: Arguments): Promise<number> {
  if (command.do === 'help') {
    console.log(USAGE_TEXT);
    return 0;
  }
  if (command.do === 'mutants') return checkMutants(command.list, command.most, threads);
  const again = (seed: number): string => commandFor(seed, NOTHING_LESS, mutant);
  const { path, remove } = await bundle(mutant?.edits);
  try {
    switch (command.do) {
      case 'seed':
        return await one(path, command.seed, command.less, command.lines, mutant, command.traced);
      case 'minimise':
        return await smallest(path, command.seed, command.lines, mutant);
      case 'scenario': {
        const names = await namesOf(path, command.name);
        return command.mutated ? await checkScenarios(path, names) : await scenarios(path, names);
      }
      case 'fixed':
        return await many(path, FIXED_SEEDS, Number.POSITIVE_INFINITY, threads, again);
      case 'seeds':
        return await many(path, seedsFrom(command.from, command.count), command.seconds, threads, again);
    }
  } finally {
    await remove();
  }
}

function commandFor(seed: number, less: Less, mutant: Mutant | undefined): string {
  const parts = [`npm run sim -- --seed ${seed}`];
  if (less.faults.length > 0) parts.push(`--drop ${less.faults.join(',')}`);
  if (less.clients.length > 0) parts.push(`--without ${less.clients.join(',')}`);
  if (less.untilMs !== undefined) parts.push(`--until ${less.untilMs}`);
  if (mutant !== undefined) parts.push(`--mutant '${mutant.name}'`);
  return parts.join(' ');
}

async function one(
  path: string,
  seed: number,
  less: Less,
  lines: number,
  mutant: Mutant | undefined,
  traced: boolean,
): Promise<number> {
  const thread = new Thread(path);
  const { verdict, report } = await thread.ask<SeedAnswer>({ kind: 'seed', seed, less, lines, traced });
  await thread.stop();
  if (report !== '') console.log(report);
  console.log(`seed ${seed}: ${verdict.kind}${verdict.property === '' ? '' : `, ${verdict.property}`}`);
  console.log(`hash ${verdict.hash} ${JSON.stringify(verdict.stats)}`);
  if (EXIT[verdict.kind] !== 0) {
    console.log(`again: ${commandFor(seed, less, mutant)}`);
    const isWhole = less.faults.length === 0 && less.clients.length === 0 && less.untilMs === undefined;
    const which = mutant === undefined ? '' : ` --mutant '${mutant.name}'`;
    if (isWhole) console.log(`what it needs: npm run sim -- --minimise ${seed}${which}`);
  }
  return EXIT[verdict.kind];
}

async function smallest(path: string, seed: number, lines: number, mutant: Mutant | undefined): Promise<number> {
  const thread = new Thread(path, (text) => console.log(text));
  const { less } = await thread.ask<{ less: Less }>({ kind: 'minimise', seed });
  await thread.stop();
  return one(path, seed, less, lines, mutant, false);
}

async function namesOf(path: string, name: string): Promise<readonly string[]> {
  const thread = new Thread(path);
  const { names } = await thread.ask<{ names: string[] }>({ kind: 'list' });
  await thread.stop();
  if (name === 'all') return names;
  if (names.includes(name)) return [name];
  throw new UsageError(`there is no scenario '${name}'; there are:\n${names.map((each) => `  ${each}`).join('\n')}`);
}

async function scenarios(path: string, names: readonly string[]): Promise<number> {
  const thread = new Thread(path);
  let code = 0;
  for (const name of names) {
    const { failure, kind, report } = await thread.ask<ScenarioRun>({ kind: 'scenario', name, judgedBy: 'everything' });
    console.log(`${name}: ${failure ?? 'ok'}`);
    if (failure === undefined) continue;
    console.log(report);
    if (code === 0) code = EXIT[kind];
  }
  await thread.stop();
  return code;
}

process.exitCode = await main();
