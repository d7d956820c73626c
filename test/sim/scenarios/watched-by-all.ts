import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'watched by all',
  about:
    'one change is told to more clients of a server at once than it keeps writers for, and all are answered at once, in a turn that is too short for that',
  voters: 3,
  mutant: 'never fire a watch on data',
  play(s) {
    s.begin();
    s.create('/a');
    const many = Array.from({ length: 80 }, (_, i) => s.addClient(`c${i}`, 1, 20_000));
    for (const client of many) s.do({ op: 'get', path: '/a', watch: true }, client);
    s.itBegins();
    s.write('/a', 'news');
    for (const client of many) s.expect(s.read('/a', client), 'news', 'what one of many reads');
    const { machine } = s.view(1);
    for (const lookMs of [0, 3]) {
      s.slowDisk(40, 1, 2, 3);
      const writes = many.map((client) => s.ask({ op: 'setData', path: '/a', data: `${lookMs}`, version: -1 }, client));
      machine.slowTurns(lookMs);
      s.until('all answers', () => writes.every((op) => op.result?.err === 0));
      machine.slowTurns(0);
      s.slowDisk(0.5, 1, 2, 3);
    }
    // A few have more behind a write than a turn has time for.
    s.slowDisk(40, 1, 2, 3);
    const few = many.slice(0, 12);
    for (const client of few) s.ask({ op: 'setData', path: '/a', data: client.name, version: -1 }, client);
    const reads = few.flatMap((client) => Array.from({ length: 100 }, () => s.ask({ op: 'whoAmI' }, client)));
    machine.slowTurns(1);
    s.until('all answers', () => reads.every((op) => op.result?.err === 0));
    s.slowDisk(0.5, 1, 2, 3);
    machine.slowTurns(0);
  },
};
