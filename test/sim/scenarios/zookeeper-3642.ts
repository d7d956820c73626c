import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3642',
  about: 'the leader dies between SNAP and NEWLEADER, the next one synchronises by DIFF, the learner restarts',
  voters: 3,
  config: { snapshotSizeFactor: '-1' },
  recentBytes: 1,
  mutant: 'install a snapshot in memory first',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    for (let i = 0; i < 20; i++) s.write('/a', `${i}`);
    const { diff, snap } = s.syncs;
    // The learner has the snapshot, and NEWLEADER is the next thing to read.
    const newLeader = s.at(1, 'newLeader', () => s.kill(3));
    s.start(1);
    s.until('NEWLEADER', () => newLeader.happened);
    s.until('the other leader', () => s.leader === 2);
    s.untilServing();
    s.expect(s.syncs.snap, snap + 1, 'synchronisations by SNAP');
    s.expect(s.syncs.diff > diff, true, 'and then by DIFF');
    s.write('/a', 'last');
    s.powerLoss(1);
    s.start(1);
    s.untilServing();
    s.expect(s.read('/a'), 'last', '/a');
    // And once more with nothing but that disk and an older one to go by.
    s.powerLoss(1, 2);
    s.start(1, 3);
    s.untilServing();
    s.expect(s.leader, 1, 'the leader');
    s.expect(s.read('/a'), 'last', '/a');
  },
};
