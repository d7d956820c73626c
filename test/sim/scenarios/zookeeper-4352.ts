import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4352',
  about: 'a leader that has a snapshot and nothing in memory or in its log brings all of it to a newcomer',
  voters: 3,
  observers: 1,
  config: { snapCount: 4, snapshotSizeFactor: '100' },
  mutant: 'take an empty memory for a history that begins there',
  play(s) {
    s.begin();
    s.create('/a');
    // The observer has been there once, with next to nothing.
    s.kill(4);
    for (let i = 0; i < 40; i++) s.write('/a', `${i}`);
    const [one, two] = s.followers as [number, number];
    for (const sid of [one, two]) {
      s.wipe(sid);
      s.start(sid);
      s.untilServing();
    }
    // The history that leads now came by a SNAP to an empty disk: a snapshot, no log, no transaction in memory, and
    // none in its epoch.
    s.kill(s.leader);
    s.until('another leader', () => s.leader !== 0);
    s.expect(s.files(s.leader, 'log.').length, 0, 'log files of the leader');
    const { snap } = s.syncs;
    s.start(4);
    s.untilServing();
    s.expect(s.syncs.snap, snap + 1, 'synchronisations by SNAP');
    const near = s.addClient('near', 4);
    s.expect(s.read('/a', near), '39', '/a');
    s.write('/a', 'new');
    s.expect(s.read('/a', near), 'new', '/a');
  },
};
