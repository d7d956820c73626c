import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4646',
  about: 'the follower that makes the quorum loses power right after it has acknowledged NEWLEADER',
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
      s.slowDisk(400, follower);
      const { scheduler } = s.world.ensemble;
      const ack = s.at(follower, 'ack', () => {
        scheduler.after(5000, undefined, () => s.powerLoss(follower));
      });
      const established = s.at(leader, 'established', () => {});
      s.start(leader, follower);
      s.until('the loss of power', () => ack.happened && !s.view(follower).machine.isUp);
      s.expect(established.happened, true, 'the leader is established');
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
