import { found } from '../faults/damage.ts';
import { storeOf } from '../judges/observer.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3231',
  about: 'snapshots that are not whole do not count as kept when old ones are purged',
  voters: 3,
  config: { snapCount: 10, 'autopurge.snapRetainCount': 3 },
  mutant: 'count snapshots that are not whole as kept',
  play(s) {
    s.begin(3);
    s.create('/a');
    const purge = (): void => {
      const { machine, peer } = s.view(1);
      if (peer !== undefined) machine.run(() => storeOf(peer).purge());
      s.run(10);
    };
    const until = (count: number): void =>
      s.until('snapshots', () => {
        s.write('/a', `${count}`);
        return s.files(1, 'snapshot.').length >= count;
      });
    until(4);
    s.run(200);
    s.recovers(1, '', (disk, { snapDir }) => {
      const files = found(disk, snapDir, 'snapshot');
      for (const { path } of files.slice(1)) disk.put(path, disk.read(path).subarray(0, 300));
    });
    purge();
    s.expect(s.files(1, 'snapshot.').includes('snapshot.0'), true, 'the one whole snapshot is kept');
    s.powerLoss(1);
    s.start(1);
    s.untilServing();
    until(s.files(1, 'snapshot.').length + 4);
    s.run(200);
    purge();
    s.expect(s.files(1, 'snapshot.').length, 3, 'snapshots');
    s.powerLoss(1);
    s.start(1);
    s.untilServing();
    // No snapshot is whole: nothing goes.
    s.recovers(1, '', () => {});
    const { disk, dirs } = s.view(1).machine;
    for (const { path } of found(disk, dirs.snapDir, 'snapshot')) disk.put(path, Buffer.alloc(100));
    const before = s.files(1, '').length;
    purge();
    s.expect(s.files(1, '').length, before, 'files');
    s.refuses(1, 'no snapshot in', () => {});
  },
};
