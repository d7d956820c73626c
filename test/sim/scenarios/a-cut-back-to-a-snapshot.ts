import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a cut back to a snapshot',
  about:
    'all of a log is undecided and has to go, over one file or more; power goes at every change of the disk meanwhile',
  voters: 5,
  config: { snapshotSizeFactor: '-1', txnLogSizeLimitInKb: 1 },
  recentBytes: 1,
  mutant: 'leave later log files when a log is cut',
  play(s) {
    s.begin(5);
    s.create('/a');
    const { disk } = s.view(1).machine;
    const round = (many: number, decided: number, change: () => void): void => {
      const { leader } = s;
      const lonely = s.addClient(`lonely ${s.world.actors.length}`, leader);
      s.until('a connection', () => lonely.isConnected);
      s.write('/a', 'decided');
      s.wipe(1);
      s.start(1);
      s.untilServing();
      for (let i = 0; i < decided; i++) s.write('/a', `decided ${i}`.padEnd(200, '.'));
      s.run(200);
      const others = [2, 3, 4, 5].filter((sid) => sid !== leader);
      s.partition([1, leader], others);
      for (let i = 0; i < many; i++) {
        s.ask({ op: 'setData', path: '/a', data: `lost ${i}`.padEnd(200, '.'), version: -1 }, lonely);
        s.run(10);
      }
      s.run(6000);
      change();
      s.heal();
      s.start(1);
      s.until('a leader', () => others.includes(s.leader));
      s.untilServing();
    };
    const cuts = s.syncs.trunc;
    round(1, 0, () => {});
    round(20, 3, () => {});
    // The note of what is synced is gone, or speaks of an older file.
    round(3, 3, () => {
      s.powerLoss(1);
      disk.remove('/data/version-2/synced');
    });
    s.expect(s.syncs.trunc - cuts >= 4, true, 'logs are cut');
    for (let stopAt = 1; stopAt < 40; stopAt += 3) {
      let isDone = false;
      round(12, 2, () => {
        let effects = -1;
        s.at(1, 'truncating', () => {
          effects = 0;
        });
        s.at(1, 'truncated', () => {
          isDone = true;
        });
        disk.onEffect = () => {
          if (effects < 0 || isDone || ++effects < stopAt) return;
          disk.onEffect = () => {};
          s.powerLoss(1);
          s.world.ensemble.scheduler.after(100_000, undefined, () => s.start(1));
          throw new s.DeadProcess('at an effect');
        };
      });
      disk.onEffect = () => {};
      if (isDone) break;
    }
    s.write('/a', 'in the end');
    s.expect(s.read('/a'), 'in the end', '/a');
  },
};
