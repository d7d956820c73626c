import { NOTHING_LESS } from '../plan/plan.ts';
import type { Stats, Verdict } from '../world/world.ts';
import { Thread } from './bundle.ts';
import { EXIT } from './exit-codes.ts';

/** Worlds one after the other, on several threads, and what they come to together. */
export interface SeedAnswer {
  readonly verdict: Verdict;
  readonly report: string;
}

const LINES = 25;
const PROGRESS_MS = 10_000;

/** Seeds on all threads; `each` is called in their order and says whether to go on. */
export async function inOrder(
  path: string,
  seeds: Iterable<number>,
  threads: number,
  each: (answer: SeedAnswer) => boolean,
): Promise<void> {
  const waiting = new Map<number, SeedAnswer>();
  const list = seeds[Symbol.iterator]();
  let taken = 0;
  let due = 0;
  let isOver = false;
  const work = async (): Promise<void> => {
    const thread = new Thread(path);
    for (let next = list.next(); !isOver && next.done !== true; next = list.next()) {
      const seed = next.value;
      const place = taken++;
      waiting.set(place, await thread.ask<SeedAnswer>({ kind: 'seed', seed, less: NOTHING_LESS, lines: LINES }));
      for (let ready = waiting.get(due); ready !== undefined && !isOver; ready = waiting.get(due)) {
        waiting.delete(due++);
        if (!each(ready)) isOver = true;
      }
    }
    await thread.stop();
  };
  await Promise.all(Array.from({ length: threads }, work));
}

/** From this seed on. */
export function* seedsFrom(from: number, count: number): Iterable<number> {
  for (let i = 0; i < count; i++) yield from + i;
}

/** `again` is the command for one of them. */
export async function many(
  path: string,
  seeds: Iterable<number>,
  seconds: number,
  threads: number,
  again: (seed: number) => string,
): Promise<number> {
  const startedMs = performance.now();
  const verdicts: Verdict[] = [];
  let lastLineMs = startedMs;
  await inOrder(path, seeds, threads, ({ verdict, report }) => {
    verdicts.push(verdict);
    if (EXIT[verdict.kind] !== 0) {
      console.log(`seed ${verdict.seed}: ${verdict.kind}, ${verdict.property}\n${report}`);
      console.log(`again: ${again(verdict.seed)}\n`);
    }
    const nowMs = performance.now();
    if (nowMs - lastLineMs > PROGRESS_MS) {
      lastLineMs = nowMs;
      console.log(`${verdicts.length} worlds, ${((nowMs - startedMs) / 1000).toFixed(0)} s`);
    }
    return nowMs - startedMs < seconds * 1000;
  });
  const realMs = performance.now() - startedMs;
  console.log(summary(verdicts, realMs));
  const failed = verdicts.filter((verdict) => EXIT[verdict.kind] !== 0);
  if (failed.length > 0) console.log(`failed: ${failed.map(({ seed, property }) => `${seed} ${property}`).join(', ')}`);
  const [first] = failed;
  return first === undefined ? 0 : EXIT[first.kind];
}

function summary(verdicts: readonly Verdict[], realMs: number): string {
  const sum = (of: (stats: Stats) => number): number => verdicts.reduce((total, { stats }) => total + of(stats), 0);
  const virtualS = sum((stats) => stats.virtualMs) / 1000;
  const faults = new Map<string, number>();
  for (const { stats } of verdicts) {
    for (const [kind, times] of Object.entries(stats.faults)) faults.set(kind, (faults.get(kind) ?? 0) + times);
  }
  const count = (kind: string): number => verdicts.filter((verdict) => verdict.kind === kind).length;
  return [
    `${verdicts.length} seeds, ${verdicts[0]?.seed} to ${verdicts.at(-1)?.seed}: ${count('ok')} ok, ${count('void')} void, ${count('safety')} unsafe, ${count('liveness')} not live, ${count('crash')} crashed`,
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
  const turns = ended.map(({ seed, stats }) => ({ seed, ms: stats.longestTurnMs })).sort((a, b) => b.ms - a.ms);
  const longest = turns.slice(0, 5).map(({ seed, ms }) => `${ms} ms (${seed})`);
  const again = ended.filter(({ stats }) => stats.electedAgain > 0).map(({ seed }) => seed);
  return [
    line('service', (stats) => stats.serviceTicks),
    line('clients served', (stats) => stats.clientTicks),
    `longest turns: ${longest.join(', ')}`,
    `elected again in ${again.length} worlds${again.length === 0 ? '' : `, as in ${again.slice(0, 5).join(', ')}`}`,
  ];
}
