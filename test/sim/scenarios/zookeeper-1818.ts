import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1818',
  about: 'one peer after another restarts in a settled ensemble and is back soon',
  voters: 5,
  play(s) {
    s.begin(5);
    s.create('/a');
    for (const sid of [1, 2, 3, 4, 1, 3]) {
      s.kill(sid);
      s.write('/a', `${sid}`);
      s.start(sid);
      s.until(`${sid} to serve`, () => s.view(sid).machine.peer?.server.isServing === true, 5000);
      s.expect(s.leader, 5, 'the leader');
    }
  },
};
