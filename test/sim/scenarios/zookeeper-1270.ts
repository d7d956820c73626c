import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1270',
  about:
    'a follower has come so far with an epoch when it dies with the leader, and then meets one that knows nothing of it (ZOOKEEPER-1343)',
  voters: 3,
  mutant: 'take what was accepted for the next epoch',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (const moment of ['acceptedEpoch', 'newLeader', 'currentEpoch', 'ack', 'serving'] as const) {
      s.kill(1, 2, 3);
      const crash = s.crashAt(1, moment, 'killed');
      s.start(1, 3);
      s.until(`the end of 1 at ${moment}`, () => crash.happened, 15_000);
      s.kill(3);
      s.start(1, 2);
      s.until('a leader of a later epoch', () => s.leader !== 0, 4000);
      s.write('/a', moment);
      s.start(3);
      s.untilServing();
    }
  },
};
