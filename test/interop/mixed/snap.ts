// A large tree sent whole, both ways: two hundred thousand nodes, thousands of ACLs and of sessions with ephemerals. A
// server of ours that lost its disk gets it from an Apache leader, then an Apache server that lost its disk gets it from
// ours, both while clients write; afterwards the three are the same node by node.
import { Ensemble } from '../harness/ensemble.ts';
import type { Kind, Server } from '../harness/server.ts';
import { encodeRequest, op, openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';
import { Crowd } from './clients.ts';
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

const perMulti = 250;

async function grow(port: number, nodes: number, acls: number): Promise<void> {
  const session = await RawSession.open({ port, timeoutMs: 60_000 });
  const make = (path: string, data: Buffer | null, acl: typeof openAcl): { type: number; body: Buffer } => ({
    type: op.create,
    body: encodeRequest('create', { path, data, acl, flags: 0 }),
  });
  await session.call('create', { path: '/large', data: null, acl: openAcl, flags: 0 });
  let parts: { type: number; body: Buffer }[] = [];
  for (let i = 0; i < nodes; i++) {
    if (i % 1000 === 0) parts.push(make(`/large/b${i / 1000}`, null, openAcl));
    // The first of them each have an ACL of their own, the others share those.
    const acl = [
      { perms: 31, id: { scheme: 'world', id: 'anyone' } },
      { perms: 1 + (i % 30), id: { scheme: 'digest', id: `user-${i % acls}:hash` } },
    ];
    parts.push(make(`/large/b${Math.floor(i / 1000)}/n${i}`, Buffer.from(`data of ${i}`), acl));
    if (parts.length < perMulti && i < nodes - 1) continue;
    await session.multi(parts);
    parts = [];
  }
  await session.close();
}

/** Sessions that nobody is connected to any more, each with an ephemeral; they live for minutes yet. */
async function crowdOfSessions(ports: readonly number[], count: number): Promise<void> {
  const first = await RawSession.open({ port: ports[0] as number });
  await first.call('create', { path: '/held', data: null, acl: openAcl, flags: 0 });
  await first.close();
  const one = async (i: number): Promise<void> => {
    const session = await RawSession.open({ port: ports[i % ports.length] as number, timeoutMs: 900_000 });
    await session.call('create', { path: `/held/e${i}`, data: null, acl: openAcl, flags: 1 });
    session.abandon();
  };
  for (let i = 0; i < count; i += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, j) => one(i + j)));
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
    await crowdOfSessions(ports, sessions);
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
    const digests = await compareDigests(ports);
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
