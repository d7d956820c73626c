import { endOf, found, over, recordsOf } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';
import type { SimDisk } from '../world/disk.ts';

export const scenario: Scenario = {
  name: 'the lost end of an epoch',
  about: 'the log file with the last transactions of an epoch is gone, and the one of the next epoch is there',
  voters: 3,
  config: { txnLogSizeLimitInKb: 1, snapCount: 1000, snapshotSizeFactor: '100' },
  recentBytes: 1,
  mutant: 'take an epoch for whole wherever the log before it ends',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let i = 0; i < 30; i++) s.write('/a', `${i}`.padEnd(100, '.'));
    s.powerLoss(1);
    for (let i = 30; i < 60; i++) s.write('/a', `${i}`.padEnd(100, '.'));
    s.powerLoss(2, 3);
    s.start(2, 3);
    s.untilServing();
    for (let i = 60; i < 70; i++) s.write('/a', `${i}`.padEnd(100, '.'));
    const files = s.files(3, 'log.').sort((a, b) => Number.parseInt(a.slice(4), 16) - Number.parseInt(b.slice(4), 16));
    const next = files.findIndex((name) => name.length > 6 && !name.startsWith('log.1'));
    const { disk } = s.view(3).machine;
    disk.remove(`/data/version-2/${files[next - 1]}`);
    // A learner from before it is not sent what is left.
    const { diff, snap } = s.syncs;
    s.start(1);
    s.untilServing();
    s.expect(`${s.syncs.diff} ${s.syncs.snap}`, `${diff} ${snap + 1}`, 'synchronisations by DIFF and SNAP');
    s.expect(s.read('/a'), '69'.padEnd(100, '.'), '/a');
    // Where nobody left word: whole; torn and unknown; cut short, and known to have been synced.
    const dir = '/data/version-2';
    const before = (bytes: (log: Buffer) => Buffer) => (disk: SimDisk) => {
      for (const name of ['log-order', 'x']) if (disk.has(`${dir}/${name}`)) disk.remove(`${dir}/${name}`);
      const logs = found(disk, dir, 'log');
      const path = logs[logs.findIndex(({ zxid }) => zxid >= 0x200000000) - 1]?.path ?? '';
      disk.put(path, bytes(disk.read(path)));
    };
    s.recovers(
      2,
      '',
      before((log) => log),
    );
    s.recovers(2, 'an earlier log file ends in a bad record', (disk) => {
      before((log) => over(log, endOf(recordsOf(log)), Buffer.from('torn')))(disk);
      disk.remove(`${dir}/synced`);
    });
    for (let i = 0; i < 9; i++) s.write('/a', '69'.padEnd(100, '.'));
    s.run(1500);
    s.refuses(
      2,
      'transactions in between are missing',
      before((log) => log.subarray(0, 100)),
    );
    // And a server with such a log does not start.
    s.refuses(3, 'transactions in between are missing', () => {});
    s.expect(s.read('/a'), '69'.padEnd(100, '.'), '/a');
  },
};
