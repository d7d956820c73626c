// The migration of docs/OPERATIONS.md carried out: a running ensemble of three moves from one kind of server to another
// and back, each server on the directory of the one before it, followers first and the leader last, while clients write
// and hold locks and ephemerals. Every look at a server is a command of the guide, run by a shell.
import { setTimeout as sleep } from 'node:timers/promises';
import { Ensemble } from '../harness/ensemble.ts';
import { run } from '../harness/programs.ts';
import type { Kind, Server } from '../harness/server.ts';
import { Crowd } from './clients.ts';
import { judgeAll, settings } from './mix.ts';

export interface MigrationOptions {
  /** The ensemble starts as the first and is moved to each of the others in turn. */
  readonly way: readonly [Kind, ...Kind[]];
  readonly basePort: number;
  readonly clients?: number;
  readonly say: (line: string) => void;
}

export interface Step {
  readonly from: Kind;
  readonly to: Kind;
  readonly role: string;
  /** From the stop until the leader counts all followers as synchronised. */
  readonly tookMs: number;
  /** The longest time in which no client at all, and in which a certain client, had no write acknowledged. */
  readonly pauseMs: number;
  readonly worstClientMs: number;
}

export interface MigrationReport {
  readonly steps: readonly Step[];
  readonly acknowledged: number;
  readonly locks: number;
  readonly nodes: number;
  readonly problems: readonly string[];
}

/** A command of the guide; nc where there is one, the shell itself otherwise. */
async function look(port: number, command: string): Promise<string> {
  const nc = 'type -P nc >/dev/null || nc() { exec 9<>/dev/tcp/$1/$2 && cat >&9 && cat <&9; };';
  return (await run('bash', ['-c', `${nc} ${command.replaceAll('PORT', `${port}`)}`], { timeoutMs: 5_000 })).stdout;
}

const askMode = "echo srvr | nc localhost PORT | grep '^Mode:'";
const askSynced = "echo mntr | nc localhost PORT | grep -w 'zk_synced_followers'";

async function untilSynced(servers: readonly Server[], withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    for (const { clientPort } of servers) {
      if (!(await look(clientPort, askMode)).includes('leader')) continue;
      if (Number((await look(clientPort, askSynced)).split(/\s+/)[1]) === servers.length - 1) return;
    }
    if (performance.now() > deadline) throw new Error(`the followers are not synced after ${withinMs} ms`);
    await sleep(100);
  }
}

async function replace(ensemble: Ensemble, crowd: Crowd, index: number, kind: Kind): Promise<Step> {
  const old = ensemble.at(index);
  const role = (await look(old.clientPort, askMode)).trim().replace('Mode: ', '');
  const start = performance.now();
  await old.stop();
  const server = ensemble.replace(index, kind);
  server.launch();
  await server.untilServing(60_000);
  await untilSynced(ensemble.servers);
  const tookMs = Math.round(performance.now() - start);
  await crowd.untilAllWrote();
  const { all, one } = crowd.pauses(start);
  return { from: old.kind, to: kind, role, tookMs, pauseMs: all, worstClientMs: one };
}

export async function migrate(options: MigrationOptions): Promise<MigrationReport> {
  const { way, basePort, clients = 8, say } = options;
  const [first, ...targets] = way;
  const ensemble = new Ensemble({
    basePort,
    kinds: [first, first, first],
    tickTime: 2000,
    settings: { ...settings, initLimit: 10, syncLimit: 5 },
  });
  const crowd = new Crowd(
    ensemble.servers.map((server) => server.clientPort),
    clients,
    5,
  );
  const steps: Step[] = [];
  let kept = true;
  try {
    await ensemble.start();
    await untilSynced(ensemble.servers);
    await crowd.start();
    await crowd.untilAllWrote();
    for (const target of targets) {
      const leader = await ensemble.leader();
      const order = [0, 1, 2].filter((index) => ensemble.at(index) !== leader);
      order.push(ensemble.servers.indexOf(leader));
      for (const index of order) {
        await sleep(1_000);
        const step = await replace(ensemble, crowd, index, target);
        steps.push(step);
        say(
          `${step.from} -> ${step.to} (${step.role}): synced after ${step.tookMs} ms; writes paused ${step.pauseMs} ms, for the unluckiest client ${step.worstClientMs} ms`,
        );
      }
    }
    await sleep(1_000);
    await crowd.stop();
    const { nodes, problems } = await judgeAll(ensemble.servers, crowd);
    await crowd.leave();
    kept = problems.length > 0;
    return { steps, acknowledged: crowd.acks.length, locks: crowd.locksTaken, nodes, problems };
  } finally {
    if (kept) {
      await Promise.all(ensemble.servers.map((server) => server.kill()));
      say(`kept: ${ensemble.servers.map((server) => server.dir).join(' ')}`);
    } else await ensemble.remove();
  }
}
