import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3144',
  about: 'snapshots are taken while sessions begin and end, and power goes',
  voters: 3,
  config: { snapCount: 4 },
  mutant: 'keep closed sessions in the table',
  play(s) {
    s.begin();
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 6; i++) {
        const passing = s.addClient(`passing ${round}.${i}`);
        s.do({ op: 'create', path: `/e${round}.${i}`, data: '', flags: 1 }, passing);
        passing.stop();
        if (i % 2 === 0) s.do({ op: 'close' }, passing);
        else passing.client.kill();
      }
      s.powerLoss(1, 2, 3);
      s.start(1, 2, 3);
      s.untilServing();
    }
    s.until(
      'the end of all ephemerals',
      () => s.do({ op: 'children', path: '/', watch: false }).children?.length === 1,
    );
  },
};
