import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-261',
  about: 'one disk after another is lost, and no empty peer leads',
  voters: 3,
  mutant: 'let a wiped voter count',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    for (const sid of [1, 2, 3]) {
      s.wipe(sid);
      // Only one with a history is there beside the empty one, and then the other comes.
      const other = sid === 3 ? 1 : sid + 1;
      s.kill(other);
      s.start(sid);
      s.run(20_000);
      s.start(other);
      s.untilServing();
      s.expect(s.read('/a'), 'kept', '/a');
    }
  },
};
