import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2418',
  about: 'from the end of the log on disk to the first transaction in memory nothing is left out of a DIFF',
  voters: 3,
  config: { snapshotSizeFactor: '100', txnLogSizeLimitInKb: 1 },
  recentBytes: 300,
  mutant: 'forget one transaction between the log and the memory',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    for (let i = 0; i < 40; i++) s.write('/a', `first ${i}`);
    const { diff, snap } = s.syncs;
    s.start(1);
    s.untilServing();
    s.expect(s.syncs.diff, diff + 1, 'synchronisations by DIFF');
    s.expect(s.read('/a'), 'first 39', '/a');
    // Somebody removes a log file that lies between.
    s.kill(1);
    const behind = s.files(3, 'log.').length;
    for (let i = 0; i < 60; i++) s.write('/a', `second ${i}`);
    const files = s.files(3, 'log.').sort((a, b) => Number.parseInt(a.slice(4), 16) - Number.parseInt(b.slice(4), 16));
    s.expect(files.length > behind + 2, true, 'log files were begun');
    s.view(3).machine.disk.remove(`/data/version-2/${files[behind + 1]}`);
    s.start(1);
    s.untilServing();
    s.expect(s.syncs.snap, snap + 1, 'synchronisations by SNAP');
    s.expect(s.read('/a'), 'second 59', '/a');
  },
};
