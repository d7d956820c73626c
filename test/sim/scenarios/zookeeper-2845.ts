import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2845',
  about: 'what a leader logged alone does not come back after its restart',
  voters: 3,
  mutant: 'let a learner keep what was never decided',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.do({ op: 'sync', path: '/' });
    s.writeAlone(3, 'lost');
    s.run(4000);
    s.until('another leader', () => s.leader === 2);
    s.heal();
    s.untilServing();
    s.write('/a', 'new');
    s.kill(3);
    s.start(3);
    s.untilServing();
    s.expect(s.read('/a'), 'new', '/a');
  },
};
