import { type Found, found } from '../faults/damage.ts';
import { fuzzy } from '../faults/snapshot-files.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3145',
  about:
    'the end of a session, and deletes, are replayed over a snapshot that holds a part of them already (ZOOKEEPER-3125): times of change are the same',
  voters: 3,
  config: { snapCount: 40 },
  mutant: 'leave the parent alone when what is to be deleted is gone',
  play(s) {
    s.begin(3);
    s.create('/a');
    const one = s.addClient('one', 1);
    const parents = ['/p0', '/p1', '/p2', '/p3', '/p4', '/p5'];
    for (const path of parents) s.create(path);
    const untilSnapshot = (): void => {
      const before = s.files(1, 'snapshot.').length;
      s.until('a snapshot', () => {
        s.write('/a', `${before}`);
        return s.files(1, 'snapshot.').length > before;
      });
      s.run(100);
    };
    for (let round = 0; round < 8; round++) {
      const passing = s.addClient(`passing ${round}`);
      parents.forEach((path, i) => {
        if (i % 2 === 0) s.create(`${path}/x`);
        else s.do({ op: 'create', path: `${path}/x`, data: '', flags: 1 }, passing);
      });
      untilSnapshot();
      passing.stop();
      s.do({ op: 'close' }, passing);
      parents.forEach((path, i) => {
        if (i % 2 === 0) s.do({ op: 'delete', path: `${path}/x`, version: -1 });
      });
      untilSnapshot();
      s.recovers(1, '', (disk, { snapDir }) => {
        const [early, late] = found(disk, snapDir, 'snapshot').slice(-2) as [Found, Found];
        disk.put(early.path, fuzzy(disk.read(early.path), disk.read(late.path), (round + 1) / 9));
        disk.remove(late.path);
      });
      s.do({ op: 'sync', path: '/' }, one);
      for (const path of parents) s.do({ op: 'exists', path, watch: false }, one);
    }
  },
};
