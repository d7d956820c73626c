import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4685',
  about: 'proposals are acknowledged while NEWLEADER is not, and the leader goes on leading',
  voters: 3,
  mutant: 'count proposals before NEWLEADER is acknowledged',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    s.view(1).machine.disk.timing = { writeMs: 0.02, syncMs: 40, slowSyncOneIn: 0, slowSyncMs: 0 };
    const epoch = s.view(3).currentEpoch;
    s.flood('/a', 50);
    s.start(1);
    for (let i = 0; i < 20; i++) {
      s.flood('/a', 5);
      s.run(5);
    }
    s.untilServing();
    s.expect(s.view(3).currentEpoch, epoch, 'the epoch');
  },
};
