import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2959',
  about: 'a leader with observers and no voter beside it does not lead',
  voters: 3,
  observers: 2,
  mutant: 'count observers in a quorum',
  play(s) {
    s.begin();
    s.create('/a');
    const voters = [1, 2, 3].filter((sid) => sid !== s.leader);
    s.kill(...voters);
    s.run(10_000);
    s.expect(s.leader, 0, 'the leader');
    s.start(...voters);
    s.untilServing();
    s.write('/a', 'new');
  },
};
