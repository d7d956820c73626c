import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-975',
  about:
    'a joiner hears from a quorum whom it follows, and that one is gone: it follows nobody who does not say so itself',
  voters: 5,
  mutant: 'believe those who follow',
  play(s) {
    s.begin(5);
    s.create('/a');
    s.kill(1);
    const decisions = s.said(1, 'the election is over leader=5');
    s.powerLoss(5);
    s.start(1);
    s.run(1500);
    s.expect(s.said(1, 'the election is over leader=5'), decisions, 'decisions for the one that is gone');
    s.until('another leader', () => s.leader === 4, 10_000);
    s.write('/a', 'new');
  },
};
