import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3911',
  about: 'what a leader brought to its followers is on their disks before it serves',
  voters: 3,
  mutant: 'acknowledge before the sync',
  play(s) {
    s.begin();
    s.create('/a', 'old');
    for (let round = 0; round < 4; round++) {
      const data = `new ${round}`;
      const { leader } = s;
      const [follower, away] = s.followers as [number, number];
      s.writeAlone(leader, data);
      s.run(100);
      s.kill(1, 2, 3);
      s.heal();
      // Only the leader has it; it leads again and brings it to one other, which makes it decided.
      s.slowDisk(400, follower);
      s.start(leader, follower);
      s.until('the leader', () => s.leader === leader);
      const reader = s.addClient(`reader ${round}`, leader);
      s.expect(s.do({ op: 'get', path: '/a', watch: false }, reader).data, data, 'what the leader shows');
      s.powerLoss(follower);
      s.kill(leader);
      s.slowDisk(0.5, follower);
      s.start(follower, away);
      s.untilServing();
      s.expect(s.read('/a'), data, '/a');
      s.start(leader);
      s.untilServing();
    }
  },
};
