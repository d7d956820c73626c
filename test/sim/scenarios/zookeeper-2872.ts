import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2872',
  about: 'power goes at every change of the disk while a snapshot replaces the history',
  voters: 3,
  config: { snapshotSizeFactor: '-1' },
  recentBytes: 1,
  mutant: 'write a snapshot under its real name',
  play(s) {
    s.begin(3);
    s.create('/a');
    const { disk } = s.view(1).machine;
    let effects = 0;
    for (let stopAt = 1; stopAt < 60; stopAt++) {
      // It has a log of its own to lose.
      for (let i = 0; i < 3; i++) s.write('/a', `${stopAt}.${i}`);
      s.run(100);
      s.kill(1);
      s.write('/a', `${stopAt}`);
      effects = 0;
      let isOver = false;
      s.at(1, 'installed', () => {
        isOver = true;
      });
      disk.onEffect = () => {
        if (isOver || ++effects < stopAt) return;
        disk.onEffect = () => {};
        s.powerLoss(1);
        throw new s.DeadProcess('at an effect');
      };
      s.start(1);
      s.until('a crash or a snapshot', () => isOver || !s.view(1).machine.isUp);
      disk.onEffect = () => {};
      const isDone = isOver;
      s.start(1);
      s.untilServing();
      if (isDone) break;
    }
    s.expect(effects > 5, true, 'crashes at several places');
  },
};
