import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'etcd-19998',
  about: 'the zxid of an event is that of the change, on every server, and nothing older can be read behind it',
  voters: 3,
  observers: 1,
  mutant: 'send an event with the zxid before it',
  play(s) {
    s.begin();
    s.create('/a');
    s.itBegins();
    const watchers = [1, 2, 3, 4].map((sid) => s.addClient(`watcher ${sid}`, sid));
    for (const watcher of watchers) s.do({ op: 'addWatch', path: '/a', mode: 0 }, watcher);
    for (let i = 0; i < 10; i++) {
      const ops = s.flood('/a', 5);
      for (const watcher of watchers) s.do({ op: 'get', path: '/a', watch: true }, watcher);
      s.until('answers', () => ops.every((op) => op.result !== undefined));
    }
  },
};
