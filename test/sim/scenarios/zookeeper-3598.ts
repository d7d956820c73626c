import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3598',
  about: 'a role ends, or the server is stopped, while writes are on the disk and not yet in the tree: they get there',
  voters: 3,
  mutant: 'forget what is on the disk and not in the tree when a role ends',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let round = 0; round < 6; round++) {
      const { leader } = s;
      // They have it on their disks, and nobody tells them that it is decided.
      const [follower, other] = s.followers as [number, number];
      s.slowDisk(300, leader, other);
      const ops = s.flood('/a', 20);
      s.run(100);
      s.expect(s.view(follower).durable > s.view(follower).tip, true, 'its disk is ahead of its tree');
      if (round % 2 === 0) s.kill(leader);
      else s.breakStreams(leader, follower);
      s.run(3000);
      s.slowDisk(0.5, leader, other);
      s.start(leader);
      s.untilServing();
      const { machine } = s.view(follower);
      s.flood('/a', 20);
      s.run(2);
      machine.stop(() => machine.start());
      s.until('its return', () => machine.isUp && machine.peer?.server.isServing === true);
      s.untilServing();
      s.expect(
        ops.every((op) => op.result === undefined || op.result.err === 0),
        true,
        'every answer is a good one',
      );
      s.write('/a', `${round}`);
    }
    s.expect(s.read('/a'), '5', '/a');
  },
};
