import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1551',
  about: 'an observer joins under writes and misses none',
  voters: 3,
  observers: 1,
  mutant: 'forget the committed transactions in memory in a DIFF',
  play(s) {
    s.begin(3);
    s.create('/a');
    // The leader's own disk is behind the others': what is decided is not in its tree yet.
    s.view(3).machine.disk.timing = { writeMs: 0.02, syncMs: 30, slowSyncOneIn: 0, slowSyncMs: 0 };
    for (let round = 0; round < 4; round++) {
      s.powerLoss(4);
      s.flood('/a', 20);
      s.start(4);
      for (let i = 0; i < 100; i++) {
        s.flood('/a', 1);
        s.run(3);
      }
      s.untilServing();
    }
  },
};
