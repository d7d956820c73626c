import { type Behaviour, behaviourOf } from '../clients/behaviour.ts';
import { type Pressure, pressureOf } from '../clients/pressure.ts';
import type { Moment } from '../judges/observer.ts';
import { SimRandom } from '../world/random.ts';
import { liesOf, type NetFaultKind, type NetPlan, netFaultsOf, netPlanOf } from './net-plan.ts';
import { type StorageKind, type StorageLimits, storagePlanOf } from './storage-plan.ts';

/**
 * The meaning of one seed, before anything of it happens: the ensemble, its limits, the clients, and a list of faults
 * with their times. It is plain data, so it can be printed, and faults can be left out of it one by one.
 */
export type FaultKind =
  | 'kill'
  | 'power'
  | 'powerAll'
  | 'atEffect'
  | 'atMoment'
  | 'syncError'
  | 'diskFull'
  | 'slowDisk'
  | 'litter'
  | 'damage'
  | 'wipe'
  | 'forget'
  | 'pause'
  | 'clockJump'
  | 'partition'
  | 'oneWay'
  | 'bridge'
  | 'slowLink'
  | 'nameFails'
  | 'nameMoves'
  | 'breakStreams'
  | 'purge'
  | 'stop'
  | 'words'
  | 'spoilt'
  | 'halfClose'
  | 'tail'
  | 'halfElected'
  | 'newEpochTail'
  | 'onlyObservers'
  | 'slowLeader'
  | 'garbage'
  | 'lies'
  | NetFaultKind
  | StorageKind;

export type Target = 'leader' | 'follower' | 'any';

export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly forMs: number;
  readonly target: Target;
  /** Decides everything else about it. */
  readonly salt: number;
}

export interface ClientPlan {
  readonly name: string;
  readonly timeoutMs: number;
  readonly thinkMs: number;
  readonly mostAtOnce: number;
  readonly leavesOneIn: number;
  readonly multis: boolean;
  readonly ephemerals: boolean;
  readonly watches: boolean;
  readonly behaviour?: Behaviour;
  readonly pressure?: Pressure;
  readonly bigBytes?: number | undefined;
  /** Comes back at once when it loses a connection, or is refused. */
  readonly dialsAtOnce?: boolean;
}

export interface Plan {
  readonly seed: number;
  readonly voters: number;
  readonly observers: number;
  readonly config: Readonly<Record<string, string | number>>;
  readonly tickMs: number;
  /** Transactions in an epoch; undefined: as many as there are. */
  readonly counterLimit: number | undefined;
  readonly recentBytes: number | undefined;
  readonly storage?: StorageLimits;
  readonly clients: readonly ClientPlan[];
  /** Between two connections of somebody who is no client, on average; undefined: none comes. */
  readonly portProbesMs?: number | undefined;
  readonly faultsMs: number;
  readonly classes: readonly FaultKind[];
  readonly faults: readonly Fault[];
  /** Of all faults, those left out included. */
  readonly longestMs: number;
  readonly net?: NetPlan;
  /** When members come, go, move or change their role, by an operator's word: world/operator.ts. */
  readonly memberChanges?: readonly { readonly atMs: number; readonly salt: number }[];
  /** The sid of one that is no member at first, but follows. */
  readonly stranger?: number | undefined;
}

const CLASSES: readonly (readonly [FaultKind, number])[] = [
  ['kill', 6],
  ['power', 6],
  ['powerAll', 2],
  ['atEffect', 8],
  ['atMoment', 8],
  ['syncError', 3],
  ['diskFull', 1],
  ['slowDisk', 3],
  ['litter', 3],
  ['damage', 2],
  ['wipe', 2],
  ['forget', 2],
  ['pause', 3],
  ['clockJump', 1],
  ['partition', 6],
  ['oneWay', 3],
  ['bridge', 2],
  ['slowLink', 2],
  ['nameFails', 1],
  ['nameMoves', 3],
  ['breakStreams', 4],
  ['purge', 1],
  ['stop', 3],
  ['words', 1],
  ['garbage', 6],
  ['spoilt', 3],
  ['tail', 16],
  ['halfElected', 3],
  ['newEpochTail', 3],
  ['onlyObservers', 2],
  ['slowLeader', 3],
  ['halfClose', 3],
];

export const EFFECTS = ['create', 'write', 'truncate', 'rename', 'unlink', 'sync', 'syncDir'] as const;

export const MOMENTS: readonly Moment[] = [
  'recovered',
  'acceptedEpoch',
  'currentEpoch',
  'newLeader',
  'ack',
  'established',
  'serving',
  'proposed',
  'committed',
  'applied',
  'truncating',
  'truncated',
  'installing',
  'replacing',
  'installed',
  'synced',
];

export function planOf(seed: number): Plan {
  const random = new SimRandom(seed).split('plan');
  const shape = random.split('shape');
  const few = shape.chance(3, 4) ? 3 : 5;
  const observers = shape.chance(1, 3) ? shape.between(1, 2) : 0;
  const tickMs = shape.pick([200, 500, 500, 1000]);
  const faultsMs = shape.between(10, 40) * tickMs;
  const limits = random.split('limits');
  const config: Record<string, string | number> = {
    tickTime: tickMs,
    initLimit: limits.between(5, 12),
    syncLimit: limits.between(3, 6),
    snapCount: limits.pick([4, 10, 30, 100, 1000]),
    snapshotSizeFactor: limits.pick(['0.33', '-1', '10', '100', '0.01', '100']),
    'autopurge.snapRetainCount': 3,
  };
  if (limits.chance(1, 4)) config.txnLogSizeLimitInKb = limits.between(1, 8);
  if (limits.chance(1, 6)) config['snapshot.compression.method'] = limits.pick(['gz', 'snappy']);
  if (limits.chance(1, 8)) config['closeSessionTxn.enabled'] = 'false';
  const disk = random.split('disk');
  if (disk.chance(1, 4)) config.dataLogDir = '/logs';
  if (disk.chance(1, 4)) config.preAllocSize = disk.pick([0, 1, 64]);
  if (disk.chance(1, 8)) config['serializeLastProcessedZxid.enabled'] = 'false';
  const counterLimit = limits.chance(1, 4) ? limits.between(3, 60) : undefined;
  const recentBytes = limits.chance(2, 3) ? limits.pick([1, 1, 300, 300, 1000, 4000]) : undefined;
  const alone = random.split('alone');
  const isAlone = alone.chance(1, 12);
  const isPair = !isAlone && random.split('oracle').chance(1, 24);
  const { voters, groups } = isAlone
    ? { voters: 1, groups: {} }
    : isPair
      ? { voters: 2, groups: {} }
      : votersOf(random.split('voters'), few);
  Object.assign(config, groups);
  if (isPair) config.oraclePath = '/oracle';
  Object.assign(config, serverOptions(random.split('server')), throttlesOf(random.split('throttles')));
  const probing = random.split('visitors');
  if (isAlone && alone.chance(1, 4)) config.standaloneEnabled = 'false';
  const net = netPlanOf(random.split('net'), isAlone, Number(config.syncLimit) * tickMs);
  const storage = storagePlanOf(random.split('storage'), faultsMs, tickMs);
  Object.assign(config, storage.config);
  const { classes, faults: common } = faultsOf(random.split('faults'), faultsMs, tickMs);
  const lies = liesOf(random.split('lies'), faultsMs, tickMs);
  const faults = [
    ...lies,
    ...common,
    ...netFaultsOf(random.split('net faults'), net, faultsMs, tickMs),
    ...storage.faults,
  ];
  faults.sort((a, b) => a.atMs - b.atMs);
  const memberChanges = memberChangesOf(random.split('members'), faultsMs);
  const mayChange =
    !isAlone && !isPair && Object.keys(groups).length === 0 && net.old.length === 0 && net.addresses === 1;
  const isChanging = mayChange && memberChanges.length > 0;
  if (!isAlone) Object.assign(config, observerOptions(random.split('observers'), observers > 0 || isChanging));
  if (isChanging) Object.assign(config, MAY_RECONFIGURE);
  const usual = clientsOf(random.split('clients'), random.split('habits'), tickMs);
  const clients = withDials(withPressure(usual, random.split('ways')), random.split('dials'));
  return {
    seed,
    voters,
    observers: isAlone ? 0 : observers,
    config,
    tickMs,
    counterLimit,
    recentBytes: storage.servesFromDisk ? 1 : recentBytes,
    storage: storage.limits,
    clients: clients.map((client, i) => (i === 0 ? { ...client, bigBytes: storage.limits.bigBytes } : client)),
    portProbesMs: probing.chance(1, 3) ? probing.pick([100, 500, 2000]) : undefined,
    faultsMs,
    classes,
    faults,
    longestMs: Math.max(0, ...faults.map((fault) => fault.forMs)),
    net,
    memberChanges: isChanging ? memberChanges : [],
    stranger: isChanging && observers > 0 && random.split('stranger').chance(1, 2) ? voters + observers : undefined,
  };
}

function memberChangesOf(random: SimRandom, faultsMs: number): { atMs: number; salt: number }[] {
  if (!random.chance(1, 5)) return [];
  return Array.from({ length: random.between(1, 8) }, () => ({ atMs: random.below(faultsMs), salt: random.next() }));
}

/** With a user who may write the config node: `super`, and the password `secret`. */
export const MAY_RECONFIGURE = {
  reconfigEnabled: 'true',
  'DigestAuthenticationProvider.superDigest': 'super:lK75jTNcA+U9vtVEw5vB51mj/w4=',
};

const GROUPS: readonly { readonly voters: number; readonly groups: Readonly<Record<string, string | number>> }[] = [
  { voters: 5, groups: { 'group.1': '1:2:3', 'group.2': '4:5' } },
  { voters: 5, groups: { 'group.1': '1:2:3:4:5', 'weight.5': 0 } },
  { voters: 5, groups: { 'group.1': '1:2:3', 'group.2': '4:5', 'weight.4': 0, 'weight.5': 0 } },
  { voters: 6, groups: { 'group.1': '1:2', 'group.2': '3:4', 'group.3': '5:6', 'weight.1': 3 } },
  { voters: 7, groups: { 'group.1': '1:4:7', 'group.2': '2:5', 'group.3': '3:6', 'weight.4': 0, 'weight.2': 2 } },
];

/** Now and then more than five, or voters in groups and with weights. */
function votersOf(
  random: SimRandom,
  few: number,
): { voters: number; groups: Readonly<Record<string, string | number>> } {
  if (random.chance(1, 12)) return random.pick(GROUPS);
  return { voters: random.chance(1, 24) ? 7 : few, groups: {} };
}

/** Observers that learn from followers, and some that keep nothing. */
function observerOptions(random: SimRandom, areThere: boolean): Record<string, string | number> {
  const config: Record<string, string | number> = {};
  if (!areThere) return config;
  if (random.chance(1, 2)) config.observerMasterPort = 2191;
  if (random.chance(1, 4)) config.syncEnabled = 'false';
  return config;
}

/** Settings of an operator about the clients' side. */
function serverOptions(random: SimRandom): Record<string, string | number> {
  const config: Record<string, string | number> = {
    extendedTypesEnabled: random.chance(3, 4) ? 'true' : 'false',
    enforceQuota: random.chance(1, 2) ? 'true' : 'false',
    'znode.container.checkIntervalMs': random.pick([300, 1000, 4000]),
    'znode.container.maxPerMinute': random.pick([10_000, 10_000, 600]),
  };
  if (random.chance(1, 3)) config.globalOutstandingLimit = random.pick([1, 4, 20]);
  if (random.chance(1, 6)) config.maxClientCnxns = random.between(1, 3);
  if (random.chance(1, 6)) config.maxCnxns = random.between(6, 9);
  return config;
}

/** Few requests under way, and few who may connect at once, so that others wait or are turned away. */
function throttlesOf(random: SimRandom): Record<string, string | number> {
  const config: Record<string, string | number> = {};
  if (random.chance(1, 4)) {
    config.request_throttle_max_requests = random.pick([1, 2, 10]);
    if (random.chance(1, 2)) config.throttled_op_wait_time = random.pick([1, 20, 200]);
    if (random.chance(1, 3)) {
      config.request_stale_latency_check = 'true';
      config.request_throttle_drop_stale = random.chance(1, 2) ? 'true' : 'false';
    }
  }
  if (random.chance(1, 6)) {
    config.connection_throttle_tokens = random.between(1, 3);
    config.connection_throttle_fill_time = random.pick([20, 200]);
    config.connection_throttle_weight_enabled = random.chance(1, 2) ? 'true' : 'false';
    if (random.chance(1, 2)) {
      config.connection_throttle_freeze_time = random.pick([1, 50]);
      config.connection_throttle_drop_increase = '0.3';
      config.connection_throttle_drop_decrease = '0.2';
      config.connection_throttle_decrease_ratio = '0.9';
    }
  }
  if (random.chance(1, 8)) config.request_rate_per_address = random.pick([5, 50]);
  if (random.chance(1, 8)) config.request_rate_per_identity = random.pick([5, 50]);
  if (random.chance(1, 8)) {
    config.largeRequestThreshold = 100;
    config.largeRequestMaxBytes = 400;
  }
  return config;
}

function clientsOf(random: SimRandom, behaviour: SimRandom, tickMs: number): ClientPlan[] {
  return Array.from({ length: random.between(1, 4) }, (_, i) => ({
    name: `c${i}`,
    timeoutMs: tickMs * random.pick([2, 4, 8, 20]),
    thinkMs: random.pick([30, 100, 300, 800]),
    mostAtOnce: random.pick([1, 1, 1, 3, 20]),
    leavesOneIn: random.pick([0, 4, 8, 30, 100]),
    multis: random.chance(2, 3),
    ephemerals: random.chance(2, 3),
    watches: random.chance(2, 3),
    behaviour: behaviourOf(behaviour),
  }));
}

function withDials(clients: readonly ClientPlan[], random: SimRandom): ClientPlan[] {
  return clients.map((client) => ({ ...client, dialsAtOnce: random.chance(1, 3) }));
}

function withPressure(clients: readonly ClientPlan[], random: SimRandom): ClientPlan[] {
  return clients.map((client) => ({ ...client, pressure: pressureOf(random) }));
}

/** A few classes for each world, so that some things stay still while others happen often. */
function faultsOf(random: SimRandom, faultsMs: number, tickMs: number): { classes: FaultKind[]; faults: Fault[] } {
  const on = CLASSES.filter(([, weight]) => random.chance(weight + 2, 16));
  const classes = on.map(([kind]) => kind);
  const bag = on.flatMap(([kind, weight]) => new Array<FaultKind>(weight).fill(kind));
  if (bag.length === 0) return { classes, faults: [] };
  const count = random.between(1, Math.ceil(faultsMs / tickMs / random.pick([2, 3, 6])));
  const faults = Array.from({ length: count }, () => ({
    kind: random.pick(bag),
    atMs: random.below(faultsMs),
    forMs: random.pick([random.between(1, tickMs), random.between(tickMs, tickMs * 8), random.between(1, tickMs * 3)]),
    target: random.pick<Target>(['leader', 'leader', 'follower', 'any', 'any']),
    salt: random.next(),
  }));
  return { classes, faults: faults.sort((a, b) => a.atMs - b.atMs) };
}

/** The parts left out of a plan, to find out what a failure needs. */
export interface Less {
  /** Faults and clients, by their place in the plan. */
  readonly faults: readonly number[];
  readonly clients: readonly number[];
  /** Faults and load end here. */
  readonly untilMs: number | undefined;
}

export const NOTHING_LESS: Less = { faults: [], clients: [], untilMs: undefined };

export function withLess(plan: Plan, { faults, clients, untilMs }: Less): Plan {
  return {
    ...plan,
    faults: plan.faults.filter((_, index) => !faults.includes(index)),
    clients: plan.clients.filter((_, index) => !clients.includes(index)),
    faultsMs: Math.min(plan.faultsMs, untilMs ?? plan.faultsMs),
  };
}

export function describePlan(plan: Plan): string {
  const lines = [
    `seed ${plan.seed}: ${plan.voters} voters, ${plan.observers} observers, tick ${plan.tickMs} ms, faults for ${plan.faultsMs} ms`,
    `  config ${JSON.stringify(plan.config)} counterLimit ${plan.counterLimit ?? '-'} recentBytes ${plan.recentBytes ?? '-'}`,
    `  storage ${JSON.stringify(plan.storage ?? {})}`,
    ...plan.clients.map((client) => `  client ${JSON.stringify(client)}`),
    `  classes ${plan.classes.join(' ')}`,
    `  net ${JSON.stringify(plan.net)}`,
    `  members change at ${JSON.stringify((plan.memberChanges ?? []).map(({ atMs }) => atMs))}, stranger ${plan.stranger ?? '-'}`,
    ...plan.faults.map(
      ({ atMs, kind, target, forMs, salt }) => `  ${atMs} ms: ${kind} at ${target} for ${forMs} ms (${salt})`,
    ),
  ];
  return lines.join('\n');
}
