import { expect } from 'vitest';
import { text, type ZooKeeperClient } from '../../src/client/client.ts';
import {
  AtomicValue,
  Barrier,
  Counter,
  DoubleBarrier,
  ExactTransactions,
  Group,
  IdGenerator,
  LeaderLatch,
  Lock,
  LockingQueue,
  leaderSelector,
  leadOnce,
  PersistentNode,
  Queue,
  ReadWriteLock,
  Semaphore,
  ServiceDiscovery,
  TreeCache,
} from '../../src/recipes/recipes.ts';

/** Every recipe once, alone, below `/once`. */
export async function usedOnce(client: ZooKeeperClient): Promise<void> {
  const at = (name: string): string => `/once/${name}`;
  await claims(client, at);
  await amounts(client, at);
  await views(client, at);

  const barrier = new Barrier(client, at('barrier'));
  await barrier.close();
  const opened = barrier.wait();
  await barrier.open();
  await opened;
  const double = new DoubleBarrier(client, at('double'), 1);
  await double.enter();
  await double.leave();
}

type At = (name: string) => string;

async function claims(client: ZooKeeperClient, at: At): Promise<void> {
  const lock = new Lock(client, at('lock'));
  const first = await lock.acquire();
  const waiting = new Lock(client, at('lock')).acquire({ timeoutMs: 10_000 });
  await first.release();
  const second = await waiting;
  expect(second.token).toBeGreaterThan(first.token);
  await second.release();

  const both = new ReadWriteLock(client, at('rw'));
  const readers = [await both.read.acquire(), await both.read.acquire()];
  const writing = both.write.acquire({ timeoutMs: 10_000 });
  for (const each of readers) await each.release();
  await (await writing).release();

  const semaphore = new Semaphore(client, at('semaphore'), 2);
  for (const each of [await semaphore.acquire(), await semaphore.acquire()]) await each.release();

  const latch = new LeaderLatch(client, at('latch'), { id: 'one' });
  await latch.lead();
  expect([latch.isLeader, await latch.leader()]).toEqual([true, 'one']);
  await latch.close();
  await leadOnce(client, at('selector'), async (term) => term.assertHeld());
  const enough = new AbortController();
  await leaderSelector(client, at('selector'), async () => enough.abort(), { signal: enough.signal });
}

async function amounts(client: ZooKeeperClient, at: At): Promise<void> {
  const counter = new Counter(client, at('counter'));
  expect([await counter.add(2), await counter.add(3), await counter.get()]).toEqual([2n, 5n, 5n]);
  const value = new AtomicValue(client, at('value'), text, 'a');
  expect(await value.update((old) => `${old}b`)).toEqual({ before: 'a', after: 'ab' });
  const ids = new IdGenerator(client, at('ids'), 2);
  expect([await ids.take(), await ids.take(), await ids.take()]).toEqual([0n, 1n, 2n]);
  await new ExactTransactions(client).commit([{ op: 'create', path: at('exact'), data: 'x' }]);
  expect((await client.getData(at('exact'))).data?.toString()).toBe('x');

  const queue = new Queue(client, at('queue'));
  await queue.put('later', 200);
  await queue.put('first', 1);
  expect([String(await queue.take()), String(await queue.take()), await queue.size()]).toEqual(['first', 'later', 0]);
  const safe = new LockingQueue(client, at('safe'));
  await safe.put('work');
  await (await safe.takeLocked()).giveBack();
  expect([await (await safe.takeLocked()).done(), await safe.size()]).toEqual([true, 0]);
}

async function views(client: ZooKeeperClient, at: At): Promise<void> {
  await client.create(at('tree'), '1');
  const cache = new TreeCache(client, at('tree'));
  await cache.current();
  const changed = new Promise<void>((resolve) => {
    cache.onChange(() => {
      if (cache.get(at('tree/leaf'))?.data?.toString() === '2') resolve();
    });
  });
  await client.create(at('tree/leaf'), '2');
  await changed;
  cache.close();

  const group = new Group(client, at('group'));
  const member = await group.join('one', 'ready');
  expect([...(await group.members())].map(([id, data]) => [id, String(data)])).toEqual([['one', 'ready']]);
  await member.close();

  const discovery = new ServiceDiscovery(client, at('services'));
  const registered = await discovery.register({ name: 'web', address: '10.0.0.1', port: 80 });
  const provider = discovery.provider('web');
  await provider.ready();
  expect(provider.next()?.port).toBe(80);
  provider.close();
  await registered.close();

  const node = new PersistentNode(client, at('node'), 'x');
  await node.ready();
  await client.delete(at('node'));
  while ((await client.exists(at('node'))) === undefined) await client.sync(at('node'));
  await node.close();
  expect(await client.exists(at('node'))).toBeUndefined();
}
