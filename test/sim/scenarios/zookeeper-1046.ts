import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1046',
  about: 'sequential names go on where they were, over deletes, snapshots and crashes',
  voters: 3,
  config: { snapCount: 4 },
  mutant: 'name sequential nodes by the number of children',
  play(s) {
    s.begin();
    s.create('/q');
    const seen = new Set<string>();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 4; i++) {
        const { path } = s.do({ op: 'create', path: '/q/n', data: '', flags: 2 });
        s.expect(path !== undefined && !seen.has(path), true, `a new name, not ${path}`);
        seen.add(path ?? '');
        s.do({ op: 'delete', path: path ?? '', version: -1 });
      }
      s.powerLoss(1, 2, 3);
      s.start(1, 2, 3);
      s.untilServing();
    }
  },
};
