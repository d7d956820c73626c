// Our recipes and those of kazoo and Curator on the same paths at the same time, at our server and at Apache’s: one line, one holder, one
// leader.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../../src/client/client.ts';
import {
  Counter,
  type Dialect,
  LeaderLatch,
  Lock,
  LockingQueue,
  leadOnce,
  Queue,
  ReadWriteLock,
  ServiceDiscovery,
} from '../../src/recipes/recipes.ts';
import { usedOnce } from './every-recipe.ts';
import { run, runKazoo } from './harness/programs.ts';
import { cache, classpath, judge, lightJava, Server } from './harness/server.ts';

/** The others take as many turns of each. */
const TURNS = 5;
let server: Server;
let client: ZooKeeperClient;
let problems: string[] = [];

/** One at a time: the node is there as long as somebody is inside. */
async function inside(path: string): Promise<void> {
  try {
    await client.create(path);
  } catch (error) {
    if (!isZooKeeperError(error, ErrorCode.nodeExists)) throw error;
    problems.push(`two inside ${path}`);
    return;
  }
  await client.sync(path);
  await client.delete(path);
}

/** For as long as the others run, so that both are in the line at once. */
async function turns(theirs: Promise<unknown>, turn: () => Promise<unknown>): Promise<number> {
  let areThere = true;
  void theirs.finally(() => {
    areThere = false;
  });
  let count = 0;
  for (; areThere; count++) await turn();
  return count;
}

function lockTurns(theirs: Promise<unknown>, lock: Lock, busy: string): Promise<number> {
  return turns(theirs, () => lock.with(() => inside(busy), { timeoutMs: 10_000 }));
}

function selectorTurns(theirs: Promise<unknown>, path: string, dialect: Dialect, busy: string): Promise<number> {
  return turns(theirs, () => leadOnce(client, path, () => inside(busy), { dialect }));
}

describe.each(['ours', judge] as const)('at a server of %s', (kind) => {
  beforeAll(async () => {
    problems = [];
    server = new Server({ kind, clientPort: kind === 'ours' ? 22_480 : 22_481, settings: { tickTime: 500 } });
    await server.start();
    client = await connect(`127.0.0.1:${server.clientPort}`);
  });

  afterAll(async () => {
    await client.close();
    await server.remove();
  });

  it('locks, elections, counters and queues go together with kazoo', async () => {
    const locking = new LockingQueue(client, '/kazoo/from-us');
    await locking.put('from us');
    const theirs = runKazoo('shared_recipes.py', [`127.0.0.1:${server.clientPort}`], { timeoutMs: 40_000 });
    const counter = new Counter(client, '/kazoo/counter');
    const queue = new Queue(client, '/kazoo/to-us');
    // Not for as long as the others run: kazoo's waits longer after each conflict, and would never be done.
    const adds = async (): Promise<void> => {
      for (let i = 0; i < TURNS; i++) await counter.add(3);
    };
    const [outcome] = await Promise.all([
      theirs,
      lockTurns(theirs, new Lock(client, '/kazoo/lock', { dialect: 'kazoo' }), '/busy-kazoo-lock'),
      lockTurns(theirs, new Lock(client, '/kazoo/curator-names'), '/busy-kazoo-names'),
      lockTurns(theirs, new ReadWriteLock(client, '/kazoo/rw', { dialect: 'kazoo' }).write, '/busy-kazoo-rw'),
      selectorTurns(theirs, '/kazoo/election', 'kazoo', '/busy-kazoo-election'),
      adds(),
    ]);
    expect(outcome.stdout.trim().split('\n'), outcome.stderr).toEqual(['took from us', 'done']);
    expect(problems).toEqual([]);
    expect(await counter.get()).toBe(25n);
    expect((await queue.take()).toString()).toBe('early');
    expect((await queue.take()).toString()).toBe('late');
    expect(await locking.size()).toBe(0);
  });

  it('locks, latches, selectors and services go together with Curator', async () => {
    const discovery = new ServiceDiscovery(client, '/curator/services');
    const registered = await discovery.register({ name: 'web', id: 'a', address: '10.0.0.1', port: 80 });
    const provider = discovery.provider('java');
    await provider.ready();
    let seen: string | undefined;
    const path = `${classpath(judge)}:${join(cache, 'curator', '*')}`;
    const args = [
      ...lightJava,
      '-Dinterop.log=OFF',
      '-cp',
      path,
      'interop.CuratorRecipes',
      `127.0.0.1:${server.clientPort}`,
    ];
    const theirs = run('java', args, {
      timeoutMs: 60_000,
      answer: (line) => {
        if (line !== 'registered') return undefined;
        seen = provider.instances().map(({ id, address, port }) => `${id} ${address}:${port}`)[0];
        return Promise.resolve('\n');
      },
    });
    const latchTurn = async (): Promise<void> => {
      const latch = new LeaderLatch(client, '/curator/latch', { id: 'ours' });
      await latch.lead();
      await inside('/busy-latch');
      await latch.close();
    };
    const [outcome] = await Promise.all([
      theirs,
      lockTurns(theirs, new Lock(client, '/curator/lock'), '/busy-lock'),
      lockTurns(theirs, new ReadWriteLock(client, '/curator/rw').write, '/busy-rw'),
      turns(theirs, latchTurn),
      selectorTurns(theirs, '/curator/selector', 'curator', '/busy-selector'),
    ]);
    provider.close();
    await registered.close();
    expect(outcome.stdout.trim().split('\n'), outcome.stderr).toEqual([
      'found a 10.0.0.1:80 true',
      'registered',
      'done',
    ]);
    expect(problems).toEqual([]);
    expect(seen).toBe('j 10.0.0.9:99');
  });

  it('each recipe does what it is for, and leaves no claim', async () => {
    await usedOnce(client);
    for (const path of [
      '/once/lock',
      '/once/rw',
      '/once/semaphore',
      '/once/latch',
      '/once/selector',
      '/once/group',
      '/once/double',
    ]) {
      expect([path, await client.getChildren(path)]).toEqual([path, []]);
    }
  });
});
