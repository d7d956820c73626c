import { endOf, type Found, found, over, recordsOf } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a log that changes under its readers',
  about:
    'somebody removes, repeats or cuts what a leader reads for its learners: they get a snapshot, and nothing is left out',
  voters: 3,
  config: { snapshotSizeFactor: '100', txnLogSizeLimitInKb: 1, snapCount: 1000 },
  recentBytes: 1,
  mutant: 'leave out what the log on disk does not have',
  play(s) {
    s.begin(3);
    s.create('/a');
    const { disk } = s.view(3).machine;
    const dir = '/data/version-2';
    const synchronised = (data: string, kind: 'diff' | 'snap', change: (logs: Found[]) => void): void => {
      s.kill(1);
      for (let i = 0; i < 30; i++) s.write('/a', `${data} ${i}`.padEnd(100, '.'));
      change(found(disk, dir, 'log'));
      const before = s.syncs[kind];
      s.start(1);
      s.untilServing();
      s.expect(s.syncs[kind], before + 1, `synchronisations by ${kind} after '${data}'`);
      s.expect(s.read('/a'), `${data} 29`.padEnd(100, '.'), '/a');
    };
    synchronised('whole', 'diff', () => {});
    synchronised('repeated', 'diff', (logs) => {
      const { path } = logs[logs.length - 2] as Found;
      const log = disk.read(path);
      const records = recordsOf(log);
      disk.put(path, over(log, endOf(records), records[0]?.bytes ?? Buffer.alloc(0)));
    });
    synchronised('a file is cut', 'snap', (logs) => {
      const { path } = logs[logs.length - 3] as Found;
      disk.put(path, disk.read(path).subarray(0, 40));
    });
    s.wipe(2);
    s.start(2);
    s.untilServing();
    synchronised('whole again', 'diff', () => {});
    synchronised('the newest is lost', 'snap', (logs) => disk.remove((logs.at(-1) as Found).path));
    s.write('/a', 'in the end');
    s.expect(s.read('/a'), 'in the end', '/a');
    s.view(3).faulty = 'damaged';
  },
};
