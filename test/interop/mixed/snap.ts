// A large tree sent whole, both ways: two hundred thousand nodes, thousands of ACLs and of sessions with ephemerals. A
// server of ours that lost its disk gets it from an Apache leader, then an Apache server that lost its disk gets it from
// ours, both while clients write; afterwards the three are the same node by node.
import { Ensemble } from '../harness/ensemble.ts';
import type { Kind, Server } from '../harness/server.ts';
import { Crowd } from './clients.ts';
import { crowdOfSessions, grow } from './grow.ts';
import { judgeAll, settings } from './mix.ts';
import { makeLead, untilAllServe } from './steer.ts';
import { compareDigests } from './trees.ts';

export interface SnapOptions {
  readonly apache: Kind;
  readonly basePort: number;
  readonly nodes?: number;
  readonly acls?: number;
  readonly sessions?: number;
  readonly say: (line: string) => void;
}

export interface SnapReport {
  readonly ways: readonly {
    readonly from: string;
    readonly to: string;
    readonly tookMs: number;
    readonly pauseMs: number;
  }[];
  readonly nodes: number;
  readonly digests: number;
  readonly acknowledged: number;
  readonly problems: readonly string[];
}

async function resync(
  ensemble: Ensemble,
  crowd: Crowd,
  victim: Server,
): Promise<{ from: string; to: string; tookMs: number; pauseMs: number }> {
  const from = (await ensemble.leader()).kind;
  await victim.kill();
  victim.wipe();
  const start = performance.now();
  await victim.start(120_000);
  const tookMs = Math.round(performance.now() - start);
  await crowd.untilAllWrote();
  return { from, to: victim.kind, tookMs, pauseMs: crowd.pauses(start).all };
}

export async function snapBothWays(options: SnapOptions): Promise<SnapReport> {
  const { apache, basePort, nodes = 200_000, acls = 5_000, sessions = 2_000, say } = options;
  const ensemble = new Ensemble({
    basePort,
    kinds: [apache, 'ours', apache],
    tickTime: 1000,
    settings: { ...settings, initLimit: 60, syncLimit: 10, maxSessionTimeout: 900_000 },
  });
  const ports = ensemble.servers.map((server) => server.clientPort);
  const crowd = new Crowd(ports, 4, 20);
  const [, ours, three] = ensemble.servers as [Server, Server, Server];
  let kept = true;
  try {
    await ensemble.start();
    await makeLead(ensemble, three);
    await grow(three.clientPort, nodes, acls);
    await crowdOfSessions(ports, sessions, 900_000);
    say(`the tree is grown; ${(await three.word('srvr')).match(/Node count: \d+/)?.[0]}`);
    await crowd.start();
    await crowd.untilAllWrote();
    const ways = [await resync(ensemble, crowd, ours)];
    say(JSON.stringify(ways[0]));
    await makeLead(ensemble, ours);
    await crowd.untilAllWrote();
    ways.push(await resync(ensemble, crowd, three));
    say(JSON.stringify(ways[1]));
    await untilAllServe(ensemble);
    await crowd.untilAllWrote();
    await crowd.stop();
    const judged = await judgeAll(ensemble.servers, crowd);
    const digests = await compareDigests(ensemble.servers);
    const problems = [...judged.problems];
    if (!three.log().includes('Sending snapshot')) problems.push('the Apache leader sent no snapshot');
    if (!ours.log().includes('"sync":"snap"')) problems.push('ours sent no snapshot');
    await crowd.leave();
    kept = problems.length > 0;
    return { ways, nodes: judged.nodes, digests: digests.compared, acknowledged: crowd.acks.length, problems };
  } finally {
    if (kept) {
      await Promise.all(ensemble.servers.map((server) => server.kill()));
      say(`kept: ${ensemble.servers.map((server) => server.dir).join(' ')}`);
    } else await ensemble.remove();
  }
}
