import { afterAll, beforeAll, expect, test } from 'vitest';
import { OpCode } from '../../src/jute/codes.ts';
import {
  Barrier,
  DoubleBarrier,
  LeaderLatch,
  PersistentNode,
  ReadWriteLock,
  Semaphore,
} from '../../src/recipes/recipes.ts';
import { aborted, Playground } from './playground.ts';

let at: Playground;

beforeAll(async () => {
  at = await Playground.open();
});

afterAll(() => at.close());

test('a lease behind a partition is given up before another one has it', async () => {
  const { client, proxy } = await at.behindProxy(600);
  const other = await at.client();
  const hold = await new Semaphore(client, '/lease', 1).acquire();
  const events: string[] = [];
  const lost = aborted(hold.signal).then(() => events.push('lost'));
  const next = new Semaphore(other, '/lease', 1).acquire().then((held) => {
    events.push('taken');
    return held;
  });
  proxy.hold();
  await lost;
  await (await next).release();
  expect(events).toEqual(['lost', 'taken']);
  proxy.heal();
});

test('a writer whose answers are lost stands in the line once, and leaves nothing', async () => {
  const { client, proxy } = await at.behindProxy();
  const other = await at.client();
  const lock = new ReadWriteLock(client, '/lost-writer');
  await (await lock.read.acquire()).release();
  const lost = proxy.loseAnswer(OpCode.create2);
  const hold = await lock.write.acquire();
  await lost;
  expect(await other.getChildren('/lost-writer')).toHaveLength(1);
  const again = proxy.loseAnswer(OpCode.delete);
  await hold.release();
  await again;
  expect(await other.getChildren('/lost-writer')).toEqual([]);
});

test('a latch whose entry was lost with its answer leads all the same, from one node', async () => {
  const { client, proxy } = await at.behindProxy();
  await client.create('/lost-latch');
  const lost = proxy.loseAnswer(OpCode.create2);
  const latch = new LeaderLatch(client, '/lost-latch');
  await latch.lead();
  await lost;
  expect(await client.getChildren('/lost-latch')).toHaveLength(1);
  await latch.close();
  expect(await client.getChildren('/lost-latch')).toEqual([]);
});

test('a barrier is closed and opened although the answers are lost', async () => {
  const { client, proxy } = await at.behindProxy();
  const other = await at.client();
  const barrier = new Barrier(client, '/lost-barrier');
  const first = proxy.loseAnswer(OpCode.create);
  await barrier.close();
  await first;
  expect(await other.exists('/lost-barrier')).toBeDefined();
  const second = proxy.loseAnswer(OpCode.delete);
  await barrier.open();
  await second;
  expect(await other.exists('/lost-barrier')).toBeUndefined();
});

test('a barrier whose client is being closed is refused, and does not keep the client from its end', async () => {
  const client = await at.client();
  const closed = client.close();
  const refused = expect(new Barrier(client, '/closing-barrier').close()).rejects.toThrow(
    'connectionLoss for /closing-barrier',
  );
  await closed;
  await refused;
});

test('those who leave a double barrier do not wait for one whose session is over', async () => {
  const clients = await Promise.all([1, 2].map(() => at.client()));
  const [first, second] = clients.map((client, i) => new DoubleBarrier(client, '/lost-member', 2, `m${i}`));
  await Promise.all([first?.enter(), second?.enter()]);
  const leaving = first?.leave();
  await at.expire(clients[1] as (typeof clients)[0]);
  await leaving;
  expect(await clients[0]?.getChildren('/lost-member')).toEqual([]);
});

test('a persistent node whose creation was not answered is there once, and stays over a cut', async () => {
  const { client, proxy } = await at.behindProxy();
  const other = await at.client();
  const lost = proxy.loseAnswer(OpCode.create);
  const node = new PersistentNode(client, '/lost-node', 'mine');
  await lost;
  await node.ready();
  const before = await other.getData('/lost-node');
  proxy.cut();
  await client.sync('/');
  await other.sync('/');
  expect((await other.getData('/lost-node')).stat.czxid).toBe(before.stat.czxid);
  await other.delete('/lost-node');
  while ((await other.exists('/lost-node')) === undefined) await other.sync('/');
  await node.close();
});
