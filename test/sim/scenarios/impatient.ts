import { PacketType } from '../../../src/zab/packets.ts';
import { dialLeader, introduce, ScriptedVoter } from '../neighbour.ts';
import type { Scenario } from '../script.ts';

const PATIENCE_MS = 1500;

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4753',
  about: 'a leader nobody comes to gives up early when a voter looks again, and not when one has come',
  voters: 3,
  config: { 'leader.maxTimeToWaitForEpoch': PATIENCE_MS },
  play(s) {
    s.begin();
    s.create('/node');
    s.untilServing();
    s.kill(1, 2, 3);
    s.start(3);
    const voter = new ScriptedVoter(s, 1, []);
    const log = s.listen(3);
    const isElected = (): boolean => log.lines.some((line) => line.includes('elected'));
    const isOver = (): boolean => log.lines.some((line) => /voter 1 looks for another leader/.test(line));

    s.until('an election', isElected);
    s.run(PATIENCE_MS / 2);
    voter.look();
    s.run(50);
    s.expect(isOver(), false, 'whether it gave up so early');
    s.run(PATIENCE_MS);
    voter.look();
    s.run(50);
    s.expect(isOver(), true, 'whether it gave up');

    log.lines.length = 0;
    s.until('an election', isElected);
    const link = dialLeader(s, 3);
    introduce(link, { sid: 1 });
    link.next(PacketType.leaderInfo, 'LEADERINFO');
    s.run(PATIENCE_MS * 1.5);
    voter.look();
    s.run(50);
    s.expect(isOver(), false, 'whether it gave up with a voter');
    log.stop();
    voter.stop();
    s.start(1, 2);
    s.untilServing();
    // A leader that leads bears with those who look.
    const [follower = 1] = s.followers;
    s.restart(follower);
    s.untilServing();
  },
};
