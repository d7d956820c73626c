import type { Action } from '../judges/history.ts';
import type { SimRandom } from '../world/random.ts';
import { UNKNOWN_REQUESTS } from './bad-requests.ts';

/** Some more of what an application may be used to, by draws of its own. */
export interface Pressure {
  /** Goes to another server while it has something to say on the connection it leaves. */
  readonly haunts: boolean;
  /** Asks for a sync before it reads. */
  readonly syncs: boolean;
  /** Operations that no server offers to clients, again and again. */
  readonly unknown: boolean;
  /** Once, a large node, and more reads of it than anybody can take. */
  readonly bulky: boolean;
}

export function pressureOf(random: SimRandom): Pressure {
  return {
    haunts: random.chance(1, 8),
    syncs: random.chance(1, 4),
    unknown: random.chance(1, 12),
    bulky: random.chance(1, 60),
  };
}

const BIG = '/big';

/** A write, and behind it reads that are all answered when it is: together as much as a server lets wait, or more. */
export function bulk(random: SimRandom): Action[] {
  const bytes = random.pick([100_000, 700_000]);
  const get: Action = { op: 'get', path: BIG, watch: false };
  return [
    { op: 'create', path: BIG, data: 'x'.repeat(bytes), flags: 0 },
    ...new Array<Action>(random.pick([10, 50, 110])).fill(get),
    { op: 'delete', path: BIG, version: -1 },
  ];
}

export function nextUnderPressure(pressure: Pressure, random: SimRandom): Action[] {
  const actions: Action[] = [];
  if (pressure.syncs && random.chance(1, 2)) {
    actions.push({ op: 'sync', path: '/' });
    for (let i = 0; i < 4; i++) actions.push({ op: 'get', path: `/k${i}`, watch: false });
  }
  if (pressure.unknown && random.chance(1, 20)) actions.push(random.pick(UNKNOWN_REQUESTS));
  return actions;
}
