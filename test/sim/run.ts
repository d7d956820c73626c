import { describePlan, type Plan, planOf, withoutFaults } from './plan.ts';
import { type Verdict, World } from './world.ts';

/** One seed run to its verdict, with what a person needs to look into a failure. */
export interface Run {
  readonly verdict: Verdict;
  readonly plan: Plan;
  readonly report: string;
}

export function runSeed(seed: number, dropped: ReadonlySet<number> = new Set(), lines = 25): Run {
  const plan = withoutFaults(planOf(seed), dropped);
  const world = new World(plan);
  const verdict = world.run();
  const failed = verdict.kind !== 'ok' && verdict.kind !== 'void';
  const report = failed ? `${describePlan(plan)}\n${world.report(lines)}` : '';
  return { verdict, plan, report };
}

/** Leaves out one fault after another for as long as the world still fails. Returns what was left out. */
export function minimise(seed: number, tried: (text: string) => void): Set<number> {
  const dropped = new Set<number>();
  const { verdict, plan } = runSeed(seed);
  if (verdict.kind === 'ok' || verdict.kind === 'void') return dropped;
  const fails = (candidate: ReadonlySet<number>): boolean => {
    const again = runSeed(seed, candidate).verdict;
    return again.kind === verdict.kind && again.property === verdict.property;
  };
  const left = (): number[] => plan.faults.map((_, index) => index).filter((index) => !dropped.has(index));
  for (let size = Math.ceil(plan.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < left().length; ) {
      const part = left().slice(at, at + size);
      const candidate = new Set([...dropped, ...part]);
      if (fails(candidate)) {
        for (const index of part) dropped.add(index);
        tried(`without ${part.join(',')}: still ${verdict.property}`);
      } else {
        at += size;
      }
    }
  }
  return dropped;
}
