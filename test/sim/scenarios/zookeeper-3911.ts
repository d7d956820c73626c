import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3911',
  about: 'what a leader brought to its followers is on their disks before it serves',
  voters: 3,
  mutant: 'acknowledge before the sync',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    const lonely = s.addClient('lonely', 3);
    s.until('a connection', () => lonely.isConnected);
    s.isolate(3);
    s.ask({ op: 'setData', path: '/a', data: 'new', version: -1 }, lonely);
    s.run(100);
    s.kill(1, 2, 3);
    s.heal();
    // Only 3 has the transaction; it leads again and brings it to the others, which makes it decided.
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.leader, 3, 'the leader');
    s.powerLoss(1, 2, 3);
    s.start(1, 2);
    s.untilServing();
    s.expect(s.read('/a'), 'new', '/a');
  },
};
