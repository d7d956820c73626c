// An item is never lost or doubled, an id never given twice, a sum never wrong: each under each fault.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { text } from '../../src/client/client.ts';
import {
  AtomicValue,
  Counter,
  ExactTransactions,
  IdGenerator,
  LockingQueue,
  Queue,
} from '../../src/recipes/recipes.ts';
import { ENDINGS, Faults } from './faults.ts';

let at: Faults;
let places = 0;

beforeAll(async () => {
  at = await Faults.open();
});

afterAll(() => at.close());

describe.each([
  ['Queue', [100, 100, 100]],
  ['Queue with priorities', [1, 2, 2]],
] as const)('%s', (_name, priorities) => {
  test.each(ENDINGS)('%s', async (ending) => {
    const path = `/once-${++places}`;
    const [victim, other] = [await at.victim(ending), await at.client()];
    const [mine, theirs] = [new Queue(victim, path), new Queue(other, path)];
    for (const [i, item] of ['a', 'b', 'c'].entries()) await theirs.put(item, priorities[i]);
    const taken = [String(await mine.take())];
    const heal = await at.strike(ending, victim);
    const late = expect(mine.take()).rejects.toThrow();
    for (let i = 0; i < 2; i++) taken.push(String(await theirs.take()));
    await heal();
    await late;
    expect([taken, await theirs.size()]).toEqual([['a', 'b', 'c'], 0]);
  });

  test('reply lost', async () => {
    const path = `/once-${++places}`;
    const client = await at.client();
    const queue = new Queue(client, path);
    const taken: string[] = [];
    const hits: number[] = [];
    await queue.put('a', priorities[0]);
    for (const [i, item] of ['b', 'c'].entries()) {
      const lost = at.ensemble.clients.dropReply({ op: 'multi', session: client.sessionId });
      await queue.put(item, priorities[i + 1]);
      hits.push(lost.hits);
    }
    for (let i = 0; i < 3; i++) {
      const lost = at.ensemble.clients.dropReply({ op: 'multi', session: client.sessionId });
      taken.push(String(await queue.take()));
      hits.push(lost.hits);
    }
    expect([taken, hits, await queue.size()]).toEqual([['a', 'b', 'c'], [1, 1, 1, 1, 1], 0]);
  });
});

describe('LockingQueue', () => {
  test.each(ENDINGS)('%s', async (ending) => {
    const path = `/once-${++places}`;
    const [victim, other] = [await at.victim(ending), await at.client()];
    const theirs = new LockingQueue(other, path);
    for (const item of ['a', 'b']) await theirs.put(item);
    const mine = await new LockingQueue(victim, path).takeLocked();
    const heal = await at.strike(ending, victim);
    const finished: string[] = [];
    for (let i = 0; i < 2; i++) {
      const item = await theirs.takeLocked();
      if (await item.done()) finished.push(String(item.data));
    }
    await heal();
    expect([await mine.done(), finished, await theirs.size()]).toEqual([false, ['a', 'b'], 0]);
  });

  test('reply lost', async () => {
    const client = await at.client();
    const queue = new LockingQueue(client, `/once-${++places}`);
    const lost: { readonly hits: number }[] = [];
    const loseNext = () => lost.push(at.ensemble.clients.dropReply({ op: 'multi', session: client.sessionId }));
    await queue.put('a');
    loseNext();
    const item = await queue.takeLocked();
    loseNext();
    expect([String(item.data), await item.done(), await queue.size()]).toEqual(['a', true, 0]);
    expect(lost.map(({ hits }) => hits)).toEqual([1, 1]);
  });
});

test('LockingQueue: an item whose end was committed is not called another one’s when the session ends before the answer', async () => {
  const [client, other] = [await at.client(), await at.client()];
  const queue = new LockingQueue(client, `/once-${++places}`);
  await queue.put('a');
  const item = await queue.takeLocked();
  const lost = at.ensemble.clients.swallowReply({ op: 'multi', session: client.sessionId });
  const refused = expect(item.done()).rejects.toThrow('sessionExpired');
  await lost.happened;
  await at.ensemble.expireSession(client.sessionId);
  await refused;
  expect(await new LockingQueue(other, `/once-${places}`).size()).toBe(0);
});

test.each(ENDINGS)('IdGenerator, Counter, AtomicValue, ExactTransactions: %s', async (ending) => {
  const path = `/once-${++places}`;
  const [victim, other] = [await at.victim(ending), await at.client()];
  const [mine, theirs] = [new IdGenerator(victim, `${path}-ids`, 2), new IdGenerator(other, `${path}-ids`, 2)];
  const ids = [await mine.take()];
  const heal = await at.strike(ending, victim);
  const late = [
    new Counter(victim, `${path}-hits`).add(1),
    new AtomicValue(victim, `${path}-value`, text, '').update((old) => `${old}x`),
    new ExactTransactions(victim).commit([{ op: 'create', path: `${path}-node` }]),
  ].map((each) => expect(each).rejects.toThrow());
  ids.push(await theirs.take(), await mine.take(), await theirs.take());
  await heal();
  await Promise.all(late);
  await expect(mine.take()).rejects.toThrow();
  expect(ids).toEqual([0n, 2n, 1n, 3n]);
  expect(await new Counter(other, `${path}-hits`).add(1)).toBe(1n);
  expect((await new AtomicValue(other, `${path}-value`, text, '').get()).version).toBe(-1);
  expect(await other.exists(`${path}-node`)).toBeUndefined();
});

test('IdGenerator, Counter, AtomicValue, ExactTransactions: reply lost', async () => {
  const path = `/once-${++places}`;
  const client = await at.client();
  const hits: number[] = [];
  const losing = async <T>(task: () => Promise<T>): Promise<T> => {
    const lost = at.ensemble.clients.dropReply({ op: 'multi', session: client.sessionId });
    const answer = await task();
    hits.push(lost.hits);
    return answer;
  };
  const ids = new IdGenerator(client, `${path}-ids`, 1);
  expect([await losing(() => ids.take()), await losing(() => ids.take())]).toEqual([0n, 1n]);
  expect(await losing(() => new Counter(client, `${path}-hits`).add(2))).toBe(2n);
  const value = new AtomicValue(client, `${path}-value`, text, '');
  expect(await losing(() => value.update((old) => `${old}x`))).toEqual({ before: '', after: 'x' });
  await losing(() => new ExactTransactions(client).commit([{ op: 'setData', path: `${path}-value`, data: 'y' }]));
  expect((await client.getData(`${path}-value`)).stat.version).toBe(1);
  expect(hits).toEqual([1, 1, 1, 1, 1]);
});

test('a receipt that was deleted by hand is made again', async () => {
  const client = await at.client();
  const transactions = new ExactTransactions(client, '/own-receipts');
  await transactions.commit([{ op: 'create', path: `/once-${++places}` }]);
  const [name] = await client.getChildren('/own-receipts');
  await client.delete(`/own-receipts/${name}`);
  await transactions.commit([{ op: 'create', path: `/once-${++places}` }]);
  expect(await client.getChildren('/own-receipts')).toEqual([name]);
});
