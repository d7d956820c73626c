import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3104',
  about:
    'transactions are decided while a snapshot is on its way to a learner (ZOOKEEPER-3589; Zab specification issues 1, 2 and 3)',
  voters: 3,
  config: { snapshotSizeFactor: '-1' },
  recentBytes: 1,
  mutant: 'leave out what is proposed while a learner is synchronised',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let i = 0; i < 20; i++) s.create(`/n${i}`, 'x'.repeat(500));
    s.kill(1);
    for (let i = 0; i < 20; i++) s.write('/a', `${i}`);
    s.view(2).machine.disk.timing = { writeMs: 0.02, syncMs: 30, slowSyncOneIn: 0, slowSyncMs: 0 };
    s.start(1);
    for (let i = 0; i < 200; i++) {
      s.flood('/a', 1);
      s.run(3);
    }
    s.untilServing();
    s.powerLoss(1);
    s.start(1);
    s.untilServing();
  },
};
