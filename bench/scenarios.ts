import type { Cluster } from './cluster.ts';
import { type LoadKeys, type LoadResult, runGenerator } from './generator.ts';

/** The scenarios by name: on how many peers each is measured, and with which load. */
export interface Figures {
  /** Operations a second. */
  readonly rate?: number;
  /** Microseconds. */
  readonly p50?: number;
  readonly p99?: number;
  readonly p999?: number;
  /** Server CPU microseconds for each operation, all peers together. */
  readonly cpu?: number;
  /** The generator's, for each operation. */
  readonly ownCpu?: number;
  readonly rssMb?: number;
  /** Longest event-loop stall of ours. */
  readonly stallMs?: number;
  /** For scenarios that are one duration. */
  readonly ms?: number;
}

export interface Times {
  readonly warmSeconds: number;
  readonly seconds: number;
  /** Divides the sizes of what is loaded. */
  readonly smaller: number;
}

export interface Scenario {
  readonly name: string;
  readonly peers: 1 | 3;
  /** A cluster of its own, fresh for every measurement: what it leaves behind would change the others' figures. */
  readonly alone?: boolean;
  /** Of one that is alone: on the nodes that `prepare` makes. */
  readonly prepared?: boolean;
  /** The bare Node server can be its limit row. */
  readonly bare?: boolean;
  /** Over TLS. */
  readonly isSecure?: boolean;
  /** Of one that is alone: lines of the configuration. */
  readonly more?: readonly string[];
  run(cluster: Cluster, times: Times): Promise<Figures>;
}

const NODES = 256;

/** A load that goes on for as long as it is measured. */
function steady(name: string, peers: 1 | 3, operation: string, keys: LoadKeys, more: Partial<Scenario> = {}): Scenario {
  return {
    name,
    peers,
    ...more,
    run: (cluster, times) => {
      const load = { nodes: NODES, ...keys, warm: times.warmSeconds, seconds: times.seconds };
      return measured(cluster, operation, load);
    },
  };
}

async function measured(cluster: Cluster, operation: string, keys: LoadKeys): Promise<Figures> {
  let before = 0;
  let after = 0;
  cluster.forgetStalls();
  const result = await runGenerator(
    operation,
    { ...cluster.door, ...keys },
    {
      onBegin: () => {
        before = cluster.cpuSeconds();
      },
      onEnd: () => {
        after = cluster.cpuSeconds();
      },
    },
  );
  const stallMs = await cluster.stallMs();
  return {
    ...figuresOf(result, after - before),
    rssMb: cluster.rssMb(),
    ...(stallMs === undefined ? {} : { stallMs }),
  };
}

function figuresOf(result: LoadResult, cpuSeconds: number): Figures {
  const { operations, seconds, p50, p99, p999, ownCpu } = result;
  return { rate: operations / seconds, p50, p99, p999, cpu: (cpuSeconds * 1e6) / operations, ownCpu };
}

export async function prepare(cluster: Cluster): Promise<void> {
  await runGenerator('prepare', { ...cluster.door, nodes: NODES, outstanding: 64 });
  const big = { ...cluster.door, nodes: 1, bytes: 65_536 };
  if (cluster.size === 1) await runGenerator('prepare-big', big);
}

export const SCENARIOS: readonly Scenario[] = [
  steady('read, 32 x 32', 1, 'get', { clients: 32, outstanding: 32 }, { bare: true }),
  steady('read, 256 x 1', 1, 'get', { clients: 256, outstanding: 1 }, { bare: true }),
  steady('read, 1 x 1', 1, 'get', { clients: 1, outstanding: 1 }, { bare: true }),
  steady('write, 32 x 32', 1, 'set', { clients: 32, outstanding: 32 }),
  steady('write, 256 x 1', 1, 'set', { clients: 256, outstanding: 1 }),
  steady('write, 1 x 1', 1, 'set', { clients: 1, outstanding: 1 }),
  steady('children of 1,000, 8 x 4', 1, 'children', { clients: 8, outstanding: 4 }),
  steady('read of 64 KB, 8 x 4', 1, 'get-big', { clients: 8, outstanding: 4, bytes: 65_536 }),
  steady('tls: read, 32 x 32', 1, 'get', { clients: 32, outstanding: 32 }, { bare: true, isSecure: true }),
  steady('tls: read, 256 x 1', 1, 'get', { clients: 256, outstanding: 1 }, { bare: true, isSecure: true }),
  steady('tls: write, 32 x 32', 1, 'set', { clients: 32, outstanding: 32 }, { isSecure: true }),
  steady('tls: write, 256 x 1', 1, 'set', { clients: 256, outstanding: 1 }, { isSecure: true }),
  steady(
    'audited: write, 32 x 32',
    1,
    'set',
    { clients: 32, outstanding: 32 },
    { alone: true, prepared: true, more: ['audit.enable=true', 'audit.file=audit.log'] },
  ),
  steady(
    'not audited, and as alone: write, 32 x 32',
    1,
    'set',
    { clients: 32, outstanding: 32 },
    { alone: true, prepared: true },
  ),
  steady('three peers, write, 1 x 1', 3, 'set', { clients: 1, outstanding: 1 }),
  steady('three peers, write, 32 x 32', 3, 'set', { clients: 32, outstanding: 32 }),
  steady('three peers, nine reads a write, 32 x 32', 3, 'mix', { clients: 32, outstanding: 32 }),
  steady('three peers, nine reads a write, 256 x 1', 3, 'mix', { clients: 256, outstanding: 1 }),
  steady('three peers, read, 32 x 32', 3, 'get', { clients: 32, outstanding: 32 }),
  steady(
    'three peers, create sequential ephemeral, 32 x 8',
    3,
    'create-sequential',
    { clients: 32, outstanding: 8 },
    {
      alone: true,
      prepared: true,
    },
  ),
  {
    name: '10,000 sessions open, then idle',
    peers: 1,
    alone: true,
    run: async (cluster, { smaller }) => {
      const clients = Math.round(10_000 / smaller);
      const idle = cluster.rssMb();
      let held = 0;
      const result = await runGenerator(
        'sessions',
        { hosts: cluster.hosts, clients },
        {
          whileHeld: async () => {
            held = cluster.rssMb();
          },
        },
      );
      return { rate: result.operations / result.seconds, ownCpu: result.ownCpu, rssMb: held - idle };
    },
  },
  {
    name: 'one change seen by 10,000 watchers',
    peers: 1,
    alone: true,
    prepared: true,
    run: async (cluster, { smaller }) => {
      const keys = { hosts: cluster.hosts, clients: Math.round(10_000 / smaller), nodes: 1 };
      cluster.forgetStalls();
      const result = await runGenerator('watch', keys);
      const stallMs = await cluster.stallMs();
      return { ms: result.p50 / 1000, ...(stallMs === undefined ? {} : { stallMs }) };
    },
  },
  {
    name: 'load 1,000,000 nodes, 8 x 128',
    peers: 1,
    alone: true,
    run: (cluster, { smaller }) => {
      const nodes = Math.round(1_000_000 / smaller);
      return measured(cluster, 'load', { clients: 8, outstanding: 128, nodes });
    },
  },
  {
    name: 'restart with 1,000,000 nodes',
    peers: 1,
    alone: true,
    run: async (cluster, { smaller }) => {
      const nodes = Math.round(1_000_000 / smaller);
      await runGenerator('load', { hosts: cluster.hosts, clients: 8, outstanding: 128, nodes });
      return { ms: await cluster.restartMs(), rssMb: cluster.rssMb() };
    },
  },
  {
    name: 'first served, standalone; idle',
    peers: 1,
    alone: true,
    run: async (cluster) => ({ ms: cluster.firstServedMs, rssMb: cluster.rssMb() }),
  },
  {
    name: 'first served, three peers; idle',
    peers: 3,
    alone: true,
    run: async (cluster) => ({ ms: cluster.firstServedMs, rssMb: cluster.rssMb() }),
  },
  {
    name: 'three peers, leader killed to next write',
    peers: 3,
    alone: true,
    prepared: true,
    run: async (cluster) => {
      const write = (host: string): Promise<boolean> => {
        const keys = { hosts: host, seconds: 0.001, nodes: 1 };
        return runGenerator('set', keys).then(
          () => true,
          () => false,
        );
      };
      return { ms: await cluster.leaderLossMs(write) };
    },
  },
];
