import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-261',
  about: 'one disk after another is lost, and no empty peer leads',
  voters: 3,
  mutant: 'let a wiped voter count',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    // 1 misses what is decided; then 2 loses its disk, 3 is away, and the two meet.
    s.kill(1);
    s.write('/a', 'kept');
    s.wipe(2);
    s.kill(3);
    s.start(1, 2);
    s.run(30_000);
    s.expect(s.leader, 0, 'the leader');
    s.start(3);
    s.untilServing();
    s.expect(s.read('/a'), 'kept', '/a');
  },
};
