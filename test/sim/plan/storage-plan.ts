import type { SimRandom } from '../world/random.ts';
import type { Fault, Target } from './plan.ts';

/**
 * The trouble of a seed's storage beside the other faults, in some worlds and by draws of its own. It has limits
 * that make files small and many, and faults of files, disks and directories. storage-faults.ts carries them out.
 */
export const STORAGE_KINDS = [
  'otherRelease',
  'fuzzySnapshot',
  'spoiltSpare',
  'halves',
  'diskFails',
  'midWrite',
  'slowInstall',
  'unmounted',
  'rot',
  'reliedUpon',
] as const;

export type StorageKind = (typeof STORAGE_KINDS)[number];

/** Real limits that a simulated life never reaches, lowered from outside; undefined: the real ones. */
export interface StorageLimits {
  /** Of a snapshot, what is made into bytes, written or sent at once: in between the tree goes on changing. */
  readonly sliceBytes: number | undefined;
  /** How long each of these takes to write; undefined: as long as all else. */
  readonly snapshotWriteMs: number | undefined;
  /** A log file that is longer is not appended to any more. */
  readonly logFileBytes: number | undefined;
  /** Data of a write now and then: longer than what is read or written of a log at once. */
  readonly bigBytes: number | undefined;
}

export interface StoragePlan {
  readonly limits: StorageLimits;
  readonly config: Readonly<Record<string, string | number>>;
  readonly faults: readonly Fault[];
  /** Learners are given what they lack from the log on disk, where that goes bad. */
  readonly servesFromDisk: boolean;
}

const WEIGHTS: readonly (readonly [StorageKind, number])[] = [
  ['otherRelease', 3],
  ['fuzzySnapshot', 3],
  ['spoiltSpare', 5],
  ['halves', 3],
  ['diskFails', 4],
  ['midWrite', 5],
  ['slowInstall', 4],
  ['unmounted', 4],
  ['rot', 3],
  ['reliedUpon', 6],
];

export function storagePlanOf(random: SimRandom, faultsMs: number, tickMs: number): StoragePlan {
  const limits = limitsOf(random.split('limits'));
  const config: Record<string, string | number> = {};
  if (limits.bigBytes !== undefined) config['jute.maxbuffer'] = 4 << 20;
  const mayUnmount = random.split('directories').chance(1, 6);
  if (mayUnmount) config['datadir.autocreate'] = 'false';
  const drawn = random.split('faults');
  const faults = drawn.chance(1, 2) ? faultsOf(drawn, faultsMs, tickMs, mayUnmount) : [];
  const servesFromDisk = faults.some(({ kind }) => kind === 'rot');
  if (servesFromDisk) config.snapshotSizeFactor = '100';
  // A closeSession that does not name the nodes leaves their parents as a fuzzy snapshot has them (ZOOKEEPER-3145).
  if (faults.some(({ kind }) => kind === 'fuzzySnapshot')) config['closeSessionTxn.enabled'] = 'true';
  return { limits, config, faults, servesFromDisk };
}

function limitsOf(random: SimRandom): StorageLimits {
  const sliceBytes = random.chance(1, 2) ? random.pick([1, 1, 100, 400, 2000]) : undefined;
  return {
    sliceBytes,
    snapshotWriteMs: random.chance(1, 2) ? random.pick([0.5, 2, 8]) : undefined,
    logFileBytes: random.chance(1, 2) ? random.pick([1, 1, 150, 300, 300, 1000]) : undefined,
    bigBytes: random.chance(1, 16) ? random.pick([600_000, 1_100_000, 1_600_000]) : undefined,
  };
}

/** A few classes for each world, as with the others. */
function faultsOf(random: SimRandom, faultsMs: number, tickMs: number, mayUnmount: boolean): Fault[] {
  const on = WEIGHTS.filter(
    ([kind]) => (random.chance(2, 5) && kind !== 'unmounted') || (kind === 'unmounted' && mayUnmount),
  );
  const bag = on.flatMap(([kind, weight]) => new Array<StorageKind>(weight).fill(kind));
  if (bag.length === 0) return [];
  const count = random.between(1, Math.ceil(faultsMs / tickMs / random.pick([2, 4, 8])));
  return Array.from({ length: count }, () => ({
    kind: random.pick(bag),
    atMs: random.below(faultsMs),
    forMs: random.pick([random.between(1, tickMs), random.between(tickMs, tickMs * 6)]),
    target: random.pick<Target>(['leader', 'follower', 'any', 'any']),
    salt: random.next(),
  }));
}

const KINDS: ReadonlySet<string> = new Set(STORAGE_KINDS);

export function isStorageKind(kind: string): kind is StorageKind {
  return KINDS.has(kind);
}
