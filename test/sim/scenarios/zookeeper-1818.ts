import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1818',
  about:
    'peers restart in a settled ensemble and are back soon, also when the votes of those who settled differ for good',
  voters: 5,
  mutant: 'compare all of the votes of who is settled',
  play(s) {
    s.begin(5);
    s.create('/a');
    s.isolate(5);
    s.until('another leader', () => s.leader === 4, 10_000);
    s.heal();
    s.untilServing();
    for (const sid of [1, 2, 3, 5, 1, 3]) {
      s.kill(sid);
      s.write('/a', `${sid}`);
      s.start(sid);
      s.until(`${sid} to serve`, () => s.isServing(sid), 5000);
      s.expect(s.leader, 4, 'the leader');
    }
    // One follows who came by another way, with the zxid and the round of then.
    s.kill(1, 5);
    const { network } = s.world.ensemble;
    network.partition([s.view(1).machine.host], [s.view(3).machine.host]);
    const other = s.impostor(5);
    const epoch = s.view(4).currentEpoch;
    const word = { state: 'following', leader: 4, zxid: 0x100000001 as Zxid, round: 77n, peerEpoch: epoch } as const;
    other.onWord = (from, { state }) => {
      if (state === 'looking') other.say(from, notificationOf('today', word));
    };
    s.start(1);
    s.run(50);
    other.connect(1);
    s.until('1 to serve', () => s.isServing(1), 5000);
    other.stranger.kill();
  },
};
