import { BAD_REQUESTS, UNKNOWN_REQUESTS } from '../clients/bad-requests.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'RK-400',
  about: 'requests that no library sends, a multi with an unknown operation among them: each fails, alone',
  voters: 3,
  observers: 1,
  mutant: 'pass over what does not fit into a multi',
  play(s) {
    s.begin(3);
    s.create('/k0', 'mine');
    s.itBegins();
    for (const sid of [3, 1, 4]) {
      const client = s.addClient(`client of ${sid}`, sid);
      for (const bad of BAD_REQUESTS) {
        // In a pipeline, so that it waits behind a write and has one behind it.
        const ops = [
          s.ask({ op: 'setData', path: '/k0', data: 'before', version: -1 }, client),
          s.ask(bad, client),
          s.ask({ op: 'setData', path: '/k0', data: bad.what, version: -1 }, client),
        ];
        s.until(`answers around ${bad.what}`, () => ops.every((op) => op.result !== undefined));
        s.expect(ops[1]?.result?.err, bad.err, bad.what);
        s.expect(ops[2]?.result?.err, 0, `the write behind ${bad.what}`);
      }
      for (const bad of UNKNOWN_REQUESTS) s.expect(s.do(bad, client).err, bad.err, bad.what);
    }
    s.expect(s.do({ op: 'exists', path: '/never', watch: false }).err, -101, 'what none of them may make');
  },
};
