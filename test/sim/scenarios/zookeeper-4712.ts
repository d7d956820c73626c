import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4712',
  about:
    'writes are queued when a role ends, and none gets into the log of the next one (ZOOKEEPER-4541, ZOOKEEPER-4502)',
  voters: 3,
  mutant: 'keep the writer of an old role alive',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let round = 0; round < 6; round++) {
      const { leader } = s;
      for (const view of s.world.observer.views) {
        view.machine.disk.timing = { writeMs: 1, syncMs: 15, slowSyncOneIn: 0, slowSyncMs: 0 };
      }
      s.flood('/a', 60);
      s.run(30 + round * 3);
      for (const sid of s.followers) s.breakStreams(leader, sid);
      s.run(200);
      s.untilServing();
    }
  },
};
