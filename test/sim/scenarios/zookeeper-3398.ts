import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3398',
  about: 'who follows cannot reach the port of its leader: it looks again after a while, and nobody waits for it',
  voters: 3,
  config: { initLimit: 6 },
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    const { machine } = s.view(1);
    const { network } = s.world.ensemble;
    const { onLine } = machine;
    let hasCut = false;
    machine.onLine = (line) => {
      onLine(line);
      // The election went over the same cable, so it is cut behind it.
      if (!hasCut && line.includes('elected')) network.cut(machine.host, s.view(3).machine.host);
      hasCut ||= line.includes('elected');
    };
    s.start(1);
    s.until('the end of its election', () => hasCut, 5000);
    s.until('the end of its role', () => s.said(1, 'role over') > 0, 8000);
    s.write('/a', 'new');
    s.expect(s.leader, 3, 'the leader');
    s.heal();
    s.until('the follower', () => s.isServing(1), 15_000);
  },
};
