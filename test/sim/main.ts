import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { bundle, MissingPattern, Thread } from './bundle.ts';
import { LATE_MUTANTS } from './late-mutants.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { type Less, NOTHING_LESS } from './plan.ts';
import type { ScenarioRun } from './scenarios.ts';
import type { JudgedBy } from './script.ts';
import type { Stats, Verdict } from './world.ts';

/**
 * npm run sim -- --seed 7                    one world; --trace tells what happened even if all is well; --lines 60 of each peer
 *                --seed 7 --drop 0,3 --without 1 --until 4200   without some faults, some clients, and what comes later
 *                --seeds 1000 --from 1       many, and a summary; --seconds 120 instead of --seeds
 *                --scenario ZOOKEEPER-4643   one script of the corpus, or `all`
 *                --scenario all --mutated    each with the mutant it names, which has to turn it red
 *                --mutant 'skip the truncate'   with all of these: the source with that mutant in it
 *                --mutants [--only text]     the check on the checker; --most 300 seeds each;
 *                          --late         the ten of late-mutants.ts instead
 *                --minimise 7                what a failure needs: faults, clients, time
 *
 * Exit codes: 0 all is well, 1 a safety property was violated, 2 service did not come back, 3 a peer broke or stopped
 * without a cause, 4 a mutant's text was not found, 64 wrong arguments.
 */
const EXIT = { ok: 0, void: 0, safety: 1, liveness: 2, crash: 3 } as const;
const MISSING_PATTERN = 4;
const USAGE = 64;
const ALL_MUTANTS: readonly Mutant[] = [...MUTANTS, ...LATE_MUTANTS];
const LINES = 25;

interface SeedAnswer {
  readonly verdict: Verdict;
  readonly report: string;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      drop: { type: 'string' },
      without: { type: 'string' },
      until: { type: 'string' },
      mutant: { type: 'string' },
      trace: { type: 'boolean' },
      lines: { type: 'string' },
      seeds: { type: 'string' },
      seconds: { type: 'string' },
      from: { type: 'string' },
      scenario: { type: 'string' },
      mutated: { type: 'boolean' },
      mutants: { type: 'boolean' },
      late: { type: 'boolean' },
      only: { type: 'string' },
      most: { type: 'string' },
      minimise: { type: 'string' },
      threads: { type: 'string' },
    },
  });
  const threads = Number(values.threads ?? Math.min(availableParallelism(), 4));
  if (values.mutants === true) {
    const list = values.late === true ? LATE_MUTANTS : MUTANTS;
    return mutants(list, values.only ?? '', Number(values.most ?? 300), threads);
  }
  const mutant = ALL_MUTANTS.find(({ name }) => name === values.mutant);
  if (values.mutant !== undefined && mutant === undefined) {
    console.error(`no such mutant; there are:\n${ALL_MUTANTS.map(({ name }) => `  ${name}`).join('\n')}`);
    return USAGE;
  }
  const { path, remove } = await bundle(mutant?.edits);
  const lines = Number(values.lines ?? LINES);
  try {
    if (values.seed !== undefined && values.minimise === undefined) {
      const untilMs = values.until === undefined ? undefined : Number(values.until);
      const less = { faults: numbers(values.drop), clients: numbers(values.without), untilMs };
      return await one(path, Number(values.seed), less, lines, mutant, values.trace);
    }
    if (values.minimise !== undefined) return await smallest(path, Number(values.minimise), lines, mutant);
    if (values.scenario !== undefined) {
      const play = values.mutated === true ? mutatedScenarios : scenarios;
      return await play(path, values.scenario);
    }
    if (values.seeds !== undefined || values.seconds !== undefined) {
      const count = Number(values.seeds ?? Number.MAX_SAFE_INTEGER);
      const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY);
      return await many(path, Number(values.from ?? 1), count, seconds, threads, mutant);
    }
  } finally {
    await remove();
  }
  console.error('one of --seed, --seeds, --seconds, --scenario, --mutants, --minimise');
  return USAGE;
}

function numbers(list: string | undefined): number[] {
  return (list ?? '')
    .split(',')
    .filter((text) => text !== '')
    .map(Number);
}

function command(seed: number, less: Less, mutant: Mutant | undefined): string {
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
  traced = false,
): Promise<number> {
  const thread = new Thread(path);
  const { verdict, report } = await thread.ask<SeedAnswer>({ kind: 'seed', seed, less, lines, traced });
  await thread.stop();
  if (report !== '') console.log(report);
  console.log(`seed ${seed}: ${verdict.kind}${verdict.property === '' ? '' : `, ${verdict.property}`}`);
  console.log(`hash ${verdict.hash} ${JSON.stringify(verdict.stats)}`);
  if (report !== '') {
    console.log(`again: ${command(seed, less, mutant)}`);
    const which = mutant === undefined ? '' : ` --mutant '${mutant.name}'`;
    if (less === NOTHING_LESS) console.log(`what it needs: npm run sim -- --minimise ${seed}${which}`);
  }
  return EXIT[verdict.kind];
}

async function smallest(path: string, seed: number, lines: number, mutant: Mutant | undefined): Promise<number> {
  const thread = new Thread(path, (text) => console.log(text));
  const { less } = await thread.ask<{ less: Less }>({ kind: 'minimise', seed });
  await thread.stop();
  return one(path, seed, less, lines, mutant);
}

/** Seeds in order, on all threads; `each` is called in the order of seeds and says whether to go on. */
async function inOrder(
  path: string,
  from: number,
  count: number,
  threads: number,
  each: (answer: SeedAnswer) => boolean,
): Promise<void> {
  const waiting = new Map<number, SeedAnswer>();
  let next = from;
  let due = from;
  let isOver = false;
  const work = async (): Promise<void> => {
    const thread = new Thread(path);
    while (!isOver && next < from + count) {
      const seed = next++;
      waiting.set(seed, await thread.ask<SeedAnswer>({ kind: 'seed', seed, less: NOTHING_LESS, lines: LINES }));
      for (let ready = waiting.get(due); ready !== undefined && !isOver; ready = waiting.get(due)) {
        waiting.delete(due++);
        if (!each(ready)) isOver = true;
      }
    }
    await thread.stop();
  };
  await Promise.all(Array.from({ length: threads }, work));
}

async function many(
  path: string,
  from: number,
  count: number,
  seconds: number,
  threads: number,
  mutant: Mutant | undefined,
): Promise<number> {
  const startedMs = performance.now();
  const verdicts: Verdict[] = [];
  let lastLineMs = startedMs;
  await inOrder(path, from, count, threads, ({ verdict, report }) => {
    verdicts.push(verdict);
    if (EXIT[verdict.kind] !== 0) {
      console.log(`seed ${verdict.seed}: ${verdict.kind}, ${verdict.property}\n${report}`);
      console.log(`again: ${command(verdict.seed, NOTHING_LESS, mutant)}\n`);
    }
    const nowMs = performance.now();
    if (nowMs - lastLineMs > 10_000) {
      lastLineMs = nowMs;
      console.log(`${verdicts.length} worlds, ${((nowMs - startedMs) / 1000).toFixed(0)} s`);
    }
    return nowMs - startedMs < seconds * 1000;
  });
  const realMs = performance.now() - startedMs;
  console.log(summary(verdicts, from, realMs));
  const failed = verdicts.filter((verdict) => EXIT[verdict.kind] !== 0);
  if (failed.length > 0) console.log(`failed: ${failed.map(({ seed, property }) => `${seed} ${property}`).join(', ')}`);
  return failed.length === 0 ? 0 : EXIT[(failed[0] as Verdict).kind];
}

function summary(verdicts: readonly Verdict[], from: number, realMs: number): string {
  const sum = (of: (stats: Stats) => number): number => verdicts.reduce((total, { stats }) => total + of(stats), 0);
  const virtualS = sum((stats) => stats.virtualMs) / 1000;
  const faults = new Map<string, number>();
  for (const { stats } of verdicts) {
    for (const [kind, times] of Object.entries(stats.faults)) faults.set(kind, (faults.get(kind) ?? 0) + times);
  }
  const count = (kind: string): number => verdicts.filter((verdict) => verdict.kind === kind).length;
  return [
    `seeds ${from} to ${from + verdicts.length - 1}: ${count('ok')} ok, ${count('void')} void, ${count('safety')} unsafe, ${count('liveness')} not live, ${count('crash')} crashed`,
    `elections ${sum((s) => s.elections)}; synchronised by DIFF ${sum((s) => s.diffs)}, TRUNC ${sum((s) => s.truncs)}, SNAP ${sum((s) => s.snaps)}; crashes ${sum((s) => s.crashes)}`,
    `faults ${[...faults]
      .sort()
      .map(([kind, times]) => `${kind} ${times}`)
      .join(', ')}`,
    `transactions ${sum((s) => s.committed)}; writes answered ${sum((s) => s.acknowledged)}, reads ${sum((s) => s.reads)}, events ${sum((s) => s.events)}, never answered ${sum((s) => s.unanswered)}`,
    ...liveness(verdicts),
    `${(virtualS / 3600).toFixed(2)} virtual hours in ${(realMs / 60_000).toFixed(1)} minutes: ${(virtualS / (realMs / 1000)).toFixed(0)} virtual seconds a second`,
  ].join('\n');
}

/** How long it took until all served again: the bound is far away, so what is slow shows here first. */
function liveness(verdicts: readonly Verdict[]): string[] {
  const ended = verdicts.filter(({ kind }) => kind === 'ok' || kind === 'void');
  if (ended.length === 0) return [];
  const line = (what: string, of: (stats: Stats) => number): string => {
    const sorted = ended.map(({ seed, stats }) => ({ seed, ticks: of(stats) })).sort((a, b) => a.ticks - b.ticks);
    const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)]?.ticks ?? 0).toFixed(1);
    const slowest = sorted.slice(-5).reverse();
    return `${what} after the faults, in ticks: half ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, slowest ${slowest
      .map(({ seed, ticks }) => `${ticks.toFixed(1)} (${seed})`)
      .join(', ')}`;
  };
  const again = ended.filter(({ stats }) => stats.electedAgain > 0).map(({ seed }) => seed);
  return [
    line('service', (stats) => stats.serviceTicks),
    line('clients served', (stats) => stats.clientTicks),
    `elected again in ${again.length} worlds${again.length === 0 ? '' : `, as in ${again.slice(0, 5).join(', ')}`}`,
  ];
}

async function scenarios(path: string, name: string): Promise<number> {
  const thread = new Thread(path);
  const all = await thread.ask<{ names: string[] }>({ kind: 'list' });
  const names = name === 'all' ? all.names : [name];
  let failed = 0;
  for (const each of names) {
    const { failure, report } = await thread.ask<ScenarioRun>({
      kind: 'scenario',
      name: each,
      judgedBy: 'everything',
    });
    console.log(`${each}: ${failure ?? 'ok'}`);
    if (failure === undefined) continue;
    failed++;
    console.log(report);
  }
  await thread.stop();
  return failed === 0 ? 0 : EXIT.safety;
}

async function mutatedScenarios(path: string, name: string): Promise<number> {
  const lister = new Thread(path);
  const all = await lister.ask<{ names: string[]; mutants: (string | undefined)[] }>({ kind: 'list' });
  await lister.stop();
  let green = 0;
  for (const [i, each] of all.names.entries()) {
    const mutant = MUTANTS.find((candidate) => candidate.name === all.mutants[i]);
    if (mutant === undefined || (name !== 'all' && name !== each)) continue;
    const built = await bundle(mutant.edits);
    const thread = new Thread(built.path);
    const ask = (judgedBy: JudgedBy): Promise<ScenarioRun> => thread.ask({ kind: 'scenario', name: each, judgedBy });
    const outcome = await ask('outcome');
    const { failure } = outcome.failure === undefined ? await ask('story') : outcome;
    await thread.stop();
    await built.remove();
    if (failure === undefined) green++;
    const by = outcome.failure === undefined ? 'an invariant' : 'its outcome';
    const verdict = failure === undefined ? 'STAYS GREEN' : `red by ${by}, ${failure.split('\n')[0]}`;
    console.log(`${each} with "${mutant.name}": ${verdict}`);
  }
  return green === 0 ? 0 : EXIT.safety;
}

interface Caught {
  readonly mutant: Mutant;
  readonly seed: number | undefined;
  readonly property: string;
  readonly runs: number;
}

async function mutants(list: readonly Mutant[], only: string, most: number, threads: number): Promise<number> {
  const table: Caught[] = [];
  const missing: string[] = [];
  for (const mutant of list.filter(({ name }) => name.includes(only))) {
    let built: Awaited<ReturnType<typeof bundle>>;
    try {
      built = await bundle(mutant.edits);
    } catch (error) {
      const text = String((error as Error).message);
      if (!(error instanceof MissingPattern) && !text.includes('MissingPattern') && !text.includes('not once'))
        throw error;
      missing.push(`${mutant.name}: ${text}`);
      console.log(`${mutant.name}: its text was not found`);
      continue;
    }
    let caught: Verdict | undefined;
    let runs = 0;
    await inOrder(built.path, 1, most, threads, ({ verdict }) => {
      runs++;
      if (EXIT[verdict.kind] !== 0) caught = verdict;
      return caught === undefined;
    });
    await built.remove();
    table.push({ mutant, seed: caught?.seed, property: caught?.property ?? '', runs });
    console.log(
      `${caught === undefined ? 'SURVIVES' : `seed ${caught.seed}`.padEnd(10)} ${(caught?.property ?? '').padEnd(20)} ${mutant.name}`,
    );
  }
  const found = table.flatMap(({ seed }) => (seed === undefined ? [] : [seed])).sort((a, b) => a - b);
  console.log(`caught ${found.length} of ${table.length}; median seeds ${found[Math.floor(found.length / 2)] ?? '-'}`);
  for (const line of missing) console.log(`not found: ${line}`);
  return missing.length > 0 ? MISSING_PATTERN : 0;
}

process.exitCode = await main();
