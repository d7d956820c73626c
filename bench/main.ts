import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Cluster } from './cluster.ts';
import { apache, bareNode, type Contestant, ours } from './contestants.ts';
import { diskSyncRate } from './disk-limit.ts';
import { generatorProgram, runGenerator } from './generator.ts';
import { type Line, svgPlot } from './plot.ts';
import { type Figures, prepare, SCENARIOS, type Scenario, type Times } from './scenarios.ts';
import { markdownTable, type Row } from './table.ts';

const USAGE = `Usage: npm run bench -- [options]

The same work for this server and for Apache ZooKeeper's, side by side on this machine, the two taking turns.

  --only TEXT     scenarios whose name contains it; may be repeated
  --rounds N      measurements of each, 3 unless given
  --quick         short warm-ups and measurements, sizes divided by ten
  --only-ours     without Apache's
  --json FILE     all figures of all rounds
  --plot FILE     throughput and p99 against the number of clients, as an SVG picture
  --list          the names of the scenarios
`;

const QUICK: Times = { warmSeconds: 1, seconds: 2, smaller: 10 };
const FULL = { seconds: 5, smaller: 1 } as const;
/** Once warm, a server needs little to be as warm again. */
const AGAIN_WARM_SECONDS = 2;
const PLOT_CLIENTS = [1, 4, 16, 64, 256, 1024];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    'only-ours': { type: 'boolean', default: false },
    json: { type: 'string' },
    plot: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

await main();

async function main(): Promise<void> {
  if (values.help) return say(USAGE);
  const chosen = SCENARIOS.filter(
    ({ name }) => values.only.length === 0 || values.only.some((text) => name.includes(text)),
  );
  if (values.list || chosen.length === 0) return say(`${SCENARIOS.map(({ name }) => name).join('\n')}\n`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`--rounds ${values.rounds} is no number of rounds`);
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: resolve(import.meta.dirname, '..'), stdio: 'inherit' });
  generatorProgram();
  const rival = values['only-ours'] ? undefined : apache();
  if (rival === undefined && !values['only-ours']) {
    say('Apache ZooKeeper is not here to compare with; scripts/interop-setup.sh fetches it.\n');
  }
  const contestants = rival === undefined ? [ours] : [ours, rival];
  say(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}, ${rounds} rounds\n`);
  const rows: Row[] = [];
  for (const [peers, isSecure] of [
    [1, false],
    [1, true],
    [3, false],
  ] as const) {
    const shared = chosen.filter(
      (scenario) => scenario.peers === peers && (scenario.isSecure ?? false) === isSecure && scenario.alone !== true,
    );
    if (shared.length > 0) rows.push(...(await measureTogether(shared, contestants, rounds)));
  }
  for (const scenario of chosen.filter(({ alone }) => alone === true)) {
    rows.push(...(await measureAlone(scenario, contestants, rounds)));
  }
  say(`\n${markdownTable(rows, ours.name, rival?.name)}`);
  if (chosen.some(({ name }) => name.includes('write'))) {
    const { appended, zeroed } = await diskSyncRate();
    say(`\nThe disk by itself, one sync after the other: ${appended}/s appended, ${zeroed}/s into zeroed space.\n`);
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 1)}\n`);
  if (values.plot !== undefined) writeFileSync(values.plot, await plot(contestants));
}

/** Every contestant's cluster is up for all of them, which are alike in peers and TLS, and idle while the other's is measured. */
async function measureTogether(
  scenarios: readonly Scenario[],
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Row[]> {
  const { peers, isSecure } = scenarios[0] as Scenario;
  const withBare = peers === 1 && scenarios.some(({ bare }) => bare === true);
  const all = withBare ? [...contestants, bareNode] : contestants;
  const clusters: Cluster[] = [];
  const rows: Row[] = [];
  try {
    for (const contestant of all) {
      const cluster = await Cluster.start(contestant, peers, [], isSecure);
      clusters.push(cluster);
      if (contestant !== bareNode) await prepare(cluster);
    }
    for (const scenario of scenarios) {
      const figures = new Map<Cluster, Figures[]>(
        clusters
          .filter(({ contestant }) => contestant !== bareNode || scenario.bare === true)
          .map((cluster) => [cluster, []]),
      );
      for (let round = 0; round < rounds; round++) {
        for (const [cluster, list] of figures) {
          progress(scenario, round, cluster.contestant);
          list.push(await scenario.run(cluster, times(cluster.contestant, peers, round)));
        }
      }
      for (const [{ contestant }, list] of figures) {
        rows.push({ scenario: scenario.name, contestant: contestant.name, rounds: list });
      }
    }
  } finally {
    for (const cluster of clusters) await cluster.stop();
  }
  return rows;
}

async function measureAlone(scenario: Scenario, contestants: readonly Contestant[], rounds: number): Promise<Row[]> {
  const figures = new Map<Contestant, Figures[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, list] of figures) {
      progress(scenario, round, contestant);
      const cluster = await Cluster.start(contestant, scenario.peers, scenario.more);
      try {
        if (scenario.prepared === true) await prepare(cluster);
        list.push(await scenario.run(cluster, times(contestant, scenario.peers, 0)));
      } finally {
        await cluster.stop();
      }
    }
  }
  return [...figures].map(([contestant, list]) => ({
    scenario: scenario.name,
    contestant: contestant.name,
    rounds: list,
  }));
}

function times(contestant: Contestant, peers: number, round: number): Times {
  if (values.quick) return QUICK;
  return { ...FULL, warmSeconds: round === 0 ? contestant.warmUpSeconds(peers) : AGAIN_WARM_SECONDS };
}

async function plot(contestants: readonly Contestant[]): Promise<string> {
  const rate: Line[] = [];
  const p99: Line[] = [];
  for (const contestant of contestants) {
    const cluster = await Cluster.start(contestant, 1);
    try {
      await prepare(cluster);
      for (const operation of ['get', 'set']) {
        const points: { clients: number; rate: number; p99: number }[] = [];
        for (const clients of PLOT_CLIENTS) {
          const warm = values.quick
            ? 1
            : clients === PLOT_CLIENTS[0]
              ? contestant.warmUpSeconds(1)
              : AGAIN_WARM_SECONDS;
          const keys = {
            hosts: cluster.hosts,
            clients,
            outstanding: 1,
            nodes: 256,
            warm,
            seconds: values.quick ? 1 : 4,
          };
          const result = await runGenerator(operation, keys);
          points.push({ clients, rate: result.operations / result.seconds, p99: result.p99 / 1000 });
        }
        const name = `${contestant.name}, ${operation === 'get' ? 'reads' : 'writes'}`;
        rate.push({ name, points: points.map((point) => [point.clients, point.rate]) });
        p99.push({ name, points: points.map((point) => [point.clients, point.p99]) });
      }
    } finally {
      await cluster.stop();
    }
  }
  const panels = [
    { title: 'operations a second', unit: '', lines: rate },
    { title: 'p99', unit: ' ms', lines: p99 },
  ];
  return svgPlot(panels, 'clients, one request each');
}

function progress(scenario: Scenario, round: number, contestant: Contestant): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${scenario.name}, round ${round + 1}, ${contestant.name}`);
}

function say(text: string): void {
  process.stdout.write(text);
}
