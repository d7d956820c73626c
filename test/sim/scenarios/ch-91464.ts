import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'CH-91464',
  about: 'a wiped peer with the highest id does not lead those who have a history',
  voters: 3,
  mutant: 'let a wiped voter count',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.kill(2);
    s.write('/a', 'kept');
    s.kill(1);
    s.wipe(3);
    s.start(3, 2);
    s.run(30_000);
    s.expect(s.leader, 0, 'the leader');
    s.start(1);
    s.untilServing();
    s.expect(s.leader === 3, false, 'the wiped peer leads');
    s.expect(s.read('/a'), 'kept', '/a');
  },
};
