import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode, isZooKeeperError } from '../../src/client/client.ts';
import { OpCode } from '../../src/jute/codes.ts';
import { Lock, ReadWriteLock, Semaphore } from '../../src/recipes/recipes.ts';
import { aborted, Guarded, Playground } from './playground.ts';

let at: Playground;

beforeAll(async () => {
  at = await Playground.open();
});

afterAll(() => at.close());

describe('a lock', () => {
  test('is held by one at a time, in the order of asking, each with a larger token', async () => {
    const guarded = new Guarded();
    const order: number[] = [];
    const clients = await Promise.all([1, 2, 3, 4].map(() => at.client()));
    const first = await new Lock(clients[0] as (typeof clients)[0], '/order').acquire();
    const others: Promise<void>[] = [];
    for (const [i, client] of clients.entries()) {
      const before = await new Lock(client, '/order').contenders();
      const done = new Lock(client, '/order').with(async (hold) => {
        order.push(i);
        await guarded.use(hold.token, () => client.sync('/'));
      });
      others.push(done);
      // The next one asks when this one stands in the line.
      while ((await client.getChildren('/order')).length === before.length) await client.sync('/');
    }
    await first.release();
    await Promise.all(others);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(guarded.faults).toEqual([]);
    expect(await clients[0]?.getChildren('/order')).toEqual([]);
  });

  test('is taken once although the answer to its creation was lost', async () => {
    const { client, proxy } = await at.behindProxy();
    await client.create('/lost');
    const lost = proxy.loseAnswer(OpCode.create2);
    const hold = await new Lock(client, '/lost').acquire();
    await lost;
    expect(hold.isHeld).toBe(true);
    expect(await client.getChildren('/lost')).toHaveLength(1);
    const again = proxy.loseAnswer(OpCode.delete);
    await hold.release();
    await again;
    expect(await client.getChildren('/lost')).toEqual([]);
  });

  test('is lost with its session, which is told, and the next holder has a larger token', async () => {
    const [client, other] = [await at.client(), await at.client()];
    const hold = await new Lock(client, '/expiry').acquire();
    const next = new Lock(other, '/expiry').acquire();
    await at.expire(client);
    await aborted(hold.signal);
    expect(hold.isHeld).toBe(false);
    expect(() => hold.assertHeld()).toThrow('the session is expired');
    const held = await next;
    expect(held.token).toBeGreaterThan(hold.token);
    await hold.release();
    expect(held.isHeld).toBe(true);
    await held.release();
  });

  test('is given up behind a partition before another one can have it', async () => {
    const { client, proxy } = await at.behindProxy(600);
    const other = await at.client();
    const hold = await new Lock(client, '/partition').acquire();
    const events: string[] = [];
    const lost = aborted(hold.signal).then(() => events.push('lost'));
    proxy.hold();
    const next = new Lock(other, '/partition').acquire().then((held) => {
      events.push('taken');
      return held;
    });
    await lost;
    await (await next).release();
    expect(events).toEqual(['lost', 'taken']);
    proxy.heal();
    await hold.release();
  });

  test('survives a connection that is cut and comes back', async () => {
    const { client, proxy } = await at.behindProxy();
    const hold = await new Lock(client, '/cut').acquire();
    proxy.cut();
    await client.sync('/');
    expect(hold.isHeld).toBe(true);
    await hold.release();
  });

  test('is lost when somebody deletes its node', async () => {
    const [client, other] = [await at.client(), await at.client()];
    const hold = await new Lock(client, '/deleted').acquire();
    await other.delete(hold.path);
    await aborted(hold.signal);
    expect(() => hold.assertHeld()).toThrow('its node was deleted');
    await hold.release();
  });

  test('whoever gives up leaves nothing behind', async () => {
    const [client, other] = [await at.client(), await at.client()];
    const hold = await new Lock(client, '/given-up').acquire();
    const controller = new AbortController();
    const waiting = new Lock(other, '/given-up').acquire({ signal: controller.signal });
    while ((await client.getChildren('/given-up')).length < 2) await client.sync('/');
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const late = await new Lock(other, '/given-up').acquire({ timeoutMs: 20 }).catch((error: unknown) => error);
    expect(isZooKeeperError(late, ErrorCode.operationTimeout)).toBe(true);
    while ((await other.getChildren('/given-up')).length > 1) await other.sync('/');
    await hold.release();
  });

  test('is got again by its owner, and free when each was released', async () => {
    const client = await at.client();
    const lock = new Lock(client, '/owner');
    const outer = await lock.acquire({ owner: 'me' });
    const inner = await lock.acquire({ owner: 'me' });
    expect(inner.token).toBe(outer.token);
    await inner.release();
    expect(outer.isHeld).toBe(true);
    await outer.release();
    expect(await client.getChildren('/owner')).toEqual([]);
  });

  test('can be asked back', async () => {
    const [client, other] = [await at.client(), await at.client()];
    const hold = await new Lock(client, '/asked', { data: 'host-1' }).acquire();
    expect(await new Lock(other, '/asked').contenders()).toEqual(['host-1']);
    hold.onRevoke(() => void hold.release());
    const next = new Lock(other, '/asked').acquire();
    expect(await new Lock(other, '/asked').askBack()).toBe(true);
    await (await next).release();
    expect(await new Lock(other, '/asked').askBack()).toBe(false);
  });
});

test('readers share, a writer waits for them, and a reader behind it for the writer', async () => {
  const clients = await Promise.all([1, 2, 3, 4].map(() => at.client()));
  const locks = clients.map((client) => new ReadWriteLock(client, '/rw'));
  const [one, two] = await Promise.all([locks[0]?.read.acquire(), locks[1]?.read.acquire()]);
  const order: string[] = [];
  const writer = locks[2]?.write.acquire().then(async (hold) => {
    order.push('writer');
    await hold.release();
  });
  while ((await clients[0]?.getChildren('/rw'))?.length !== 3) await clients[0]?.sync('/');
  const reader = locks[3]?.read.acquire().then(async (hold) => {
    order.push('reader');
    await hold.release();
  });
  while ((await clients[0]?.getChildren('/rw'))?.length !== 4) await clients[0]?.sync('/');
  await one?.release();
  expect(order).toEqual([]);
  await two?.release();
  await Promise.all([writer, reader]);
  expect(order).toEqual(['writer', 'reader']);
});

test('a semaphore has as many holders as leases, and gives the one that is freed to the next', async () => {
  const clients = await Promise.all([1, 2, 3].map(() => at.client()));
  const holds = await Promise.all(clients.slice(0, 2).map((client) => new Semaphore(client, '/sem', 2).acquire()));
  let third = false;
  const waiting = new Semaphore(clients[2] as (typeof clients)[0], '/sem', 2).acquire().then((hold) => {
    third = true;
    return hold;
  });
  while ((await clients[0]?.getChildren('/sem'))?.length !== 3) await clients[0]?.sync('/');
  expect(third).toBe(false);
  await holds[1]?.release();
  await (await waiting).release();
  await holds[0]?.release();
  expect(() => new Semaphore(clients[0] as (typeof clients)[0], '/sem', 0)).toThrow(RangeError);
});
