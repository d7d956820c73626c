import type { PeerState } from '../../../src/election/voting/notification.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3537',
  about: 'two follow, one of them looks again, and only then the leader says that it leads: that is a quorum of nobody',
  voters: 5,
  mutant: 'count who looks again among those who follow',
  play(s) {
    s.begin();
    s.create('/a');
    s.kill(1, 2, 3, 4, 5);
    const others = [3, 4, 5].map((sid) => s.impostor(sid));
    const decisions = s.said(1, 'the election is over');
    s.start(1);
    s.run(50);
    for (const other of others) other.connect(1);
    const say = (sid: number, state: PeerState, leader: number): void => {
      const word = { state, leader, zxid: 0x100000000 as Zxid, round: 1n, peerEpoch: 1 };
      others[sid - 3]?.say(1, notificationOf('today', { ...word, round: state === 'looking' ? 9n : 1n }));
      s.run(300);
    };
    say(3, 'following', 5);
    say(4, 'following', 5);
    say(3, 'looking', 3);
    // The leader is no voter, and an observer does not vote.
    say(4, 'looking', 99);
    say(4, 'observing', 5);
    say(4, 'following', 5);
    say(5, 'leading', 5);
    s.run(1000);
    s.expect(s.said(1, 'the election is over'), decisions, 'decisions');
    for (const other of others) other.stranger.kill();
  },
};
