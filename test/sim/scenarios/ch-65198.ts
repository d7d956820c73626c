import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'CH-65198',
  about: 'a session writes behind its own close',
  voters: 3,
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let i = 0; i < 10; i++) {
      const leaving = s.addClient(`leaving ${i}`, (i % 3) + 1);
      s.ask({ op: 'setData', path: '/a', data: `${i}`, version: -1 }, leaving);
      s.ask({ op: 'create', path: `/e${i}`, data: '', flags: 1 }, leaving);
      s.ask({ op: 'close' }, leaving);
      leaving.stop();
      leaving.do({ op: 'create', path: `/late${i}`, data: '', flags: 1 });
      s.run(20);
    }
    s.until(
      'the end of all ephemerals',
      () => s.do({ op: 'children', path: '/', watch: false }).children?.length === 2,
    );
  },
};
