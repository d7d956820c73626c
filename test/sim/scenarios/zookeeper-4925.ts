import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4925',
  about: 'who was synchronised by DIFF synchronises the next one by DIFF, without a hole',
  voters: 3,
  mutant: 'forget the committed transactions in memory in a DIFF',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    for (let i = 0; i < 5; i++) s.write('/a', `first ${i}`);
    s.kill(2);
    s.start(1);
    s.untilServing();
    for (let i = 0; i < 5; i++) s.write('/a', `second ${i}`);
    // 1 came by DIFF, and has more than 2; it leads now.
    s.kill(3);
    s.start(2);
    s.untilServing();
    s.expect(s.leader, 1, 'the leader');
    s.expect(s.read('/a'), 'second 4', '/a');
  },
};
