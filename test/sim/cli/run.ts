import { describePlan, type Less, NOTHING_LESS, type Plan, planOf, withLess } from '../plan/plan.ts';
import { type Verdict, World } from '../world/world.ts';

/** One seed run to its verdict, with what a person needs to look into a failure. */
export interface Run {
  readonly verdict: Verdict;
  readonly plan: Plan;
  /** Empty unless it failed, or was to be traced. */
  readonly report: string;
}

export function runSeed(seed: number, less: Less = NOTHING_LESS, lines = 25, traced = false): Run {
  const plan = withLess(planOf(seed), less);
  const verdict = new World(plan).run();
  return { verdict, plan, report: isFailure(verdict) || traced ? explain(plan, lines) : '' };
}

export function isFailure({ kind }: Verdict): boolean {
  return kind !== 'ok' && kind !== 'void';
}

/** The same once more, which is the same to the last event, and this time written down. */
function explain(plan: Plan, lines: number): string {
  const world = new World(plan);
  const trace = world.startTrace();
  const { message } = world.run();
  const { nowMs } = world.ensemble.scheduler;
  return [
    describePlan(plan),
    '--- all, in order',
    trace.report(lines * 2),
    ...world.observer.views.map(({ sid }) => `--- peer ${sid}\n${trace.reportOf(sid, lines)}`),
    `--- at ${nowMs.toFixed(3)} ms`,
    world.situation().split('; ').join('\n'),
    message,
  ].join('\n');
}

/** Leaves out whatever a failure does not need: faults, clients, time. `tried` hears of each step. */
export function minimise(seed: number, tried: (text: string) => void): Less {
  const { verdict, plan } = runSeed(seed, NOTHING_LESS, 0);
  if (!isFailure(verdict)) return NOTHING_LESS;
  let less: Less = NOTHING_LESS;
  const accept = (candidate: Less, text: string): boolean => {
    const again = new World(withLess(plan, candidate)).run();
    if (again.kind !== verdict.kind || again.property !== verdict.property) return false;
    less = candidate;
    tried(`${text}: still ${verdict.property}`);
    return true;
  };
  const dropSome = (what: 'faults' | 'clients', total: number): void => {
    const left = (): number[] => Array.from({ length: total }, (_, i) => i).filter((i) => !less[what].includes(i));
    for (let size = Math.ceil(left().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < left().length; ) {
        const part = left().slice(at, at + size);
        if (part.length === 0) break;
        const candidate = { ...less, [what]: [...less[what], ...part] };
        if (!accept(candidate, `without the ${what} ${part.join(',')}`)) at += size;
      }
    }
  };
  const shorten = (): void => {
    let low = 0;
    let high = less.untilMs ?? plan.faultsMs;
    while (high - low > plan.tickMs / 2) {
      const middle = Math.round((low + high) / 2);
      if (accept({ ...less, untilMs: middle }, `with faults for ${middle} ms`)) high = middle;
      else low = middle;
    }
  };
  for (let before = ''; before !== JSON.stringify(less); ) {
    before = JSON.stringify(less);
    shorten();
    dropSome('faults', plan.faults.length);
    dropSome('clients', plan.clients.length);
  }
  const isOver = (i: number): boolean => (plan.faults[i]?.atMs ?? 0) >= (less.untilMs ?? plan.faultsMs);
  // Faults after the end were dropped with the rest, and need not be named.
  return { ...less, faults: less.faults.filter((i) => !isOver(i)) };
}
