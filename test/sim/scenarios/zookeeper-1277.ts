import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1277',
  about: 'the counter of an epoch is used up under writes, and the next epoch goes on',
  voters: 3,
  counterLimit: 12,
  play(s) {
    s.begin();
    s.create('/a');
    const epoch = s.view(s.leader).currentEpoch;
    for (let i = 0; i < 30; i++) {
      s.flood('/a', 4);
      s.run(400);
    }
    s.untilServing();
    s.expect(s.view(s.leader).currentEpoch > epoch + 2, true, 'several epochs');
  },
};
