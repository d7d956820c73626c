import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2832',
  about: 'a follower that logged what was never decided is cut back by a leader with less',
  voters: 5,
  mutant: 'let a learner keep what was never decided',
  play(s) {
    s.begin(5);
    s.create('/a', 'old');
    s.do({ op: 'sync', path: '/' });
    const lonely = s.addClient('lonely', 5);
    s.until('a connection', () => lonely.isConnected);
    s.partition([4, 5], [1, 2, 3]);
    s.ask({ op: 'setData', path: '/a', data: 'lost', version: -1 }, lonely);
    s.run(100);
    const decided = s.view(1).logTip;
    s.expect(s.view(4).logTip > decided, true, 'the follower has more');
    s.kill(4, 5);
    s.heal(true);
    s.until('another leader', () => s.leader === 3);
    const { trunc } = s.syncs;
    const cut = s.at(4, 'truncating', () => s.expect(s.view(4).changingTo, decided, 'where it is cut'));
    s.start(4);
    s.untilServing();
    s.expect(cut.happened, true, 'a cut');
    s.expect(s.syncs.trunc, trunc + 1, 'synchronisations by TRUNC');
    s.start(5);
    s.untilServing();
    s.expect(s.read('/a'), 'old', '/a');
  },
};
