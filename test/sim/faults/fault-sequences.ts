import type { View } from '../judges/observer.ts';
import type { SimRandom } from '../world/random.ts';
import { type Faults, QUICK } from './faults.ts';

/**
 * Orders of things in which known bugs do harm, and which random faults come to once in thousands of worlds. Only the
 * order is given: who, when and for how long are drawn, and other faults happen in between.
 */

/**
 * A leader is cut off with a minority, which logs what nobody else has, and goes. It is back before the next leader has
 * proposed anything, which is when a TRUNC is sent.
 */
export function tail(faults: Faults, forMs: number, random: SimRandom): boolean {
  const sides = sidesOf(faults, random);
  if (sides === undefined) return false;
  const { some, rest } = sides;
  cutOff(faults, some, rest);
  const isSpoilt = random.chance(1, 3);
  faults.later(forMs * 0.3 + 20, () => {
    for (const view of some) faults.crash(view, random.chance(1, 2), forMs * random.between(3, 6));
    faults.ensemble.network.healAll(true);
    if (isSpoilt) faults.triggers.spoil('truncating', some, forMs, random);
    comeBackSoon(faults, some, rest, random);
  });
  return true;
}

/**
 * A leader is cut off with a minority, which logs what nobody else has; elected once more, it gets a helper so far that
 * those beside it take its history for decided; then they are gone, and the others go on without (ZOOKEEPER-1549).
 */
export function halfElected(faults: Faults, forMs: number, random: SimRandom): boolean {
  const sides = sidesOf(faults, random);
  const helper = sides?.rest[0];
  if (sides === undefined || helper === undefined) return false;
  const { some, rest } = sides;
  cutOff(faults, some, rest);
  faults.later(forMs * 0.3 + 20, () => {
    for (const view of rest) faults.crash(view, random.chance(1, 2), forMs * 3);
    faults.ensemble.network.healAll(true);
    if (random.chance(1, 3)) faults.crash(some[0] as View, random.chance(1, 2), 1);
    faults.start(helper, forMs * 0.2);
    faults.triggers.when(random.pick(['newLeader', 'newLeader', 'ack', 'acceptedEpoch'] as const), [helper], () => {
      faults.crash(helper, true, forMs);
      faults.later(random.between(1, 40), () => {
        for (const view of some) faults.crash(view, random.chance(1, 2), forMs * random.between(3, 6));
        for (const view of rest) faults.start(view, 1);
        comeBackSoon(faults, some, rest, random);
      });
    });
  });
  return true;
}

/** The leader from now on proposes to nobody: a history with a tail in an epoch that the others know nothing of. */
export function newEpochTail(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return false;
  const lostMs = random.between(5, 300);
  faults.triggers.when('established', undefined, (view) => {
    cutOff(
      faults,
      [view],
      faults.observer.views.filter((other) => other !== view),
    );
    faults.later(lostMs + forMs * 0.2, () => {
      if (random.chance(2, 3)) faults.crash(view, random.chance(1, 2), forMs);
      faults.ensemble.network.healAll(true);
      if (random.chance(1, 3)) faults.triggers.spoil('replacing', [view], forMs, random);
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
  faults.triggers.when(random.pick(['acceptedEpoch', 'established'] as const), undefined, crashOthers);
  faults.crash(found.leader, false, 1);
  return true;
}

/** Some disks are slow, the leader's perhaps among them; a follower with a quick one comes anew while they are busy. */
export function slowLeader(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return false;
  const { leader, others } = found;
  const syncMs = random.pick([60, 200, 500]);
  const quick = random.between(1, Math.max(1, others.length - 1));
  const slow = (view: View, ms: number): void => {
    view.machine.disk.timing = { writeMs: 0.02, syncMs: ms, slowSyncOneIn: 0, slowSyncMs: 0 };
    faults.later(forMs, () => {
      view.machine.disk.timing = QUICK;
    });
  };
  for (const view of others.slice(quick)) slow(view, syncMs);
  if (random.chance(1, 2)) slow(leader, syncMs);
  // Acknowledged writes go with a cut, and take their time to get back.
  faults.triggers.when('truncated', others.slice(0, quick), (view) => {
    slow(view, syncMs * 2);
  });
  const { network } = faults.ensemble;
  const times = random.between(1, 4);
  for (let i = 0; i < times; i++) {
    const view = random.pick(others.slice(0, quick));
    const crashes = random.chance(1, 3);
    faults.later(random.between(1, Math.max(2, forMs)), () => {
      if (crashes) {
        faults.crash(view, random.chance(1, 2), random.pick([random.between(1, 30), random.between(1, forMs)]));
        return;
      }
      network.resetStreams(leader.machine.host, view.machine.host);
      network.resetStreams(view.machine.host, leader.machine.host);
    });
  }
  return true;
}

/** The leader with as many as may be without a quorum, and those who have one. */
function sidesOf(faults: Faults, random: SimRandom): { some: View[]; rest: View[] } | undefined {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return undefined;
  const { leader, others } = found;
  let size = others.findIndex((_, i) => !faults.isQuorumWithout([leader, ...others.slice(0, i + 1)]));
  if (size < 0) size = others.length;
  return { some: [leader, ...others.slice(0, size)], rest: others.slice(size) };
}

/** Right after the others have a leader of their own. */
function comeBackSoon(faults: Faults, some: readonly View[], rest: readonly View[], random: SimRandom): void {
  // The first write after the election makes a SNAP of it.
  const afterMs = random.pick([0, 0, 0, random.between(1, 60)]);
  faults.triggers.when(random.pick(['established', 'currentEpoch', 'currentEpoch'] as const), rest, () => {
    for (const view of some) faults.start(view, afterMs);
  });
}

export function leaderAndOthers(faults: Faults, random: SimRandom): { leader: View; others: View[] } | undefined {
  const { leader: machine } = faults.ensemble;
  const { views } = faults.observer;
  const leader = views.find((view) => view.machine === machine);
  const others = random.shuffled(views.filter((view) => view.voter && view !== leader));
  return leader === undefined || others.length === 0 ? undefined : { leader, others };
}

export function cutOff(faults: Faults, some: readonly View[], others: readonly View[]): void {
  faults.onFault(0, `${some.map(({ sid }) => sid).join(',')} cut off from ${others.map(({ sid }) => sid).join(',')}`);
  faults.ensemble.network.partition(
    some.map((view) => view.machine.host),
    others.map((view) => view.machine.host),
  );
}
