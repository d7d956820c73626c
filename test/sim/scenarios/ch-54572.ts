import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'CH-54572',
  about: 'a leader with a queue of its own is brought back by a snapshot, and applies nothing of the queue',
  voters: 3,
  config: { snapshotSizeFactor: '-1', snapCount: 4 },
  recentBytes: 1,
  mutant: 'carry what one role had on its way into the next',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    const lonely = s.addClient('lonely', 3);
    s.until('a connection', () => lonely.isConnected);
    s.isolate(3);
    // Some of it gets to its disk, some does not.
    s.slowDisk(200, 3);
    s.flood('/a', 30, lonely);
    s.run(4000);
    s.until('another leader', () => s.leader === 2);
    for (let i = 0; i < 20; i++) s.write('/a', `new ${i}`);
    const { snap } = s.syncs;
    s.heal();
    s.untilServing();
    s.expect(s.syncs.snap, snap + 1, 'synchronisations by SNAP');
    s.slowDisk(0.5, 3);
    s.expect(s.read('/a'), 'new 19', '/a');
    s.powerLoss(3);
    s.start(3);
    s.untilServing();
    s.expect(s.read('/a'), 'new 19', '/a');
  },
};
