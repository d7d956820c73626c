import type { Scenario } from '../script/script.ts';
import { ELECTION_PORT, ScriptedHost } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3829',
  about:
    'a fourth server comes, and goes, by files edited and servers restarted one by one; writes are decided all along (ZOOKEEPER-3830, ZOOKEEPER-3814, ZOOKEEPER-3842)',
  voters: 4,
  play(s) {
    const load = s.addLoad();
    s.votersAre(1, 2, 3);
    for (const sid of [1, 2, 3]) s.configure(sid, [1, 2, 3]);
    s.start(1, 2, 3);
    s.untilServing();
    s.create('/members');
    s.expect(s.leader, 3, 'the leader');

    s.start(4);
    s.untilServing();
    s.write('/members', '3, and one that is not known');
    for (const sid of [1, 2, 3]) {
      s.configure(sid, [1, 2, 3, 4]);
      s.restart(sid);
      if (sid === 3) s.votersAre(1, 2, 3, 4);
      s.untilServing();
      s.write('/members', `4 are known to ${sid}`);
    }

    // And back. The one left knows nothing of the fourth and does not look for it (ZOOKEEPER-3814, ZOOKEEPER-3842).
    s.kill(4);
    s.votersAre(1, 2, 3);
    for (const sid of [1, 2, 3]) {
      s.configure(sid, [1, 2, 3]);
      s.restart(sid);
      s.untilServing();
      s.write('/members', `3 are known to ${sid}`);
    }
    const { network, scheduler } = s.world.ensemble;
    network.setPower(s.view(4).machine.host, true);
    const listener = new ScriptedHost(network, scheduler, 'in its place', s.view(4).machine.host);
    listener.listen(ELECTION_PORT);
    s.kill(s.leader);
    s.untilServing();
    s.run(5000);
    s.expect(listener.accepted.length, 0, 'connections to who is gone');
    listener.kill();
    s.expect(load.isServed, true, 'the load is served');

    s.configure(4, [1, 2, 3], [4]);
    for (const sid of [1, 2, 3]) {
      s.configure(sid, [1, 2, 3], [4]);
      if (s.view(sid).machine.isUp) s.restart(sid);
      else s.start(sid);
      s.untilServing();
    }
    s.start(4);
    s.untilServing();
    s.write('/members', 'and an observer');
  },
};
