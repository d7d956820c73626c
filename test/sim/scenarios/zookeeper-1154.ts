import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1154',
  about:
    'those with the highest zxid are there early, late or in between when a leader is elected, and nothing is lost',
  voters: 3,
  mutant: 'compare votes without the zxid',
  play(s) {
    s.begin();
    s.create('/a');
    const orders = [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ] as const;
    for (const order of orders) {
      // 3 would win every election but for what it lacks.
      s.kill(3);
      s.write('/a', order.join());
      s.kill(1, 2);
      for (const at of order) {
        s.start(at + 1);
        s.run(300);
      }
      s.untilServing();
      s.expect(s.read('/a'), order.join(), '/a');
    }
  },
};
