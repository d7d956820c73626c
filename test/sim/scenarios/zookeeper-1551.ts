import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1551',
  about: 'an observer joins under writes and misses none',
  voters: 3,
  observers: 1,
  mutant: 'leave out what is proposed while a learner is synchronised',
  play(s) {
    s.begin();
    s.create('/a');
    for (let round = 0; round < 4; round++) {
      s.powerLoss(4);
      s.flood('/a', 20);
      s.start(4);
      for (let i = 0; i < 60; i++) {
        s.flood('/a', 1);
        s.run(3);
      }
      s.untilServing();
    }
  },
};
