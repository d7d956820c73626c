// What a stranger says on the quorum port with the id of a follower that is there: epochs of now, of soon, and the last there
// is. To an ensemble of Apache's nothing happens, and so nothing happens to one of ours.
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from '../harness/ensemble.ts';
import { judge, type Server } from '../harness/server.ts';
import { RawLearner } from '../raw/learner.ts';
import { syncsAmongWrites } from './pipeline.ts';

let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

/** Of the last transaction that the server has applied. */
async function epochOf(server: Server): Promise<number> {
  const zxid = /^Zxid: 0x([0-9a-f]+)$/m.exec(await server.word('srvr'))?.[1] ?? '0';
  return Number(BigInt(`0x${zxid}`) >> 32n);
}

it.each([judge, 'ours'] as const)('claims of epochs and ids change nothing in an ensemble of %s', async (kind) => {
  const { servers } = await new Ensemble({ basePort: 26_500, kinds: [kind, kind, kind] }).start().then((started) => {
    ensemble = started;
    return started;
  });
  const leader = await (ensemble as unknown as Ensemble).leader();
  const [follower] = (await (ensemble as unknown as Ensemble).followers()) as [Server];
  expect(await syncsAmongWrites(follower, '/before', 20)).toEqual([]);
  const epoch = await epochOf(leader);
  const modes = await Promise.all(servers.map((server) => server.mode()));
  const port = 26_520 + servers.indexOf(leader);
  const sid = follower.options.id as number;
  for (const [i, accepted] of [epoch, epoch + 1, 1000, 2 ** 21 - 2, epoch, 1000].entries()) {
    const claim = await RawLearner.dial(port, sid, false, 20, accepted);
    expect(await syncsAmongWrites(follower, `/while-${i}`, 20), `epoch ${accepted}`).toEqual([]);
    claim.close();
  }
  expect(await Promise.all(servers.map((server) => server.mode()))).toEqual(modes);
  expect(await epochOf(leader)).toBe(epoch);
});
