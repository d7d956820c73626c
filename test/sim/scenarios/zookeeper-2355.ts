import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2355',
  about: 'a follower fails while it gets the proposal of a closeSession',
  voters: 3,
  mutant: 'never delete an ephemeral',
  play(s) {
    s.begin(3);
    const leaving = s.addClient('leaving', 2);
    s.do({ op: 'create', path: '/e', data: '', flags: 1 }, leaving);
    s.do({ op: 'exists', path: '/e', watch: false });
    s.ask({ op: 'close' }, leaving);
    leaving.stop();
    s.run(2);
    s.breakStreams(3, 1);
    s.breakStreams(3, 2);
    s.untilServing();
    s.until('the end of the ephemeral', () => s.do({ op: 'exists', path: '/e', watch: false }).err !== 0);
  },
};
