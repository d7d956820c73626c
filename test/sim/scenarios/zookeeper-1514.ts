import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1514',
  about: 'a joiner comes from a round far above the one in which the others settled',
  voters: 3,
  mutant: 'join only in the own round',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    s.isolate(1);
    const { network } = s.world.ensemble;
    const ahead = s.impostor(2);
    s.start(1);
    s.run(50);
    ahead.connect(1);
    const word = { state: 'looking', leader: 2, zxid: 0 as Zxid, round: 50n, peerEpoch: 0 } as const;
    ahead.say(1, notificationOf('today', word));
    s.run(1000);
    s.expect(s.electionOf(1).currentVote.round, 50n, 'its round');
    ahead.stranger.kill();
    network.setName('zk2', { address: s.view(2).machine.host.address });
    s.heal();
    s.until('the joiner', () => s.isServing(1), 10_000);
    s.expect(s.leader, 3, 'the leader');
    s.write('/a', 'new');
  },
};
