import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4785',
  about: 'a follower is bounced in the middle of a DIFF with undecided proposals behind it',
  voters: 3,
  mutant: 'never write currentEpoch',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (const moment of ['newLeader', 'synced', 'ack', 'serving'] as const) {
      s.kill(1);
      for (let i = 0; i < 5; i++) s.write('/a', `${moment} ${i}`);
      s.flood('/a', 20);
      const crash = s.crashAt(1, moment);
      s.start(1);
      s.flood('/a', 20);
      s.until(`a crash at ${moment}`, () => crash.happened);
      s.run(100);
      s.start(1);
      s.untilServing();
    }
  },
};
