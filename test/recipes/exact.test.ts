import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { text } from '../../src/client/client.ts';
import { OpCode } from '../../src/jute/codes.ts';
import {
  AtomicValue,
  Counter,
  curatorLong,
  ExactTransactions,
  IdGenerator,
  LockingQueue,
  Queue,
} from '../../src/recipes/recipes.ts';
import { Playground } from './playground.ts';

let at: Playground;

beforeAll(async () => {
  at = await Playground.open();
});

afterAll(() => at.close());

describe('an exact transaction', () => {
  test('whose answer was lost is found, and not done twice', async () => {
    const { client, proxy } = await at.behindProxy();
    const transactions = new ExactTransactions(client);
    const put = { op: 'create', path: '/exact-', mode: 'persistentSequential' } as const;
    const first = await transactions.commit([put]);
    expect(first.results).toMatchObject([{ op: 'create' }]);
    const lost = proxy.loseAnswer(OpCode.multi);
    const second = await transactions.commit([put]);
    await lost;
    expect(second.results).toBeUndefined();
    expect(second.zxid).toBeGreaterThan(first.zxid);
    const names = await client.getChildren('/');
    expect(names.filter((name) => name.startsWith('exact-'))).toHaveLength(2);
  });

  test('that was lost before it was carried out is sent again', async () => {
    const { client, proxy } = await at.behindProxy();
    const transactions = new ExactTransactions(client);
    await transactions.commit([{ op: 'create', path: '/before' }]);
    proxy.hold();
    const committed = transactions.commit([{ op: 'setData', path: '/before', data: 'x', version: 0 }]);
    proxy.heal();
    await committed;
    expect((await client.getData('/before')).stat.version).toBe(1);
  });

  test('rejects with the operation that failed, and the next one goes on', async () => {
    const client = await at.client();
    const transactions = new ExactTransactions(client);
    await expect(transactions.commit([{ op: 'delete', path: '/none' }])).rejects.toThrow('noNode for /none');
    await transactions.commit([{ op: 'create', path: '/goes-on' }]);
    expect(await client.exists('/goes-on')).toBeDefined();
  });
});

test('a counter that several add to loses and doubles nothing, whatever answers are lost', async () => {
  const sums = await Promise.all(
    [1, 2, 3].map(async () => {
      const { client, proxy } = await at.behindProxy();
      const counter = new Counter(client, '/counters/hits');
      for (let i = 0; i < 12; i++) {
        if (i % 4 === 1) void proxy.loseAnswer(OpCode.multi);
        await counter.add(1);
      }
      return counter.add(0);
    }),
  );
  const client = await at.client();
  expect(await new Counter(client, '/counters/hits').get()).toBe(36n);
  expect(sums.every((sum) => sum <= 36n)).toBe(true);
  expect((await client.getData('/counters/hits')).data?.toString()).toBe('36');
});

test('a value is set against the version that it was read at, and Curator’s long has eight bytes', async () => {
  const client = await at.client();
  const value = new AtomicValue(client, '/value', text, 'none');
  const before = await value.get();
  expect(before).toEqual({ value: 'none', version: -1 });
  expect(await value.compareAndSet(before, 'one')).toBe(true);
  expect(await value.compareAndSet(before, 'two')).toBe(false);
  expect(await value.update((old) => `${old}!`)).toEqual({ before: 'one', after: 'one!' });
  const long = new Counter(client, '/long', { codec: curatorLong });
  expect(await long.add(-2n)).toBe(-2n);
  expect((await client.getData('/long')).data?.toString('hex')).toBe('fffffffffffffffe');
});

test('ids are given once', async () => {
  const generators = await Promise.all([1, 2].map(async () => new IdGenerator(await at.client(), '/ids', 7)));
  const ids = await Promise.all(generators.flatMap((generator) => Array.from({ length: 20 }, () => generator.take())));
  expect(new Set(ids).size).toBe(40);
  expect(() => new IdGenerator(undefined as never, '/ids', 0)).toThrow(RangeError);
});

describe('a queue', () => {
  test('gives each item once, whatever answers are lost', async () => {
    const ends = await Promise.all([1, 2, 3, 4].map(() => at.behindProxy()));
    const taken: string[] = [];
    const putting = ends.slice(0, 2).map(async ({ client, proxy }, producer) => {
      const queue = new Queue(client, '/queue');
      for (let i = 0; i < 10; i++) {
        if (i === 4) void proxy.loseAnswer(OpCode.multi);
        await queue.put(`${producer}-${i}`);
      }
    });
    const taking = ends.slice(2).map(async ({ client, proxy }) => {
      const queue = new Queue(client, '/queue');
      for (let i = 0; i < 10; i++) {
        if (i === 3) void proxy.loseAnswer(OpCode.multi);
        taken.push((await queue.take()).toString());
      }
    });
    await Promise.all([...putting, ...taking]);
    const wanted = [0, 1].flatMap((producer) => Array.from({ length: 10 }, (_, i) => `${producer}-${i}`));
    expect(taken.slice().sort()).toEqual(wanted.sort());
    expect(await new Queue(await at.client(), '/queue').size()).toBe(0);
  });

  test('gives the lower priority first, and within it what was put first', async () => {
    const queue = new Queue(await at.client(), '/priorities');
    await queue.put('last', 200);
    await queue.put('second', 5);
    await queue.put('third', 5);
    await queue.put('first', 1);
    const order: string[] = [];
    for (let i = 0; i < 4; i++) order.push((await queue.take()).toString());
    expect(order).toEqual(['first', 'second', 'third', 'last']);
    await expect(queue.put('x', 1000)).rejects.toThrow(RangeError);
    await expect(queue.take({ timeoutMs: 10 })).rejects.toThrow('not within 10 ms');
  });

  test('with locks gives an item back when its holder dies, and to nobody once it is done', async () => {
    const [client, other] = [await at.client(), await at.client()];
    const queue = new LockingQueue(other, '/locking');
    await queue.put('one');
    const mine = await new LockingQueue(client, '/locking').takeLocked();
    const next = queue.takeLocked();
    await at.expire(client);
    const again = await next;
    expect([mine.data.toString(), again.data.toString()]).toEqual(['one', 'one']);
    expect(await mine.done()).toBe(false);
    expect(await again.done()).toBe(true);
    expect(await queue.size()).toBe(0);
    await queue.put('two');
    const back = await queue.takeLocked();
    await back.giveBack();
    expect((await queue.takeLocked()).data.toString()).toBe('two');
    await expect(queue.take()).rejects.toThrow(TypeError);
  });
});
