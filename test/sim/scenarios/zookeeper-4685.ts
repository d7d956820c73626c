import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4685',
  about: 'proposals are acknowledged while NEWLEADER is not, and the leader goes on leading',
  voters: 3,
  mutant: 'never write currentEpoch',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    // 2 keeps proposals open, so that 1 gets them with its synchronisation and has them on disk first.
    s.view(2).machine.disk.timing = { writeMs: 0.02, syncMs: 30, slowSyncOneIn: 0, slowSyncMs: 0 };
    const epoch = s.view(3).currentEpoch;
    s.start(1);
    for (let i = 0; i < 200; i++) {
      s.flood('/a', 2);
      s.run(2);
    }
    s.untilServing();
    s.expect(s.view(3).currentEpoch, epoch, 'the epoch');
  },
};
