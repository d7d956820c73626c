import { afterAll, beforeAll, expect, test } from 'vitest';
import { OpCode } from '../../src/jute/codes.ts';
import { keepSession, LeaderLatch, leaderSelector, leadOnce } from '../../src/recipes/recipes.ts';
import { aborted, Guarded, Playground } from './playground.ts';

let at: Playground;

beforeAll(async () => {
  at = await Playground.open();
});

afterAll(() => at.close());

test('one latch leads, and the next one when it is closed', async () => {
  const first = new LeaderLatch(await at.client(), '/latch', { id: 'one' });
  await first.lead();
  const second = new LeaderLatch(await at.client(), '/latch', { id: 'two' });
  expect([first.isLeader, second.isLeader]).toEqual([true, false]);
  expect(await second.leader()).toBe('one');
  const token = first.token as number;
  await first.close();
  await second.lead();
  expect(second.token).toBeGreaterThan(token);
  expect(await second.leader()).toBe('two');
  await second.close();
  expect(await second.leader()).toBeUndefined();
});

test('a latch whose session expires leads no more, ends, and another one leads', async () => {
  const [client, other] = [await at.client(), await at.client()];
  const changes: string[] = [];
  const first = new LeaderLatch(client, '/expired', { onChange: (leads) => changes.push(`first ${leads}`) });
  await first.lead();
  const token = first.token as number;
  const second = new LeaderLatch(other, '/expired', { onChange: (leads) => changes.push(`second ${leads}`) });
  await at.expire(client);
  await expect(first.ended).rejects.toThrow('the session is expired');
  await second.lead();
  // A session that is ended from outside is over before its client can know: the token tells the two apart.
  expect(changes.slice().sort()).toEqual(['first false', 'first true', 'second true']);
  expect(first.isLeader).toBe(false);
  expect(second.token).toBeGreaterThan(token);
  await second.close();
});

test('behind a partition it stops to lead before another one begins', async () => {
  const { client, proxy } = await at.behindProxy(600);
  const changes: string[] = [];
  const first = new LeaderLatch(client, '/parted', { onChange: (leads) => changes.push(`first ${leads}`) });
  await first.lead();
  const second = new LeaderLatch(await at.client(), '/parted', {
    onChange: (leads) => changes.push(`second ${leads}`),
  });
  proxy.hold();
  await second.lead();
  expect(changes).toEqual(['first true', 'first false', 'second true']);
  proxy.heal();
  await Promise.all([first.close(), second.close()]);
});

test('a latch whose node was deleted stands in the line again', async () => {
  const client = await at.client();
  const latch = new LeaderLatch(client, '/again');
  await latch.lead();
  const signal = latch.signal as AbortSignal;
  const token = latch.token as number;
  const [name] = await client.getChildren('/again');
  await client.delete(`/again/${name}`);
  await aborted(signal);
  await latch.lead();
  expect(latch.token).toBeGreaterThan(token);
  await latch.close();
});

test('a latch that waits for its lead can be given up', async () => {
  const first = new LeaderLatch(await at.client(), '/waits');
  await first.lead();
  const second = new LeaderLatch(await at.client(), '/waits');
  const controller = new AbortController();
  const leading = second.lead(controller.signal);
  controller.abort(new Error('enough'));
  await expect(leading).rejects.toThrow('enough');
  const closed = second.lead();
  await second.close();
  await expect(closed).rejects.toThrow('the latch was closed');
  await first.close();
});

test('selectors lead in turns, never two at once, and lose no turn to an answer that is lost', async () => {
  const guarded = new Guarded();
  const ending = new AbortController();
  const turns = [0, 0];
  const running = turns.map(async (_, i) => {
    const { client, proxy } = await at.behindProxy();
    await client.exists('/');
    await leaderSelector(
      client,
      '/selector',
      async (term) => {
        await guarded.use(term.token, () => client.sync('/'));
        turns[i] = (turns[i] ?? 0) + 1;
        if (turns[i] === 2) void proxy.loseAnswer(OpCode.create2);
        if (turns.every((count) => count >= 5)) ending.abort();
      },
      { signal: ending.signal },
    );
  });
  await Promise.all(running);
  expect(guarded.faults).toEqual([]);
  const client = await at.client();
  expect(await leadOnce(client, '/selector', async (term) => term.isHeld)).toBe(true);
});

test('what lives longer than a session is made anew with the next one', async () => {
  const sessions: bigint[] = [];
  const lost: unknown[] = [];
  const answer = await keepSession(
    at.address,
    { sessionTimeoutMs: 2000, onSessionLost: (reason) => lost.push(reason) },
    async (client, signal) => {
      sessions.push(client.sessionId);
      const latch = new LeaderLatch(client, '/kept');
      await latch.lead();
      if (sessions.length === 2) {
        await latch.close();
        return 'done';
      }
      void at.expire(client);
      await aborted(signal);
      throw signal.reason;
    },
  );
  expect(answer).toBe('done');
  expect(new Set(sessions).size).toBe(2);
  expect(String(lost[0])).toContain('the session is expired');
});
