import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1732',
  about: 'a joiner needs the word of a follower so old that its vote has no epoch (ZOOKEEPER-1805)',
  voters: 5,
  mutant: 'compare the epochs of votes that have none',
  play(s) {
    s.start(2, 3, 4);
    s.untilServing();
    s.create('/a');
    const { network } = s.world.ensemble;
    network.partition([s.view(1).machine.host], [s.view(3).machine.host]);
    const old = s.impostor(5);
    const word = { state: 'following', leader: 4, zxid: 0 as Zxid, round: 7n, peerEpoch: 0 } as const;
    old.onWord = (from, { state }) => {
      if (state === 'looking') old.say(from, notificationOf(28, word));
    };
    s.start(1);
    s.run(300);
    old.connect(1);
    s.until('the joiner', () => s.isServing(1), 5000);
    s.expect(s.leader, 4, 'the leader');
    old.stranger.kill();
  },
};
