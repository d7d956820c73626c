// Two voters and an oracle (oraclePath), one of Apache's and one of ours: each goes on without the other one, takes over from it,
// and follows it when it comes back, as the oracle's files say.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Server } from './harness/server.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const BASE = 23_760;
const oracles = mkdtempSync(join(tmpdir(), 'interop-oracle-'));
const ensemble = new Ensemble({
  basePort: BASE,
  kinds: ['ours', judge],
  settings: { oraclePath: join(oracles, 'ours') },
  apacheSettings: { oraclePath: join(oracles, judge) },
});

afterEach(async () => {
  await ensemble.remove();
  rmSync(oracles, { recursive: true });
});

/** This one may lead alone; none: neither. */
function permit(server?: Server): void {
  for (const { kind } of ensemble.servers) writeFileSync(join(oracles, kind), kind === server?.kind ? '1\n' : '0\n');
}

async function create(server: Server, path: string): Promise<void> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 30_000 });
  await session.call('create', { path, data: Buffer.from(server.kind), acl: openAcl, flags: 0 });
  await session.close();
}

async function children(server: Server): Promise<string[]> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 30_000 });
  await session.call('sync', { path: '/' });
  const read = await session.call<'getChildren', { children: string[] }>('getChildren', { path: '/', watch: false });
  await session.close();
  return read.children.filter((name) => name !== 'zookeeper').sort();
}

it('each leads alone with a yes, takes over with a yes, and follows with a no', async () => {
  permit();
  await ensemble.start();
  const made: string[] = [];
  const make = async (server: Server, name: string): Promise<void> => {
    await create(server, `/${name}`);
    made.push(name);
  };
  const stories: string[] = [];
  for (const turn of [1, 2]) {
    const leader = await ensemble.leader();
    const other = ensemble.servers.find((server) => server !== leader) as Server;
    permit(leader);
    await other.kill();
    await make(leader, `${turn} the leader alone`);
    other.launch();
    await other.untilServing(30_000);
    expect(await children(other)).toEqual(made.slice().sort());
    permit(other);
    await leader.kill();
    // Not untilServing: for some milliseconds more it serves as the follower that it was, and then closes its connections.
    expect(await ensemble.leader(30_000)).toBe(other);
    await make(other, `${turn} who takes over`);
    expect(await other.mode()).toBe('leader');
    permit();
    leader.launch();
    await leader.untilServing(30_000);
    expect(await children(leader)).toEqual(made.slice().sort());
    stories.push(`${leader.kind} led alone, ${other.kind} took over`);
  }
  expect(stories.sort()).toEqual([`${judge} led alone, ours took over`, `ours led alone, ${judge} took over`]);
});
