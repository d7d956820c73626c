import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'the file initialize',
  about: "two of three start for the first time, one with the operator's word: they do not wait for the third",
  voters: 3,
  play(s) {
    for (const sid of [1, 2]) s.view(sid).machine.disk.put('/data/initialize', Buffer.alloc(0));
    s.itBegins();
    s.start(1, 2);
    s.until('a leader', () => s.leader !== 0, 1500);
    s.create('/a');
    for (const sid of [1, 2]) {
      s.expect(s.view(sid).machine.disk.list('/data').includes('initialize'), false, 'the file is still there');
    }
    s.start(3);
    s.until('the third', () => s.isServing(3), 5000);
  },
};
