import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'an epoch without a transaction',
  about:
    'its leader is lost before it proposes anything: who has a longer tail of the epoch before does not come to lead with it',
  voters: 3,
  mutant: 'compare votes without the epoch',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    const reader = s.addClient('reader');
    const lonely = s.addClient('lonely', 3);
    s.until('connections', () => reader.isConnected && lonely.isConnected);
    s.isolate(3);
    for (let i = 0; i < 3; i++) s.ask({ op: 'setData', path: '/a', data: 'never decided', version: -1 }, lonely);
    s.until('another leader', () => s.leader === 2, 10_000);
    s.until('the reader', () => reader.isConnected, 5000);
    // It is told a zxid of the new epoch.
    s.expect(s.read('/a', reader), 'old', '/a');
    s.expect(s.view(2).logTip, s.view(1).logTip, 'nothing was proposed');
    s.powerLoss(2);
    s.heal(true);
    s.until('a leader', () => s.leader !== 0, 15_000);
    s.expect(s.leader, 1, 'the leader');
    s.expect(s.read('/a', reader), 'old', '/a');
    s.untilServing();
  },
};
