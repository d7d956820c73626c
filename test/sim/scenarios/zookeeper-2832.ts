import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2832',
  about: 'a follower that logged what was never decided is cut back by a leader with less',
  voters: 3,
  mutant: 'let a learner keep what was never decided',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.do({ op: 'sync', path: '/' });
    const lonely = s.addClient('lonely', 3);
    s.until('a connection', () => lonely.isConnected);
    s.isolate(3);
    s.ask({ op: 'setData', path: '/a', data: 'lost', version: -1 }, lonely);
    s.run(100);
    s.kill(3);
    s.heal();
    s.until('another leader', () => s.leader === 2);
    s.start(3);
    s.untilServing();
    s.expect(s.read('/a'), 'old', '/a');
  },
};
