import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a partition longer than patience',
  about: 'a peer looks for a leader over connections on which nothing comes: it replaces them, and is back soon',
  voters: 3,
  observers: 1,
  play(s) {
    s.begin();
    s.create('/a');
    for (const sid of [1, 4]) {
      s.isolate(sid);
      s.run(40_000);
      s.expect(s.said(sid, 'the election connection is silent; a new one replaces it') > 0, true, 'it noticed');
      s.write('/a', `${sid}`);
      s.heal(true);
      s.until('the peer', () => s.isServing(sid), 12_000);
    }
  },
};
