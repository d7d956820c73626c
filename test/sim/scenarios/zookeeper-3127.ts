import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3127',
  about: 'snapshots between multis, and power goes',
  voters: 3,
  config: { snapCount: 4 },
  mutant: 'apply a failed multi in part',
  play(s) {
    s.begin();
    s.create('/a');
    s.create('/b');
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 8; i++) {
        const data = `${round}.${i}`;
        const parts = ['/a', '/b'].map((path) => ({ op: 'setData', path, data, version: -1 }) as const);
        s.do({ op: 'multi', parts });
        s.ask({ op: 'multi', parts: [...parts, { op: 'check', path: '/a', version: 0 }] });
      }
      s.powerLoss(1, 2, 3);
      s.start(1, 2, 3);
      s.untilServing();
      s.expect(s.read('/a'), s.read('/b'), '/a and /b');
    }
  },
};
