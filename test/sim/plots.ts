import { type Faults, QUICK } from './faults.ts';
import type { View } from './observer.ts';
import type { SimRandom } from './random.ts';

/**
 * Orders of things in which known bugs do harm, and which random faults come to once in thousands of worlds. Only the
 * order is given: who, when and for how long are drawn, and other faults happen in between.
 */

/**
 * A leader is cut off with a minority, which logs what nobody else has; elected once more, it gets a helper so far that
 * those beside it take its history for decided; then they are gone, and the others go on without (ZOOKEEPER-1549).
 */
export function halfElected(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return false;
  const { leader, others } = found;
  const size = others.findIndex((_, i) => !faults.isQuorumWithout([leader, ...others.slice(0, i + 1)]));
  const beside = others.slice(0, Math.max(0, size));
  const rest = others.slice(Math.max(0, size));
  const [helper] = rest;
  if (helper === undefined) return false;
  cutOff(faults, [leader, ...beside], rest);
  faults.later(forMs * 0.3 + 20, () => {
    for (const view of rest) faults.crash(view, random.chance(1, 2), forMs * 3);
    faults.ensemble.network.healAll(true);
    if (random.chance(1, 2)) faults.crash(leader, random.chance(1, 2), 1);
    faults.start(helper, forMs * 0.2);
    faults.traps.when(random.pick(['newLeader', 'ack', 'acceptedEpoch', 'synced'] as const), helper, () => {
      faults.crash(helper, true, forMs);
      faults.later(random.between(1, 40), () => {
        for (const view of [leader, ...beside]) faults.crash(view, random.chance(1, 2), forMs * random.between(2, 6));
        for (const view of rest) faults.start(view, 1);
      });
    });
  });
  return true;
}

/** Who leads from now on proposes to nobody: a history with a tail in an epoch that the others know nothing of. */
export function newEpochTail(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return false;
  const lostMs = random.between(5, 300);
  faults.traps.when('established', undefined, (view) => {
    cutOff(
      faults,
      [view],
      faults.observer.views.filter((other) => other !== view),
    );
    faults.later(lostMs + forMs * 0.2, () => {
      if (random.chance(2, 3)) faults.crash(view, random.chance(1, 2), forMs);
      faults.ensemble.network.healAll(true);
    });
  });
  faults.crash(found.leader, random.chance(1, 2), random.between(1, 400));
  return true;
}

/** Beside a leader that has just been elected only observers stay. */
export function onlyObservers(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined || faults.observer.views.every((view) => view.voter)) return false;
  const crashOthers = (leader: View): void => {
    for (const view of faults.observer.views) {
      if (view.voter && view !== leader) faults.crash(view, random.chance(1, 2), forMs * 2);
    }
  };
  if (random.chance(1, 3)) {
    crashOthers(found.leader);
    return true;
  }
  // The first to accept an epoch is who was elected to lead in it.
  faults.traps.when(random.pick(['acceptedEpoch', 'established'] as const), undefined, crashOthers);
  faults.crash(found.leader, false, 1);
  return true;
}

/** The leader's disk is slow, and most others' as well; a follower that is not comes anew while they are busy. */
export function slowLeader(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return false;
  const { leader, others } = found;
  const syncMs = random.pick([60, 200, 500]);
  const quick = random.between(1, Math.max(1, others.length - 1));
  for (const view of [leader, ...others.slice(quick)]) {
    view.machine.disk.timing = { writeMs: 0.02, syncMs, slowSyncOneIn: 0, slowSyncMs: 0 };
    faults.later(forMs, () => {
      view.machine.disk.timing = QUICK;
    });
  }
  const { network } = faults.ensemble;
  const times = random.between(1, 4);
  for (let i = 0; i < times; i++) {
    const view = random.pick(others.slice(0, quick));
    const crashes = random.chance(1, 3);
    faults.later(random.between(1, Math.max(2, forMs)), () => {
      if (crashes) {
        faults.crash(view, random.chance(1, 2), random.between(1, 30));
        return;
      }
      network.resetStreams(leader.machine.host, view.machine.host);
      network.resetStreams(view.machine.host, leader.machine.host);
    });
  }
  return true;
}

function leaderAndOthers(faults: Faults, random: SimRandom): { leader: View; others: View[] } | undefined {
  const { leader: machine } = faults.ensemble;
  const { views } = faults.observer;
  const leader = views.find((view) => view.machine === machine);
  const others = random.shuffled(views.filter((view) => view.voter && view !== leader));
  return leader === undefined || others.length === 0 ? undefined : { leader, others };
}

function cutOff(faults: Faults, some: readonly View[], others: readonly View[]): void {
  faults.onFault(0, `${some.map(({ sid }) => sid).join(',')} cut off from ${others.map(({ sid }) => sid).join(',')}`);
  faults.ensemble.network.partition(
    some.map((view) => view.machine.host),
    others.map((view) => view.machine.host),
  );
}
