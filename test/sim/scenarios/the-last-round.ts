import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'the last round',
  about: 'somebody says the largest round there is: the elections after it go on, in rounds below zero and above',
  voters: 3,
  play(s) {
    s.itBegins();
    const other = s.impostor(3);
    s.start(1, 2);
    for (const sid of [1, 2]) other.connect(sid);
    s.run(300);
    const word = { state: 'looking', leader: 3, zxid: 0 as Zxid, round: 2n ** 63n - 1n, peerEpoch: 0 } as const;
    for (const sid of [1, 2]) other.say(sid, notificationOf('today', word));
    s.run(100);
    other.stranger.kill();
    s.world.ensemble.network.setName('zk3', { address: s.view(3).machine.host.address });
    s.untilServing();
    s.create('/a');
    // The next election is in the smallest round; who begins anew is in the first, and takes the others there.
    for (const sid of [1, 2, 3]) {
      s.kill(sid);
      s.start(sid);
      s.untilServing();
      s.create(`/b${sid}`);
    }
  },
};
