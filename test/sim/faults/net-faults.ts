import type { View } from '../judges/observer.ts';
import type { NetFaultKind } from '../plan/net-plan.ts';
import type { SimRandom } from '../world/random.ts';
import { leaderAndOthers } from './fault-sequences.ts';
import type { Faults } from './faults.ts';

/** Faults of the network, and orders of things that need it to hold back what is on its way. */
export function netFault(faults: Faults, kind: NetFaultKind, view: View, forMs: number, random: SimRandom): boolean {
  switch (kind) {
    case 'pathLost':
      return pathLost(faults, view, forMs, random);
    case 'staleLeader':
      return staleLeader(faults, forMs, random);
    case 'noName':
      return noName(faults, view, forMs, random);
    case 'promised':
      return promised(faults, forMs, random);
  }
}

/** One of several addresses of a machine leads nowhere; what was dialled there is held. */
function pathLost(faults: Faults, { machine }: View, forMs: number, random: SimRandom): boolean {
  const { network } = faults.ensemble;
  const address = random.pick(machine.host.addresses);
  network.setPath(address, false);
  faults.later(forMs * random.between(1, 4), () => network.setPath(address, true));
  return true;
}

/** Started while nobody knows its name, which it would listen at. */
function noName(faults: Faults, view: View, forMs: number, random: SimRandom): boolean {
  const { network } = faults.ensemble;
  const { host } = view.machine;
  network.setName(host.name, random.pick(['fail', 'hang'] as const));
  faults.crash(view, random.chance(1, 2), random.between(1, 100));
  faults.later(forMs * random.between(1, 4), () => network.setName(host.name, { address: host.address }));
  return true;
}

/**
 * Packets to a leader take long to arrive; those who told it leave it meanwhile and have another one. It still hears
 * answers from when they followed, and only behind them that they are gone.
 */
function staleLeader(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return false;
  const { network } = faults.ensemble;
  const { host } = found.leader.machine;
  const others = faults.observer.views.filter((view) => view !== found.leader);
  const delayMs = random.between(800, 3000);
  const delayUs = delayMs * 1000;
  for (const { machine } of others) {
    network.setSpeed(machine.host, host, { minDelayUs: delayUs, maxDelayUs: delayUs, bytesPerMs: undefined });
  }
  // Long enough for a question and its answer.
  const leftMs = random.between(Math.ceil(forMs / 4), forMs);
  faults.later(leftMs, () => {
    for (const view of found.others) faults.crash(view, false, random.between(1, 50));
  });
  faults.later(leftMs + delayMs, () => {
    for (const { machine } of others) network.setSpeed(machine.host, host, undefined);
  });
  return true;
}

/**
 * The next one elected gets its epoch accepted by some and not by others, and is gone: what some have promised the
 * others have never heard of, and one of these may lead next (ZOOKEEPER-1270).
 */
function promised(faults: Faults, forMs: number, random: SimRandom): boolean {
  const found = leaderAndOthers(faults, random);
  if (found === undefined) return false;
  const { network } = faults.ensemble;
  faults.triggers.when('acceptedEpoch', undefined, (elected) => {
    const others = random.shuffled(faults.observer.views.filter((view) => view.voter && view !== elected));
    const told = others.slice(0, random.between(1, Math.max(1, others.length - 1)));
    for (const view of others) if (!told.includes(view)) network.cut(elected.machine.host, view.machine.host);
    faults.triggers.when('acceptedEpoch', told, () => {
      // Its kernel says so at once, and the others look again.
      faults.crash(elected, false, forMs * random.between(1, 4));
      network.healAll(true);
    });
  });
  faults.crash(found.leader, random.chance(1, 2), random.between(1, 400));
  return true;
}
