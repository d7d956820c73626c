import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2201',
  about: 'a learner stops in the middle of a snapshot, and the others go on (ZOOKEEPER-3531)',
  voters: 3,
  mutant: 'wait for all voters',
  config: { snapshotSizeFactor: '-1' },
  play(s) {
    s.begin(3);
    for (let i = 0; i < 20; i++) s.create(`/n${i}`, 'x'.repeat(8000));
    s.wipe(1);
    s.at(1, 'installing', () => s.view(1).machine.pause());
    s.start(1);
    s.run(1000);
    for (let i = 0; i < 20; i++) s.write('/n0', `${i}`);
    s.run(10_000);
    s.write('/n0', 'last');
    s.expect(s.leader, 3, 'the leader');
    s.view(1).machine.resume();
    s.untilServing();
  },
};
