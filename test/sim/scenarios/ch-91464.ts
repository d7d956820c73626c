import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'CH-91464',
  about: 'a wiped peer with the highest id does not lead those who have a history',
  voters: 3,
  mutant: 'let a wiped voter count',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    s.write('/a', 'still');
    s.wipe(3);
    s.kill(1, 2);
    s.start(3, 1);
    s.run(30_000);
    s.start(2);
    s.untilServing();
    s.expect(s.leader === 3, false, 'the wiped peer leads');
    s.expect(s.read('/a'), 'still', '/a');
  },
};
