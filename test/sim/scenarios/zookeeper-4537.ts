import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4537',
  about: 'one client with one write at a time is never kept waiting for somebody else',
  voters: 3,
  mutant: 'apply a decision when the next one comes',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let i = 0; i < 200; i++) {
      const op = s.ask({ op: 'setData', path: '/a', data: `${i}`, version: -1 });
      s.until('the answer', () => op.result !== undefined, 200);
    }
  },
};
