// What Apache's learners need of a leader, beyond the packets themselves. A server of Apache's takes what its leader sends for
// its own clients in the order in which it forwarded their requests, syncs among the writes; out of that order, none of
// its clients has an answer to a write any more. And one of 3.4 says less of itself than those since.
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from '../harness/ensemble.ts';
import { debian, judge, type Server } from '../harness/server.ts';
import { RawLearner } from '../raw/learner.ts';
import { syncsAmongWrites } from './pipeline.ts';
import { makeLead } from './steer.ts';

let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

it("syncs among the writes of Apache's followers and observer are answered in their order by a leader of ours, and back", async () => {
  ensemble = await new Ensemble({ basePort: 26_300, kinds: [judge, debian, 'ours', judge], observers: [4] }).start();
  await makeLead(ensemble, ensemble.at(2));
  const apaches = [0, 1, 3].map((index) => (ensemble as Ensemble).at(index));
  const problems = await Promise.all(
    apaches.flatMap((server) =>
      [1, 2, 3].map((i) => syncsAmongWrites(server, `/order-${server.options.id}-${i}`, 150)),
    ),
  );
  expect(problems.flat()).toEqual([]);

  await makeLead(ensemble, ensemble.at(1));
  const ours = ensemble.at(2);
  expect((await Promise.all([4, 5, 6].map((i) => syncsAmongWrites(ours, `/order-3-${i}`, 150)))).flat()).toEqual([]);
});

it.each([judge, 'ours'] as const)(
  'a learner that says as little of itself as 3.4 does is served by %s',
  async (kind) => {
    ensemble = new Ensemble({ basePort: 26_400, kinds: [judge, 'ours', kind, judge], observers: [4] });
    const [one, two, leader] = ensemble.servers as [Server, Server, Server];
    for (const server of [one, two, leader]) server.launch();
    for (const server of [one, two, leader]) await server.untilServing(60_000);
    // The fourth is away, and played.
    const above = await ensemble.leader();
    for (const bytes of [12, 20]) {
      const learner = await RawLearner.dial(26_420 + ensemble.servers.indexOf(above), 4, true, bytes);
      await learner.until('UPTODATE');
      learner.close();
    }
    expect(above.kind).toBe(kind);
  },
);
