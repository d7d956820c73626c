// The counter of an epoch runs out while clients write, in ensembles of ours, of Apache's and of both; and a leader that hands
// over to a server of ours with one of Apache's among its followers. Nothing is lost, and no session is.
import { afterEach, expect, it } from 'vitest';
import { judge, type Kind, Server } from './harness/server.ts';
import { superDigest } from './harness/tree.ts';
import { Crowd } from './mixed/clients.ts';
import { judgeAll } from './mixed/mix.ts';

const BASE = 23_600;
/** 1023 transactions are left of an epoch that server 3 leads. */
const NEARLY_USED_UP = 0xfffffc00;
let servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.remove()));
  servers = [];
});

/** Server 3 leads. */
async function start(
  kinds: readonly [Kind, Kind, Kind],
  settings: Record<string, string | number> = {},
): Promise<void> {
  const ids = [1, 2, 3];
  servers = ids.map(
    (id) =>
      new Server({
        kind: kinds[id - 1] as Kind,
        id,
        clientPort: BASE + id,
        members: ids.map((each) => `server.${each}=127.0.0.1:${BASE + 20 + each}:${BASE + 40 + each}`),
        settings: {
          tickTime: 500,
          initLimit: 20,
          syncLimit: 10,
          'admin.enableServer': kinds[id - 1] === 'ours' ? 'true' : 'false',
          'admin.serverPort': BASE + 60 + id,
          ...superDigest,
          ...(id === 3 ? settings : {}),
        },
      }),
  );
  const [one, two, three] = servers as [Server, Server, Server];
  three.launch();
  two.launch();
  await Promise.all([two, three].map((server) => server.untilServing(60_000)));
  await one.start(60_000);
  expect(await three.mode()).toBe('leader');
}

async function epoch(): Promise<number> {
  for (const server of servers) {
    const zxid = /^Zxid: 0x([0-9a-f]+)$/m.exec(await server.word('srvr').catch(() => ''))?.[1];
    if ((await server.mode()) === 'leader' && zxid !== undefined) return Number(BigInt(`0x${zxid}`) >> 32n);
  }
  return 0;
}

interface Seen {
  readonly problems: readonly string[];
  readonly pauseMs: number;
}

/** Clients write until the next epoch, and on. */
async function throughNextEpoch(begin: () => Promise<void>): Promise<Seen> {
  const crowd = await new Crowd(
    servers.map((server) => server.clientPort),
    8,
    // So slowly that the next epoch is not used up as well while the last client comes back.
    20,
  ).start();
  const from = performance.now();
  await begin();
  await expect.poll(epoch, { timeout: 30_000, interval: 50 }).toBeGreaterThan(1);
  await crowd.untilAllWrote();
  await crowd.stop();
  const pauseMs = crowd.pauses(from).all;
  const { problems } = await judgeAll(servers, crowd);
  await crowd.leave();
  return { problems, pauseMs };
}

it.each([
  { kinds: ['ours', 'ours', 'ours'], says: 'handed over to' },
  { kinds: [judge, 'ours', 'ours'], says: 'handed over to 2' },
  { kinds: [judge, judge, 'ours'], says: 'the counter of this epoch is used up' },
  { kinds: [judge, judge, judge], says: 'lower 32 bits' },
] as const)('$kinds: the counter of the leader runs out under writes', async ({ kinds, says }) => {
  await start(kinds, { 'testingonly.initialZxid': NEARLY_USED_UP });
  const { problems, pauseMs } = await throughNextEpoch(async () => {});
  expect(problems).toEqual([]);
  expect(servers[2]?.log(), `paused ${pauseMs} ms`).toContain(says);
  console.info(`rollover ${kinds.join(',')}: writes paused ${pauseMs} ms`);
});

it('a leader hands over to the server of ours that is named, and to none of Apache', async () => {
  await start([judge, 'ours', 'ours']);
  const ask = async (to: number): Promise<number> => {
    const url = `http://127.0.0.1:${BASE + 63}/commands/transfer?to=${to}`;
    return (await fetch(url, { method: 'POST', headers: { Authorization: 'digest super:admin' } })).status;
  };
  expect(await ask(1)).toBe(409);
  expect(await servers[2]?.mode()).toBe('leader');
  const { problems } = await throughNextEpoch(async () => {
    expect(await ask(2)).toBe(200);
  });
  expect(problems).toEqual([]);
  expect(await servers[1]?.mode()).toBe('leader');
});
