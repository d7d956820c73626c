import type { UnmendedKind } from '../faults/unmended.ts';
import type { SimRandom } from '../world/random.ts';
import type { Fault, FaultKind, Target } from './plan.ts';

/**
 * The part of a seed about the network and the members, by draws of their own. It has the number of addresses of each
 * member, their names, those still in trouble when all else is mended, and faults aimed at all this.
 */
export interface NetPlan {
  /** Of each member. */
  readonly addresses: number;
  /** The beginning of a machine's name, before the number. */
  readonly prefix: string;
  /** Members whose notifications are those of an old release. */
  readonly old: readonly number[];
  /** Bytes that kernels hold of one direction of a connection. */
  readonly windowBytes: number;
  /** How long each segment takes between any two hosts, in milliseconds; undefined: as in one room. */
  readonly delaysMs: Delays | undefined;
  /** Members that stay in trouble when faults end, and have to be done without. */
  readonly unmended: { readonly kind: UnmendedKind; readonly salt: number } | undefined;
}

export interface Delays {
  readonly least: number;
  readonly most: number;
}

/** One address for each, and everything as it should be. */
export const ONE_NETWORK: NetPlan = {
  addresses: 1,
  prefix: 'zk',
  old: [],
  windowBytes: 256 * 1024,
  delaysMs: undefined,
  unmended: undefined,
};

const NET_FAULTS = ['pathLost', 'staleLeader', 'promised', 'noName'] as const;

export type NetFaultKind = (typeof NET_FAULTS)[number];

export function isNetFault(kind: FaultKind): kind is NetFaultKind {
  return (NET_FAULTS as readonly string[]).includes(kind);
}

const UNMENDED: readonly UnmendedKind[] = ['off', 'killed', 'paused', 'cutOff', 'cutOff', 'restarts', 'restarts'];
/** Longer in bytes than in letters. */
const PREFIXES = ['zürich', '動物園', 'zk-ß-'];

/**
 * From one town to the next, and around the world. Questions and answers have to fit into syncLimit, which an operator
 * sets with his links in mind: `patienceMs` is that, and a link has an eighth of it at most.
 */
const DELAYS: readonly Delays[] = [
  { least: 1, most: 5 },
  { least: 10, most: 30 },
  { least: 40, most: 80 },
  { least: 100, most: 150 },
  { least: 200, most: 300 },
];

function delaysOf(random: SimRandom, patienceMs: number): Delays | undefined {
  const possible = DELAYS.filter(({ most }) => most * 8 <= patienceMs);
  return random.chance(1, 3) && possible.length > 0 ? random.pick(possible) : undefined;
}

export function netPlanOf(random: SimRandom, isAlone: boolean, patienceMs: number): NetPlan {
  const addresses = !isAlone && random.split('addresses').chance(1, 4) ? 2 : 1;
  const names = random.split('names');
  const ages = random.split('ages');
  const old = ages.chance(1, 8) ? [1, 2, 3, 4, 5, 6, 7].filter(() => ages.chance(1, 2)) : [];
  const windows = random.split('windows');
  const unmended = random.split('lame');
  const kinds = addresses === 2 ? [...UNMENDED, ...new Array<UnmendedKind>(UNMENDED.length).fill('onePath')] : UNMENDED;
  return {
    addresses,
    prefix: names.chance(1, 8) ? names.pick(PREFIXES) : 'zk',
    old,
    windowBytes: windows.chance(1, 6) ? windows.pick([600, 4096, 20_000]) : ONE_NETWORK.windowBytes,
    delaysMs: delaysOf(random.split('delays'), patienceMs),
    unmended: !isAlone && unmended.chance(1, 3) ? { kind: unmended.pick(kinds), salt: unmended.next() } : undefined,
  };
}

/** In some worlds a stranger speaks the protocol on the ensemble's own ports, and lies. */
export function liesOf(random: SimRandom, faultsMs: number, tickMs: number): Fault[] {
  if (!random.chance(1, 5)) return [];
  return Array.from({ length: random.between(1, 12) }, () => ({
    kind: 'lies',
    atMs: random.below(faultsMs),
    forMs: random.between(Math.ceil(tickMs / 2), tickMs * 4),
    target: random.pick<Target>(['leader', 'leader', 'any']),
    salt: random.next(),
  }));
}

/** Most worlds have none of them. */
export function netFaultsOf(random: SimRandom, net: NetPlan, faultsMs: number, tickMs: number): Fault[] {
  const kinds = NET_FAULTS.filter((kind) => random.chance(kind === 'pathLost' ? 3 : 1, 6));
  const on = net.addresses === 1 ? kinds.filter((kind) => kind !== 'pathLost') : kinds;
  if (on.length === 0) return [];
  return Array.from({ length: random.between(1, 6) }, () => ({
    kind: random.pick(on),
    atMs: random.below(faultsMs),
    forMs: random.between(Math.ceil(tickMs / 2), tickMs * 4),
    target: random.pick<Target>(['leader', 'leader', 'any']),
    salt: random.next(),
  }));
}
