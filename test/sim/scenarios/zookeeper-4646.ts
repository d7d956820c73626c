import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4646',
  about: 'a quorum of followers loses power in the moment it acknowledges NEWLEADER',
  voters: 3,
  mutant: 'acknowledge before the sync',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.kill(1);
    s.write('/a', 'new');
    s.kill(2, 3);
    const first = s.crashAt(1, 'ack');
    s.start(1, 3);
    s.until('the crash of the follower', () => first.happened);
    s.run(100);
    s.powerLoss(3);
    s.start(1, 2);
    s.untilServing();
    s.expect(s.read('/a'), 'new', '/a');
  },
};
