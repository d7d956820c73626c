// A cache is never stale once it says that it is current, and a node that is to be there comes back: each under each fault.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ZooKeeperClient } from '../../src/client/client.ts';
import { DoubleBarrier, Group, PersistentNode, ServiceDiscovery, TreeCache } from '../../src/recipes/recipes.ts';
import { ENDINGS, Faults } from './faults.ts';

let at: Faults;
let places = 0;

beforeAll(async () => {
  at = await Faults.open();
});

afterAll(() => at.close());

interface View {
  readonly isCurrent: boolean;
  current(): Promise<void>;
  names(): string[];
  close(): void;
}

function ofCache(cache: TreeCache): View {
  return {
    get isCurrent() {
      return cache.isCurrent;
    },
    current: () => cache.current(),
    names: () => cache.children(cache.path),
    close: () => cache.close(),
  };
}

const VIEWS: Record<string, (client: ZooKeeperClient, path: string) => View> = {
  TreeCache: (client, path) => ofCache(new TreeCache(client, path)),
  'path cache': (client, path) => ofCache(new TreeCache(client, path, { depth: 1 })),
  'Group.follow': (client, path) => ofCache(new Group(client, path).follow(() => {})),
  ServiceProvider: (client, path) => {
    const provider = new ServiceDiscovery(client, '/').provider(path.slice(1));
    return {
      get isCurrent() {
        return provider.isCurrent;
      },
      current: () => provider.ready(),
      names: () => provider.instances().map(({ id }) => id),
      close: () => provider.close(),
    };
  },
};

const instance = (id: string): string => JSON.stringify({ name: 'web', id, address: '10.0.0.1' });

describe.each(Object.entries(VIEWS))('%s', (_name, open) => {
  test.each(ENDINGS)('%s', async (ending) => {
    const path = `/stale-${++places}`;
    const [victim, other] = [await at.victim(ending), await at.client()];
    await other.create(path);
    await other.create(`${path}/a`, instance('a'));
    const view = open(victim, path);
    await view.current();
    expect([view.isCurrent, view.names()]).toEqual([true, ['a']]);
    const heal = await at.strike(ending, victim);
    await other.create(`${path}/b`, instance('b'));
    expect(view.isCurrent).toBe(false);
    await heal();
    await expect(view.current()).rejects.toThrow('the session is expired');
    expect(view.isCurrent).toBe(false);
  });

  test.each(['addWatch', 'sync', 'getData', 'getChildren'])('reply lost, of %s', async (op) => {
    const path = `/stale-${++places}`;
    const [client, other] = [await at.client(), await at.client()];
    await other.create(path);
    await other.create(`${path}/a`, instance('a'));
    const lost = at.ensemble.clients.dropReply({ op, session: client.sessionId });
    const view = open(client, path);
    await lost.happened;
    await other.create(`${path}/b`, instance('b'));
    await view.current();
    expect([lost.hits, view.names().sort()]).toEqual([1, ['a', 'b']]);
    view.close();
  });

  test('a partition shorter than the session', async () => {
    const path = `/stale-${++places}`;
    const [client, other] = [await at.client(), await at.client()];
    await other.create(path);
    await other.create(`${path}/a`, instance('a'));
    const view = open(client, path);
    await view.current();
    await at.shortPartition(client, async () => {
      await other.create(`${path}/b`, instance('b'));
      await other.delete(`${path}/a`);
    });
    await client.sync('/');
    await view.current();
    expect(view.names()).toEqual(['b']);
    view.close();
  });
});

const NODES: Record<string, (client: ZooKeeperClient, path: string) => Promise<PersistentNode>> = {
  PersistentNode: async (client, path) => {
    const node = new PersistentNode(client, `${path}/one`);
    await node.ready();
    return node;
  },
  'Group.join': (client, path) => new Group(client, path).join('one'),
  'ServiceDiscovery.register': (client, path) =>
    new ServiceDiscovery(client, '/').register({ name: path.slice(1), id: 'one', address: '10.0.0.1' }),
};

describe.each(Object.entries(NODES))('%s', (_name, make) => {
  test.each(ENDINGS)('%s: it is there again with the next session', async (ending) => {
    const path = `/back-${++places}`;
    const [victim, other] = [await at.victim(ending), await at.client()];
    const first = await make(victim, path);
    const next = make(other, path);
    const heal = await at.strike(ending, victim);
    const second = await next;
    await heal();
    await first.close();
    expect((await other.exists(`${path}/one`))?.ephemeralOwner).toBe(other.sessionId);
    await second.close();
    expect(await other.getChildren(path)).toEqual([]);
  });

  test('reply lost', async () => {
    const path = `/back-${++places}`;
    const [client, other] = [await at.client(), await at.client()];
    const lost = at.ensemble.clients.dropReply({ op: 'create', path: `${path}/one`, session: client.sessionId });
    const node = await make(client, path);
    expect([lost.hits, (await other.exists(`${path}/one`))?.ephemeralOwner]).toEqual([1, client.sessionId]);
    await at.shortPartition(client, () => other.delete(`${path}/one`));
    while ((await other.exists(`${path}/one`)) === undefined) await other.sync('/');
    await node.close();
    expect(await other.getChildren(path)).toEqual([]);
  });
});

test.each(ENDINGS)('DoubleBarrier: %s of one that waits', async (ending) => {
  const path = `/double-${++places}`;
  const [victim, other, third] = [await at.victim(ending), await at.client(), await at.client()];
  const waiting = new DoubleBarrier(victim, path, 2, 'victim').enter();
  const refused = expect(waiting).rejects.toThrow();
  while ((await other.exists(`${path}/victim`)) === undefined) await other.sync('/');
  const heal = await at.strike(ending, victim);
  expect(await other.getChildren(path)).toEqual([]);
  await Promise.all([other, third].map((client, i) => new DoubleBarrier(client, path, 2, `m${i}`).enter()));
  await heal();
  await refused;
  expect((await other.getChildren(path)).sort()).toEqual(['m0', 'm1', 'ready']);
});

test('DoubleBarrier: reply lost', async () => {
  const path = `/double-${++places}`;
  const client = await at.client();
  await client.create(path);
  const lost = ['create', 'delete'].map((op) =>
    at.ensemble.clients.dropReply({ op, path: `${path}/one`, session: client.sessionId }),
  );
  const barrier = new DoubleBarrier(client, path, 1, 'one');
  await barrier.enter();
  expect((await client.getChildren(path)).sort()).toEqual(['one', 'ready']);
  await barrier.leave();
  expect([lost.map(({ hits }) => hits), await client.getChildren(path)]).toEqual([[1, 1], []]);
});
