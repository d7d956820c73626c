import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type LoadResult, type Operation, runLoad } from './load.ts';
import { apache, type Contestant, ours, RunningServer } from './servers.ts';

/**
 * npm run bench: the same work for this server and for Apache's, side by side on this machine, a fresh process each
 * time and the two taking turns, so that what else the machine does hits both. Medians over the rounds.
 *
 * The load comes from this process: on two cores it has one of them to itself, and the server the other.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '32' },
    outstanding: { type: 'string', default: '32' },
    'only-ours': { type: 'boolean', default: false },
  },
});

interface Round extends LoadResult {
  readonly cpuMicrosPerRequest: number | undefined;
}

const OPERATIONS: readonly Operation[] = ['getData', 'setData'];
/** A JVM takes seconds of load to compile what is hot. */
const WARM_UP_MS = 5000;

execFileSync('npm', ['run', '--silent', 'build'], { cwd: resolve(import.meta.dirname, '..'), stdio: 'inherit' });
const rival = values['only-ours'] ? undefined : apache();
if (rival === undefined && !values['only-ours']) {
  process.stdout.write('Apache ZooKeeper is not here to compare with; scripts/interop-setup.sh fetches it.\n');
}
const contestants = rival === undefined ? [ours] : [ours, rival];
process.stdout.write(
  `${values.connections} connections with ${values.outstanding} requests each, 100 bytes, standalone, synced; ` +
    `${values.rounds} rounds of ${values.seconds} s; ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ` +
    `Node ${process.versions.node}\n\n`,
);

for (const operation of OPERATIONS) {
  const rounds = new Map<Contestant, Round[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const contestant of contestants) {
      if (process.stderr.isTTY) process.stderr.write(`\r${operation}, round ${round + 1}, ${contestant.name}   \r`);
      rounds.get(contestant)?.push(await measure(contestant, operation));
    }
  }
  process.stdout.write(`${operation}\n`);
  for (const contestant of contestants)
    process.stdout.write(`  ${line(contestant.name, rounds.get(contestant) ?? [])}\n`);
  if (rival !== undefined) {
    const ratio = throughput(rounds.get(ours) ?? []) / throughput(rounds.get(rival) ?? []);
    process.stdout.write(`  ${'ratio'.padEnd(16)} ${ratio.toFixed(2).padStart(9)}\n`);
  }
}

async function measure(contestant: Contestant, operation: Operation): Promise<Round> {
  const server = await RunningServer.start(contestant);
  try {
    let before: number | undefined;
    let after: number | undefined;
    const result = await runLoad(
      {
        port: server.port,
        operation,
        connections: Number(values.connections),
        outstanding: Number(values.outstanding),
        dataBytes: 100,
        warmUpMs: WARM_UP_MS,
        measureMs: Number(values.seconds) * 1000,
      },
      () => {
        before = server.cpuSeconds();
      },
      () => {
        after = server.cpuSeconds();
      },
    );
    const requests = result.requestsPerSecond * Number(values.seconds);
    const cpuMicrosPerRequest =
      before === undefined || after === undefined ? undefined : ((after - before) * 1e6) / requests;
    return { ...result, cpuMicrosPerRequest };
  } finally {
    await server.stop();
  }
}

function throughput(rounds: readonly Round[]): number {
  return median(rounds.map((round) => round.requestsPerSecond));
}

function line(name: string, rounds: readonly Round[]): string {
  const perSecond = rounds.map((round) => round.requestsPerSecond);
  const cpu = rounds.map((round) => round.cpuMicrosPerRequest ?? Number.NaN);
  return [
    name.padEnd(16),
    `${Math.round(median(perSecond)).toLocaleString('en')}/s`.padStart(11),
    `(${Math.round(Math.min(...perSecond)).toLocaleString('en')} to ${Math.round(Math.max(...perSecond)).toLocaleString('en')})`,
    ` p50 ${median(rounds.map((round) => round.p50Ms)).toFixed(2)} ms`,
    ` p99 ${median(rounds.map((round) => round.p99Ms)).toFixed(2)} ms`,
    ` ${median(cpu).toFixed(1)} us CPU a request`,
  ].join(' ');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
