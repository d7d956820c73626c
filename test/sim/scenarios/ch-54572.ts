import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'CH-54572',
  about: 'a leader with a queue of its own is brought back by a snapshot',
  voters: 3,
  config: { snapshotSizeFactor: '-1', snapCount: 4 },
  recentBytes: 1,
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    const lonely = s.addClient('lonely', 3);
    s.until('a connection', () => lonely.isConnected);
    s.isolate(3);
    s.flood('/a', 30, lonely);
    s.run(4000);
    s.until('another leader', () => s.leader === 2);
    for (let i = 0; i < 20; i++) s.write('/a', `new ${i}`);
    s.heal();
    s.untilServing();
    s.expect(s.read('/a'), 'new 19', '/a');
    s.powerLoss(3);
    s.start(3);
    s.untilServing();
    s.expect(s.read('/a'), 'new 19', '/a');
  },
};
