// A lock is never held twice, and there are never two leaders: each recipe that gives one holder at a time, under each fault.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ZooKeeperClient } from '../../src/client/client.ts';
import {
  LeaderLatch,
  Lock,
  type LockHold,
  LockingQueue,
  leaderSelector,
  leadOnce,
  ReadWriteLock,
  Semaphore,
} from '../../src/recipes/recipes.ts';
import { ENDINGS, Faults, FencedNode } from './faults.ts';
import { aborted } from './playground.ts';

let at: Faults;

beforeAll(async () => {
  at = await Faults.open();
});

afterAll(() => at.close());

interface Holding {
  readonly token: number;
  isHeld(): boolean;
  readonly lost: AbortSignal;
  leave(): Promise<unknown>;
}

type Take = (client: ZooKeeperClient, path: string) => Promise<Holding>;

function ofHold(hold: LockHold): Holding {
  return { token: hold.token, isHeld: () => hold.isHeld, lost: hold.signal, leave: () => hold.release() };
}

/** Leads until it is told to leave, or has lost the lead. */
function leading(
  run: (task: (term: { token: number; isHeld: boolean; signal: AbortSignal }) => Promise<void>) => Promise<unknown>,
  leave: AbortController = new AbortController(),
): Promise<Holding> {
  return new Promise((resolve, reject) => {
    const over = run(async (term) => {
      const end = async (): Promise<void> => {
        leave.abort();
        await over.catch(() => {});
      };
      resolve({ token: term.token, isHeld: () => term.isHeld, lost: term.signal, leave: end });
      await Promise.race([aborted(leave.signal), aborted(term.signal)]);
    });
    over.catch(reject);
  });
}

const ROWS: Record<string, Take> = {
  lock: async (client, path) => ofHold(await new Lock(client, path).acquire()),
  'lock of kazoo’s names': async (client, path) => ofHold(await new Lock(client, path, { dialect: 'kazoo' }).acquire()),
  'write lock': async (client, path) => ofHold(await new ReadWriteLock(client, path).write.acquire()),
  semaphore: async (client, path) => ofHold(await new Semaphore(client, path, 1).acquire()),
  latch: async (client, path) => {
    const latch = new LeaderLatch(client, path);
    await latch.lead();
    const [token, lost] = [latch.token as number, latch.signal as AbortSignal];
    return { token, isHeld: () => latch.isLeader, lost, leave: () => latch.close() };
  },
  leadOnce: (client, path) => leading((task) => leadOnce(client, path, task)),
  leaderSelector: (client, path) => {
    const leave = new AbortController();
    return leading((task) => leaderSelector(client, path, task, { signal: leave.signal }), leave);
  },
};

let places = 0;

describe.each(Object.entries(ROWS))('%s', (_name, take) => {
  test.each(ENDINGS)('%s', async (ending) => {
    const path = `/never-two-${++places}`;
    const [victim, other] = [await at.victim(ending), await at.client()];
    const fenced = new FencedNode(other, `${path}-guarded`);
    const first = await take(victim, path);
    expect(await fenced.write(first.token)).toBe(true);
    const events: string[] = [];
    void aborted(first.lost).then(() => events.push('lost'));
    const taking = take(other, path).then((held) => {
      events.push('taken');
      return held;
    });
    const heal = await at.strike(ending, victim);
    const held = first.isHeld();
    const second = await taking;
    expect([held, first.isHeld(), second.isHeld()]).toEqual([false, false, true]);
    // A process that stands still hears nothing: that its clock goes on has to be enough. A session that was ended from outside is over
    // before its client can know.
    if (ending === 'partition') expect(events).toEqual(['lost', 'taken']);
    expect([await fenced.write(second.token), await fenced.write(first.token)]).toEqual([true, false]);
    await heal();
    await aborted(first.lost);
    await first.leave();
    expect([second.isHeld(), await other.getChildren(path)]).toEqual([true, [expect.any(String)]]);
    await second.leave();
    expect(await other.getChildren(path)).toEqual([]);
  });

  test('reply lost', async () => {
    const path = `/never-two-${++places}`;
    const [client, other] = [await at.client(), await at.client()];
    await other.create(path);
    const below = { session: client.sessionId, path: `${path}/**` };
    const lost = [
      at.ensemble.clients.dropReply({ ...below, op: 'create' }),
      at.ensemble.clients.dropReply({ ...below, op: 'getData' }),
      at.ensemble.clients.dropReply({ ...below, op: 'delete' }),
    ];
    const first = await take(client, path);
    const [name] = await other.getChildren(path);
    expect(await other.getChildren(path)).toHaveLength(1);
    expect((await other.exists(`${path}/${name}`))?.czxid).toBe(first.token);
    let isTaken = false;
    const taking = take(other, path).then((held) => {
      isTaken = true;
      return held;
    });
    while ((await other.getChildren(path)).length < 2) await other.sync('/');
    expect([first.isHeld(), isTaken]).toEqual([true, false]);
    await first.leave();
    const second = await taking;
    expect([first.isHeld(), second.isHeld(), second.token > first.token]).toEqual([false, true, true]);
    await second.leave();
    expect([lost.map(({ hits }) => hits), await other.getChildren(path)]).toEqual([[1, 1, 1], []]);
  });

  test('long pause of one that waits: it does not begin with what it lost', async () => {
    const path = `/never-two-${++places}`;
    const [victim, other] = [await at.victim('long pause'), await at.client()];
    const first = await take(other, path);
    const waiting = take(victim, path);
    const refused = expect(waiting).rejects.toThrow();
    while ((await other.getChildren(path)).length < 2) await other.sync('/');
    // The answer that it is its turn is on its way when the process stops, and is the first thing that it reads when it wakes.
    const held = at.ensemble.clients.hold({ session: victim.sessionId });
    await first.leave();
    await at.ensemble.clock.advance(5000);
    expect(await other.getChildren(path)).toEqual([]);
    const next = await take(other, path);
    held.undo();
    await refused;
    expect(next.isHeld()).toBe(true);
    await next.leave();
  });
});

test.each(ENDINGS)('readers and a writer: %s of a reader', async (ending) => {
  const path = `/never-two-${++places}`;
  const [victim, other] = [await at.victim(ending), await at.client()];
  const [lock, theirs] = [new ReadWriteLock(victim, path), new ReadWriteLock(other, path)];
  const [first, shared] = [await lock.read.acquire(), await theirs.read.acquire()];
  expect([first.isHeld, shared.isHeld]).toEqual([true, true]);
  const taking = theirs.write.acquire();
  const heal = await at.strike(ending, victim);
  expect([first.isHeld, shared.isHeld]).toEqual([false, true]);
  await shared.release();
  const writer = await taking;
  expect([first.isHeld, writer.token > first.token]).toEqual([false, true]);
  await heal();
  await first.release();
  await writer.release();
});

test('a claim that is given up while all servers are away is gone when they are back, though its session is not', async () => {
  const own = await Faults.open();
  const [holder, waiter] = [await own.client(), await own.client()];
  const hold = await new Lock(holder, '/away').acquire();
  const controller = new AbortController();
  const waiting = new Lock(waiter, '/away').acquire({ signal: controller.signal });
  while ((await holder.getChildren('/away')).length < 2) await holder.sync('/');
  await own.ensemble.kill(1);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await own.ensemble.clock.advance(5000);
  await own.ensemble.restart(1);
  await Promise.all([holder.connected(), waiter.connected()]);
  while ((await holder.getChildren('/away')).length > 1) await holder.sync('/');
  expect(await holder.getChildren('/away')).toEqual([hold.path.slice('/away/'.length)]);
  await own.close();
});

test('the lock of an item that was deleted by hand and taken by another one is left alone', async () => {
  const [client, other] = [await at.client(), await at.client()];
  const [queue, theirs] = [new LockingQueue(client, '/by-hand'), new LockingQueue(other, '/by-hand')];
  await queue.put('one');
  const mine = await queue.takeLocked();
  const [name] = await other.getChildren('/by-hand/taken');
  await other.delete(`/by-hand/taken/${name}`);
  const again = await theirs.takeLocked();
  expect(again.token).toBeGreaterThan(mine.token);
  await mine.giveBack();
  expect(await mine.done()).toBe(false);
  expect(await other.getChildren('/by-hand/taken')).toEqual([name]);
  expect([await again.done(), await queue.size()]).toEqual([true, 0]);
});
