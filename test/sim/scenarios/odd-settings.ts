import type { Scenario } from '../script/script.ts';

const ODD =
  'leaderServes=no\nquorumListenOnAllIPs=true\nautopurge.purgeInterval=0\nleader.maxTimeToWaitForEpoch=1000\n';

export const scenario: Scenario = {
  name: 'a leader without clients of its own',
  about: 'with leaderServes=no, no client port, and ports on all addresses it leads, and the others serve',
  voters: 3,
  play(s) {
    s.begin(2);
    s.create('/node');
    s.untilServing();
    s.kill(1, 2, 3);
    s.edit(3, (text) => `${text.replace(/clientPort=.*\n/, '')}${ODD}`);
    s.start(1, 2, 3);
    s.until('service', () => [1, 2].every((sid) => s.view(sid).machine.peer?.server.isServing === true));
    s.expect(s.view(3).machine.mode, 'leader', 'the part of 3');
    s.write('/node', 'through a follower');
    // It is asked for while it leads, which is no reason to stop.
    s.kill(1);
    s.start(1);
    s.until('service', () => [1, 2].every((sid) => s.view(sid).machine.peer?.server.isServing === true));
    s.write('/node', 'once more');
    s.expect(s.view(3).machine.peer?.server.isServing, false, 'whether the leader serves');
    s.kill(3);
    s.configure(3, [1, 2, 3]);
    s.start(3);
    s.untilServing();
  },
};
