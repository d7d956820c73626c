import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Barrier,
  DoubleBarrier,
  Group,
  PersistentNode,
  ServiceDiscovery,
  TreeCache,
} from '../../src/recipes/recipes.ts';
import { Playground, until } from './playground.ts';

let at: Playground;

beforeAll(async () => {
  at = await Playground.open();
});

afterAll(() => at.close());

/** Resolves when `isSo`, which is asked again at each change. */
async function eventually(cache: TreeCache, isSo: () => boolean): Promise<void> {
  while (!isSo() || !cache.isCurrent) {
    await new Promise<void>((resolve) => {
      const stop = cache.onChange(() => {
        stop();
        resolve();
      });
      if (isSo()) resolve();
    });
    await cache.current();
  }
}

describe('a cache', () => {
  test('has the tree, and follows it', async () => {
    const [client, other] = [await at.client(), await at.client()];
    await other.create('/tree', 'root');
    await other.create('/tree/a', '1');
    const cache = new TreeCache(client, '/tree');
    const changes: string[] = [];
    cache.onChange((change) => changes.push('node' in change ? `${change.type} ${change.node.path}` : change.type));
    await cache.current();
    expect(cache.get('/tree/a')?.data?.toString()).toBe('1');
    await other.create('/tree/a/deep', '2');
    await other.setData('/tree/a', '3');
    await eventually(cache, () => cache.size === 3 && cache.get('/tree/a')?.data?.toString() === '3');
    await other.delete('/tree/a/deep');
    await eventually(cache, () => cache.size === 2);
    expect(cache.children('/tree')).toEqual(['a']);
    expect(changes).toEqual([
      'added /tree',
      'added /tree/a',
      'current',
      'added /tree/a/deep',
      'updated /tree/a',
      'removed /tree/a/deep',
    ]);
    cache.close();
    expect(cache.isCurrent).toBe(false);
    await expect(cache.current()).rejects.toThrow('the cache was closed');
  });

  test('is outdated while its connection is lost, and has what changed meanwhile when it is current again', async () => {
    const { client, proxy } = await at.behindProxy();
    const other = await at.client();
    for (const path of ['/gap', '/gap/goes', '/gap/goes/too', '/gap/stays', '/gap/changes']) await other.create(path);
    const cache = new TreeCache(client, '/gap');
    await cache.current();
    const changes: string[] = [];
    cache.onChange((change) => changes.push('node' in change ? `${change.type} ${change.node.path}` : change.type));
    const away = until(client, 'connecting');
    proxy.hold();
    proxy.cut();
    await away;
    expect(cache.isCurrent).toBe(false);
    await other.delete('/gap/goes/too');
    await other.delete('/gap/goes');
    await other.setData('/gap/changes', 'x');
    await other.create('/gap/comes');
    proxy.heal();
    await cache.current();
    expect(cache.children('/gap')).toEqual(['changes', 'comes', 'stays']);
    expect(cache.get('/gap/changes')?.data?.toString()).toBe('x');
    expect(changes[0]).toBe('outdated');
    expect(changes.at(-1)).toBe('current');
    expect(changes.slice(1, -1).sort()).toEqual([
      'added /gap/comes',
      'removed /gap/goes',
      'removed /gap/goes/too',
      'updated /gap/changes',
    ]);
    cache.close();
  });

  test('of depth 1 has the children and nothing below, and one whose session is over says so', async () => {
    const client = await at.client();
    await client.create('/flat');
    await client.create('/flat/a');
    await client.create('/flat/a/below');
    const cache = new TreeCache(client, '/flat', { depth: 1 });
    await cache.current();
    await client.create('/flat/b');
    await eventually(cache, () => cache.children('/flat').length === 2);
    expect(
      cache
        .all()
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['/flat', '/flat/a', '/flat/b']);
    await at.expire(client);
    await expect(cache.current()).rejects.toThrow('the session is expired');
  });
});

test('a barrier is waited at until it is opened', async () => {
  const [client, other] = [await at.client(), await at.client()];
  const barrier = new Barrier(client, '/barriers/one');
  await barrier.close();
  await barrier.close();
  const passed = new Barrier(other, '/barriers/one').wait();
  await expect(new Barrier(other, '/barriers/one').wait({ timeoutMs: 10 })).rejects.toThrow('not within 10 ms');
  await barrier.open();
  await passed;
  await new Barrier(other, '/barriers/none').wait();
});

test('a double barrier is entered and left together', async () => {
  const clients = await Promise.all([1, 2, 3].map(() => at.client()));
  const barriers = clients.map((client, i) => new DoubleBarrier(client, '/double', 3, `member-${i}`));
  const order: string[] = [];
  const entering = barriers.map((barrier, i) => barrier.enter().then(() => order.push(`in ${i}`)));
  await Promise.all(entering);
  const leaving = barriers.slice(1).map((barrier, i) => barrier.leave().then(() => order.push(`out ${i + 1}`)));
  while (((await clients[0]?.getChildren('/double')) ?? []).length > 2) await clients[0]?.sync('/');
  expect(order).toHaveLength(3);
  await barriers[0]?.leave();
  await Promise.all(leaving);
  expect(await clients[0]?.getChildren('/double')).toEqual([]);
  expect(order).toHaveLength(5);
});

test('a persistent node is made again when it is deleted, and waits for what another session left', async () => {
  const [client, other] = [await at.client(), await at.client()];
  await other.create('/kept', 'old', { mode: 'ephemeral' });
  const node = new PersistentNode(client, '/kept', 'mine');
  await other.delete('/kept');
  await node.ready();
  const first = await other.getData('/kept');
  expect(first.data?.toString()).toBe('mine');
  await node.setData('newer');
  await other.delete('/kept');
  while ((await other.exists('/kept')) === undefined) await other.sync('/');
  const second = await other.getData('/kept');
  expect(second.data?.toString()).toBe('newer');
  expect(second.stat.czxid).toBeGreaterThan(first.stat.czxid);
  await node.close();
  expect(await other.exists('/kept')).toBeUndefined();
});

test('members of a group come and go', async () => {
  const [client, other] = [await at.client(), await at.client()];
  const seen: string[] = [];
  const group = new Group(other, '/group');
  const following = group.follow((id, change) => seen.push(`${id} ${change}`));
  await following.current();
  const member = await new Group(client, '/group').join('one', 'host-1');
  await eventually(following, () => seen.includes('one added'));
  expect([...(await group.members())].map(([id, data]) => `${id}=${data}`)).toEqual(['one=host-1']);
  await member.close();
  await eventually(following, () => seen.includes('one removed'));
  expect((await group.members()).size).toBe(0);
  following.close();
});

test('a service is registered as Curator writes it, found, and gone with its session', async () => {
  const [client, other] = [await at.client(), await at.client()];
  const discovery = new ServiceDiscovery(client, '/services');
  await discovery.register({ name: 'web', id: 'a', address: '10.0.0.1', port: 80, registrationTimeUTC: 7 });
  expect((await other.getData('/services/web/a')).data?.toString()).toBe(
    '{"id":"a","port":80,"sslPort":null,"payload":null,"registrationTimeUTC":7,"serviceType":"DYNAMIC","uriSpec":null,' +
      '"enabled":true,"name":"web","address":"10.0.0.1"}',
  );
  await other.create('/services/web/broken', '{');
  const provider = new ServiceDiscovery(other, '/services').provider('web');
  await provider.ready();
  expect(provider.next()).toMatchObject({ id: 'a', address: '10.0.0.1', port: 80 });
  const gone = new Promise<void>((resolve) => {
    provider.onChange(() => {
      if (provider.instances().length === 0) resolve();
    });
  });
  await at.expire(client);
  await gone;
  expect(provider.next()).toBeUndefined();
  provider.close();
});
