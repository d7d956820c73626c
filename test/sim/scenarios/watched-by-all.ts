import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'watched by all',
  about: 'one change is told to more clients of a server at once than it keeps writers for',
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
  },
};
