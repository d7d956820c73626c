import { found } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a directory of before 3.5',
  about: 'a log without a snapshot and without epochs, as ZooKeeper 3.4 may leave one, with snapshot.trust.empty',
  voters: 3,
  config: { snapCount: 1000, 'snapshot.trust.empty': 'true' },
  mutant: 'leave the epochs that were made up for out of the files',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    const bare = (sid: number): void =>
      s.recovers(sid, 'the log is taken for the whole history', (disk, { snapDir, logDir }) => {
        for (const { path } of found(disk, snapDir, 'snapshot')) disk.remove(path);
        for (const name of ['acceptedEpoch', 'currentEpoch'])
          if (disk.has(`${snapDir}/${name}`)) disk.remove(`${snapDir}/${name}`);
        for (const name of ['synced', 'log-order']) if (disk.has(`${logDir}/${name}`)) disk.remove(`${logDir}/${name}`);
      });
    bare(1);
    s.kill(3);
    bare(1);
    s.start(3);
    s.untilServing();
    s.write('/a', 'again');
    s.powerLoss(1, 2, 3);
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.read('/a'), 'again', '/a');
    s.expect(s.files(1, 'currentEpoch').length, 1, 'currentEpoch is there');
  },
};
