import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2307',
  about: 'power goes between the writes of the two epochs (ZOOKEEPER-2354, ZOOKEEPER-1387, ZOOKEEPER-4269)',
  voters: 3,
  mutant: 'skip the sync of the directory after a rename',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    for (const moment of ['acceptedEpoch', 'currentEpoch'] as const) {
      for (const sid of [1, 2, 3]) {
        s.kill(1, 2, 3);
        const crash = s.crashAt(sid, moment);
        s.start(1, 2, 3);
        s.until(`a crash at ${moment}`, () => crash.happened);
        s.run(500);
        s.start(sid);
        s.untilServing();
        s.expect(s.read('/a'), 'kept', '/a');
      }
    }
  },
};
