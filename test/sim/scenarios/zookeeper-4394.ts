import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4394',
  about: 'commits that arrive around NEWLEADER for proposals that came before it (ZOOKEEPER-962, ZOOKEEPER-882)',
  voters: 3,
  mutant: 'leave out what is proposed while a learner is synchronised',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let round = 0; round < 5; round++) {
      s.kill(1);
      s.flood('/a', 10);
      s.start(1);
      // A slow second disk keeps proposals open while 1 is synchronised.
      s.view(2).machine.disk.timing = { writeMs: 0.02, syncMs: 20, slowSyncOneIn: 0, slowSyncMs: 0 };
      for (let i = 0; i < 30; i++) {
        s.flood('/a', 2);
        s.run(2);
      }
      s.untilServing();
    }
    s.expect(s.leader, 3, 'the leader');
  },
};
