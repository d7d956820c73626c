import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Scenario } from '../script/script.ts';
import { FAR_PARENT } from '../world/far-counters.ts';

export const scenario: Scenario = {
  name: 'kazoo-730',
  about: 'the numbers of sequential nodes end at 2^31 - 1; none is negative, and none comes twice',
  voters: 3,
  mutant: 'let the number of children wrap',
  play(s) {
    s.begin();
    s.create(FAR_PARENT);
    s.itBegins();
    const made: string[] = [];
    for (let round = 0; round < 2; round++) {
      // Several at once: each is judged by what is on its way.
      const ops = Array.from({ length: 6 }, () => s.ask({ op: 'create', path: `${FAR_PARENT}/s`, data: '', flags: 2 }));
      s.until('answers', () => ops.every((op) => op.result !== undefined));
      for (const { result } of ops) made.push(result?.path ?? String(result?.err));
    }
    s.expect(made.at(0), `${FAR_PARENT}/s0000000000`, 'the first');
    s.expect(made.includes(`${FAR_PARENT}/s2147483647`), true, 'the last number there is');
    s.expect(made.at(-1), String(ErrorCode.nodeExists), 'what comes then');
  },
};
