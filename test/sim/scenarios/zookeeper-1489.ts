import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1489',
  about: 'a log is cut, appended to and replayed',
  voters: 3,
  mutant: 'skip the truncate',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    for (let round = 0; round < 3; round++) {
      const { leader } = s;
      s.writeAlone(leader, 'lost');
      s.run(4000);
      s.heal();
      s.untilServing();
      s.write('/a', `new ${round}`);
      s.powerLoss(1, 2, 3);
      s.start(1, 2, 3);
      s.untilServing();
      s.expect(s.read('/a'), `new ${round}`, '/a');
    }
  },
};
