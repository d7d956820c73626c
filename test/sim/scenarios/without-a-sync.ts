import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'without a sync',
  about: 'forceSync=no: nothing is synced, servers are killed and restarted, and no machine loses power',
  voters: 3,
  config: { forceSync: 'no', snapCount: 20 },
  mutant: 'leave the torn end of the log',
  play(s) {
    s.begin(3);
    s.create('/a');
    let syncs = 0;
    for (const sid of [1, 2, 3]) {
      s.view(sid).machine.disk.onEffect = ({ kind, path }) => {
        if (kind === 'sync' && path.includes('/log.')) syncs++;
      };
    }
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 30; i++) s.write('/a', `${round}.${i}`);
      for (const sid of [1, 2, 3])
        s.view(sid).machine.disk.timing = { writeMs: 4, syncMs: 1, slowSyncOneIn: 0, slowSyncMs: 0 };
      s.flood('/a', 10);
      s.run(5);
      s.expect(round > 0 || syncs === 0, true, 'no log was synced');
      s.kill(1, 2, 3);
      s.start(1, 2, 3);
      s.untilServing();
      s.write('/a', `${round}`);
    }
    const { machine } = s.view(1);
    machine.stop(() => machine.start());
    s.until('its return', () => machine.isUp && machine.peer?.server.isServing === true);
    s.expect(s.read('/a'), '5', '/a');
  },
};
