import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4785',
  about: 'a follower is bounced when it was given undecided proposals with its synchronisation and acknowledged them',
  voters: 3,
  mutant: 'acknowledge before the sync',
  play(s) {
    s.begin();
    s.create('/a', 'old');
    for (let round = 0; round < 4; round++) {
      const { leader } = s;
      const [follower, slow] = s.followers as [number, number];
      const writer = s.addClient(`writer ${round}`, leader);
      s.until('a connection', () => writer.isConnected);
      s.kill(follower);
      s.slowDisk(2500, slow);
      // Nothing of this is decided before the follower has it.
      const ops = s.flood('/a', 5, writer);
      s.slowDisk(600, follower);
      s.start(follower);
      s.until('the answers', () => ops.every((op) => op.result !== undefined));
      s.expect(s.leader, leader, 'the leader');
      s.powerLoss(follower);
      s.kill(leader);
      s.slowDisk(0.5, follower);
      s.powerLoss(slow);
      s.slowDisk(0.5, slow);
      s.start(follower, slow);
      s.untilServing();
      s.expect(s.read('/a'), '4', '/a');
      s.start(leader);
      s.untilServing();
    }
    for (const moment of ['newLeader', 'synced', 'ack', 'serving'] as const) {
      const [follower] = s.followers as [number];
      s.kill(follower);
      for (let i = 0; i < 5; i++) s.write('/a', `${moment} ${i}`);
      s.flood('/a', 20);
      const crash = s.crashAt(follower, moment);
      s.start(follower);
      s.flood('/a', 20);
      s.until(`a crash at ${moment}`, () => crash.happened);
      s.run(100);
      s.start(follower);
      s.untilServing();
    }
  },
};
