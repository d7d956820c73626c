import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Victims } from './victims.ts';
import { WellBehaved } from './well-behaved.ts';

/**
 * An attack on real processes: three peers, attackers on all their ports, and a client beside them that does nothing wrong.
 *
 *   npm run attack -- --minutes 10 --seed 7
 *   npm run attack -- --tls          ports with TLS, in front of which and behind which the attackers stand
 *
 * It fails when a peer ends, when its memory passes RSS_LIMIT_MIB, when a write is lost that was acknowledged, or when
 * nobody is served after the attack. The bytes follow from the seed; the times at which they come do not.
 */
const RSS_LIMIT_MIB = 1024;
const SERVICE_LIMIT_MS = 60_000;
const MEASURE_MS = 500;
const REPORT_EVERY = 20;

interface Arguments {
  readonly minutes: number;
  readonly seed: number;
  readonly hasTls: boolean;
}

function parseArguments(argv: readonly string[]): Arguments {
  let minutes = 2;
  let seed = Math.floor(Math.random() * 1_000_000);
  let hasTls = false;
  for (let i = 0; i < argv.length; i += 2) {
    if (argv[i] === '--tls') {
      hasTls = true;
      i--;
      continue;
    }
    const value = Number(argv[i + 1]);
    if (argv[i] === '--minutes' && value > 0) minutes = value;
    else if (argv[i] === '--seed' && Number.isSafeInteger(value)) seed = value;
    else {
      console.error('usage: npm run attack -- [--minutes n] [--seed n] [--tls]');
      process.exit(2);
    }
  }
  return { minutes, seed, hasTls };
}

function startAttacker(seed: number, victims: Victims, hasTls: boolean): ChildProcess {
  const doors = victims.all.flatMap(({ ports }) => [
    `client:${ports.client}`,
    `quorum:${ports.quorum}`,
    `election:${ports.election}`,
    `http:${ports.metrics}`,
  ]);
  const program = join(import.meta.dirname, 'attacker.ts');
  const args = [program, String(seed), doors.join(','), ...(hasTls ? ['tls'] : [])];
  return spawn(process.execPath, ['--import', './scripts/ts.mjs', ...args], {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function main(): Promise<number> {
  const { minutes, seed, hasTls } = parseArguments(process.argv.slice(2));
  console.log(`attack of ${minutes} minutes, seed ${seed}${hasTls ? ', over TLS' : ''}`);
  const victims = await Victims.start(hasTls);
  const faults: string[] = [];
  let attacker: ChildProcess | undefined;
  try {
    const client = await WellBehaved.come(victims.connectString, SERVICE_LIMIT_MS);
    const working = client.work();
    attacker = startAttacker(seed, victims, hasTls);
    let connections = 0;
    attacker.on('message', (message) => {
      connections = (message as { connections: number }).connections;
    });
    await watch(minutes * 60_000, victims, () => {
      const rss = victims.all.map(({ highestRssMiB }) => highestRssMiB).join(', ');
      console.log(
        `${connections} connections; ${client.acknowledgedCount} writes acknowledged, ${client.refused} not, ` +
          `p99 ${client.percentileMs(0.99)} ms, longest pause ${Math.round(client.longestPauseMs)} ms; rss ${rss} MiB`,
      );
    });
    attacker.kill();
    client.stop();
    await working;
    const missing = await client.missing(victims.connectString, SERVICE_LIMIT_MS).catch((error: unknown) => {
      faults.push(`nobody serves after the attack: ${String(error)}`);
      return [];
    });
    if (missing.length > 0) faults.push(`${missing.length} acknowledged writes are lost: ${missing.slice(0, 5)}`);
    if (client.acknowledgedCount === 0) faults.push('no write was acknowledged');
    if (connections === 0) faults.push('nobody attacked');
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    attacker?.kill();
  }
  for (const { id, end, highestRssMiB, logFile } of victims.all) {
    if (end !== undefined) faults.push(`server ${id} ended with ${end}:\n${lastLines(logFile)}`);
    if (highestRssMiB > RSS_LIMIT_MIB) faults.push(`server ${id} took ${highestRssMiB} MiB`);
  }
  await victims.stop();
  for (const { id, end } of victims.all) if (end !== '0') faults.push(`server ${id} stopped with ${end}`);
  if (faults.length === 0) victims.remove();
  else console.log(`${faults.join('\n')}\nseed ${seed}; logs and data are in ${victims.dir}`);
  return faults.length === 0 ? 0 : 1;
}

/** Until the time is over or a server has ended. */
function watch(forMs: number, victims: Victims, report: () => void): Promise<void> {
  return new Promise((done) => {
    const untilMs = performance.now() + forMs;
    let turns = 0;
    const timer = setInterval(() => {
      for (const victim of victims.all) victim.measure();
      if (++turns % REPORT_EVERY === 0) report();
      if (performance.now() < untilMs && victims.all.every(({ end }) => end === undefined)) return;
      clearInterval(timer);
      report();
      done();
    }, MEASURE_MS);
  });
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-5).join('\n');
}

process.exitCode = await main();
