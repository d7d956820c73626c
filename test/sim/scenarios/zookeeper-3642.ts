import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3642',
  about: 'the leader dies between SNAP and NEWLEADER, the learner restarts, then is synchronised by DIFF',
  voters: 3,
  config: { snapshotSizeFactor: '-1' },
  recentBytes: 1,
  mutant: 'install a snapshot in memory first',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    for (let i = 0; i < 20; i++) s.write('/a', `${i}`);
    const snap = s.at(1, 'installed', () => s.kill(3));
    s.start(1);
    s.until('a snapshot', () => snap.happened);
    s.run(1000);
    s.powerLoss(1);
    s.start(1);
    s.untilServing();
    s.expect(s.read('/a'), '19', '/a');
    s.powerLoss(1, 2);
    s.start(1, 2);
    s.untilServing();
    s.expect(s.read('/a'), '19', '/a');
  },
};
