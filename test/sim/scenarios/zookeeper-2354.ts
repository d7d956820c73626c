import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2354',
  about:
    'power goes at every change of the disk while the files of the epochs are written (ZOOKEEPER-1387, ZOOKEEPER-4269): the start succeeds, and no epoch goes back',
  voters: 3,
  mutant: 'write small files in their place',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    const { disk } = s.view(1).machine;
    for (let stopAt = 1; ; stopAt++) {
      for (const kind of ['before', 'after'] as const) {
        s.kill(1, 2);
        let effects = 0;
        let hasCrashed = false;
        disk.onEffect = ({ path }, phase) => {
          if (hasCrashed || phase !== kind || !path.endsWith('/version-2') === !/Epoch/.test(path)) return;
          if (++effects < stopAt) return;
          hasCrashed = true;
          s.powerLoss(1);
          throw new s.DeadProcess('at an effect');
        };
        s.start(1, 2);
        s.run(4000);
        disk.onEffect = () => {};
        if (!hasCrashed) {
          s.expect(stopAt > 8, true, 'crashes at several places');
          return;
        }
        s.start(1);
        s.untilServing();
        s.expect(s.read('/a'), 'kept', '/a');
        // Half of a file that a crash left beside.
        s.recovers(1, '', () => disk.put('/data/version-2/currentEpoch.tmp', Buffer.from('9')));
      }
    }
  },
};
