import { storeOf } from '../judges/observer.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a purge while learners read',
  about: 'two learners are sent the log from disk, at different places, while it is purged: what they need is kept',
  voters: 5,
  config: { snapshotSizeFactor: '10000', txnLogSizeLimitInKb: 40, snapCount: 40, 'autopurge.snapRetainCount': 3 },
  recentBytes: 1,
  mutant: 'purge what somebody reads',
  play(s) {
    s.begin(5);
    s.create('/a');
    const filler = 'x'.repeat(20_000);
    const write = (count: number): void => {
      for (let i = 0; i < count; i++) s.write('/a', `${i}${filler}`);
    };
    write(5);
    s.kill(1);
    write(150);
    s.kill(2);
    write(150);
    const { network } = s.world.ensemble;
    const leader = s.view(5).machine;
    for (const sid of [1, 2]) {
      network.setSpeed(leader.host, s.view(sid).machine.host, { minDelayUs: 1000, maxDelayUs: 2000, bytesPerMs: 1000 });
    }
    const { diff, snap } = s.syncs;
    s.start(1, 2);
    const purge = (): void => {
      const { peer } = s.view(5);
      if (peer !== undefined) leader.run(() => storeOf(peer).purge());
      s.run(50);
    };
    s.until('both are sent the log', () => s.syncs.diff >= diff + 2);
    const before = s.files(5, 'log.').length;
    purge();
    s.expect(s.files(5, 'log.').length > before * 0.8, true, 'log files stay while they are read');
    s.run(3000);
    purge();
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.untilServing();
    s.expect(s.syncs.snap, snap, 'synchronisations by SNAP');
    purge();
    s.expect(s.files(5, 'log.').length < before, true, 'log files go when nobody reads them');
    s.expect(s.read('/a'), `149${filler}`, '/a');
  },
};
