import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1319',
  about: 'all restart, two more come to them, and the data and the ephemerals that live are there (ZOOKEEPER-1367)',
  voters: 5,
  config: { snapCount: 4 },
  mutant: 'skip at replay what the sessions of the snapshot created',
  play(s) {
    s.start(1, 2, 3);
    s.untilServing();
    s.create('/a');
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 7; i++) s.create(`/n${round}.${i}`, 'kept');
      s.do({ op: 'create', path: `/e${round}`, data: '', flags: 1 });
      s.powerLoss(1, 2, 3, 4, 5);
      // The second time two disks join that never were part of it.
      s.start(1, 2, 3);
      if (round > 0) s.start(4, 5);
      s.untilServing();
    }
    const { children } = s.do({ op: 'children', path: '/', watch: false });
    s.expect(children?.length, 1 + 1 + 21 + 3, 'children of the root');
    for (const view of s.world.observer.views) {
      const near = s.addClient(`near ${view.sid}`, view.sid);
      s.expect(s.read('/n2.6', near), 'kept', '/n2.6');
      for (let round = 0; round < 3; round++) {
        const { err } = s.do({ op: 'exists', path: `/e${round}`, watch: false }, near);
        s.expect(err, 0, `the ephemeral of round ${round} at ${view.sid}`);
      }
    }
  },
};
