// A session ends whose ephemerals have names too long for one transaction: Apache's followers take what our leader makes of it.
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Server } from './harness/server.ts';
import { readTree, superDigest, treeDifferences } from './harness/tree.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

it('the end of a session that names nothing is the same end to all', async () => {
  const settings = { extendedTypesEnabled: 'true', ...superDigest };
  ensemble = await new Ensemble({ basePort: 22_960, kinds: [judge, judge, 'ours'], settings }).start();
  const [one, two, ours] = ensemble.servers as [Server, Server, Server];
  expect(await ensemble.leader()).toBe(ours);
  const keeper = await RawSession.open({ port: one.clientPort, timeoutMs: 20_000 });
  await keeper.call('create', { path: '/kept', data: null, acl: openAcl, flags: 0 });
  const big = await RawSession.open({ port: two.clientPort, timeoutMs: 20_000 });
  for (const letter of 'abc')
    await big.call('create', { path: `/${letter.repeat(900_000)}`, data: null, acl: openAcl, flags: 1 });
  await big.call('create', { path: '/short', data: null, acl: openAcl, flags: 1 });
  await big.close();
  await keeper.call('sync', { path: '/' });
  expect(await keeper.call('getChildren', { path: '/', watch: false })).toEqual({
    children: expect.toSatisfy((names: string[]) => names.sort().join() === 'kept,zookeeper'),
  });
  await keeper.call('setData', { path: '/kept', data: Buffer.from('after'), version: -1 });
  const trees = await Promise.all([one, two, ours].map((server) => readTree(server.clientPort)));
  for (const tree of trees.slice(1)) expect(treeDifferences(trees[0] as (typeof trees)[0], tree)).toEqual([]);
  for (const server of [one, two, ours]) {
    expect(server.running).toBe(true);
    expect(server.log()).not.toMatch(/[Dd]igests? (are|is|does) not match|digest mismatch|Unreasonable length/i);
  }
  await keeper.close();
}, 120_000);
