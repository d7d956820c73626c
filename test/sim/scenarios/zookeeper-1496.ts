import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1496',
  about: 'a session is closed while the leader changes, and its ephemerals go',
  voters: 3,
  mutant: 'never delete an ephemeral',
  play(s) {
    s.begin(3);
    s.create('/a');
    const leaving = s.addClient('leaving', 1);
    s.do({ op: 'create', path: '/e', data: '', flags: 1 }, leaving);
    s.ask({ op: 'close' }, leaving);
    leaving.stop();
    s.kill(3);
    s.untilServing();
    s.start(3);
    s.untilServing();
    s.until('the end of the ephemeral', () => s.do({ op: 'exists', path: '/e', watch: false }).err !== 0);
  },
};
