import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4643',
  about: 'a follower loses power when it has taken the epoch and before anything else',
  voters: 3,
  mutant: 'write currentEpoch before the transactions are on disk',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.kill(1);
    for (let i = 0; i < 5; i++) s.write('/a', `new ${i}`);
    s.kill(2, 3);
    const crash = s.crashAt(1, 'currentEpoch');
    s.start(1, 3);
    s.until('the crash of the follower', () => crash.happened);
    // Were its epoch newer than its log, it would win against 2, which has everything.
    s.powerLoss(3);
    s.start(1, 2);
    s.untilServing();
    s.expect(s.read('/a'), 'new 4', '/a');
  },
};
