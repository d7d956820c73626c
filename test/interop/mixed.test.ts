// One of ours in an ensemble with two of Apache's: it follows, serves and then leads; in the end all trees agree.
import { afterEach, describe, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { debian, judge, type Server } from './harness/server.ts';
import { everyKindOfWrite } from './harness/traffic.ts';
import { readTree, superDigest, treeDifferences } from './harness/tree.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

const settings = { extendedTypesEnabled: 'true', ...superDigest };

async function expectOneTree(servers: readonly Server[]): Promise<void> {
  const [first, ...others] = await Promise.all(servers.map((server) => readTree(server.clientPort)));
  if (first === undefined) throw new Error('no servers');
  expect(first.size).toBeGreaterThan(5);
  for (const other of others) expect(treeDifferences(first, other)).toEqual([]);
  for (const server of servers)
    expect(server.log()).not.toMatch(/[Dd]igests? (are|is|does) not match|digest mismatch/i);
}

/** The session, its ephemeral and its password are good at every member. */
async function wander(servers: readonly Server[], path: string): Promise<void> {
  const [home, ...others] = servers as [Server, ...Server[]];
  let session = await RawSession.open({ port: home.clientPort, timeoutMs: 10_000 });
  await session.call('create', { path, data: null, acl: openAcl, flags: 1 });
  const { sessionId, granted } = session;
  for (const server of others) {
    session.abandon();
    session = await RawSession.open({
      port: server.clientPort,
      timeoutMs: 10_000,
      sessionId,
      passwd: granted?.passwd ?? null,
    });
    expect(session.granted?.sessionId).toBe(sessionId);
    expect(session.granted?.passwd).toEqual(granted?.passwd);
    await session.call('setData', { path, data: Buffer.from(server.kind), version: -1 });
  }
  await session.close();
}

describe.each([judge, debian] as const)('two servers of %s and one of ours', (apache) => {
  it('ours follows an Apache leader, then leads the other one', async () => {
    ensemble = await new Ensemble({ basePort: 22_620, kinds: [apache, 'ours', apache], settings }).start();
    const write = (port: number, prefix: string): Promise<void> => everyKindOfWrite(port, prefix, apache === judge);
    const [one, ours, three] = ensemble.servers as [Server, Server, Server];
    expect((await ensemble.leader()).options.id).toBe(3);
    for (const server of [ours, one, three]) await write(server.clientPort, `/following-${server.options.id}`);
    await wander([ours, one, three, ours], '/wander-1');
    await expectOneTree([one, ours, three]);

    await three.kill();
    expect(await ensemble.leader()).toBe(ours);
    await one.untilServing();
    for (const server of [one, ours]) await write(server.clientPort, `/leading-${server.options.id}`);
    await wander([one, ours, one], '/wander-2');
    await three.start();
    expect(await three.mode()).toBe('follower');
    await write(three.clientPort, '/leading-3');
    await expectOneTree([one, ours, three]);

    await three.kill();
    three.wipe();
    await three.start();
    await expectOneTree([one, ours, three]);
  });
});
