import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2832',
  about: 'a follower that logged what was never decided is cut back by a leader with less',
  voters: 3,
  mutant: 'let a learner keep what was never decided',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.kill(1);
    // Nobody answers for it but 2, which loses power with it.
    s.isolate(3);
    s.kill(3);
    s.heal();
    s.start(1);
    s.untilServing();
    const { leader } = s;
    const other = leader === 1 ? 2 : 1;
    s.crashAt(other, 'ack');
    s.ask({ op: 'setData', path: '/a', data: 'maybe', version: -1 });
    s.run(3000);
    s.kill(leader);
    s.start(3, other);
    s.untilServing();
    s.write('/a', 'new');
    s.start(leader);
    s.untilServing();
    s.expect(s.read('/a'), 'new', '/a');
  },
};
