import { found } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2325',
  about:
    'all snapshots are missing and the log is there (ZOOKEEPER-3056, ZOOKEEPER-3644, ZOOKEEPER-3781): it is refused, or replayed as a whole',
  voters: 3,
  config: { snapCount: 1000 },
  mutant: 'take a log without a snapshot for the whole history',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    // A second epoch, whose log alone would look like a history.
    s.kill(3);
    s.untilServing();
    s.start(3);
    s.untilServing();
    s.create('/b', 'kept too');
    const removed = (prefix: string) => (disk: Parameters<Parameters<typeof s.refuses>[2]>[0]) => {
      for (const { path } of found(disk, '/data/version-2', prefix)) disk.remove(path);
    };
    // One that is there and not whole, at the empty tree: the log is all of it.
    s.recovers(1, 'recovered snapshot=none', (disk) => disk.put('/data/version-2/snapshot.0', Buffer.from('half')));
    s.write('/a', 'again');
    s.recovers(1, '', () => {});
    s.refuses(1, 'there are transactions in /data/version-2 and no snapshot', (disk) => removed('snapshot')(disk));
    // Only the last of the log.
    s.refuses(2, 'there are transactions in /data/version-2 and no snapshot', (disk) => {
      removed('snapshot')(disk);
      const logs = found(disk, '/data/version-2', 'log');
      for (const { path } of logs.slice(0, -1)) disk.remove(path);
    });
    s.powerLoss(1, 2, 3);
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.read('/a'), 'again', '/a');
    s.expect(s.read('/b'), 'kept too', '/b');
  },
};
