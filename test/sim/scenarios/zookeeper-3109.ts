import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3109',
  about: 'who has nothing, and votes for itself in one new round after the other, keeps nobody from deciding',
  voters: 3,
  mutant: 'reopen a decision for any vote',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1, 2, 3);
    const restless = s.impostor(3);
    s.start(1, 2);
    s.run(50);
    restless.connect(1);
    restless.connect(2);
    for (let round = 2n; round < 60n && s.leader === 0; round++) {
      const word = { state: 'looking', leader: 3, zxid: 0 as Zxid, round, peerEpoch: 0 } as const;
      for (const sid of [1, 2]) restless.say(sid, notificationOf('today', word));
      s.run(100);
    }
    s.expect(s.leader, 2, 'the leader');
    restless.stranger.kill();
  },
};
