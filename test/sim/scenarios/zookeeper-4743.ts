import type { Scenario } from '../script/script.ts';
import { FAR_DATA, FAR_PARENT } from '../world/far-counters.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4743',
  about: 'the version of a node passes 2^31, and -1, where every version is the right one',
  voters: 3,
  mutant: 'stop at the last version',
  play(s) {
    s.begin();
    s.create(FAR_PARENT);
    s.create(FAR_DATA);
    s.itBegins();
    const versions: (number | undefined)[] = [];
    for (let i = 0; i < 12; i++) {
      const before = s.do({ op: 'get', path: FAR_DATA, watch: false }).stat?.version;
      const { stat } = s.do({ op: 'setData', path: FAR_DATA, data: `${i}`, version: i % 2 === 0 ? -1 : (before ?? 0) });
      versions.push(stat?.version);
    }
    s.expect(
      versions.some((version) => version === -1),
      true,
      'a version of -1',
    );
    s.powerLoss(1, 2, 3);
    s.start(1, 2, 3);
    s.untilServing();
    s.do({ op: 'setData', path: FAR_DATA, data: 'last', version: -1 });
  },
};
