import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1412',
  about:
    'watches of all kinds on the same paths, over changes and reconnections; a recursive one never hears of children that change (ZOOKEEPER-4475)',
  voters: 3,
  observers: 1,
  mutant: 'tell a recursive watch of children that changed',
  play(s) {
    s.begin();
    s.create('/a');
    s.create('/a/b');
    const kinds = [1, 2, 3, 4].map((sid) => s.addClient(`watcher ${sid}`, sid));
    const watchAll = (): void => {
      for (const watcher of kinds) {
        s.do({ op: 'addWatch', path: '/a', mode: 1 }, watcher);
        s.do({ op: 'addWatch', path: '/a/b', mode: 0 }, watcher);
        s.do({ op: 'children', path: '/a', watch: true }, watcher);
        s.do({ op: 'get', path: '/a/b', watch: true }, watcher);
        s.do({ op: 'exists', path: '/a/none', watch: true }, watcher);
      }
    };
    const change = (): void => {
      s.do({ op: 'create', path: '/a/none', data: '', flags: 0 });
      s.do({ op: 'create', path: '/a/b/c', data: '', flags: 1 });
      s.write('/a/b', 'x');
      s.do({ op: 'delete', path: '/a/b/c', version: -1 });
      s.do({ op: 'delete', path: '/a/none', version: -1 });
      for (const watcher of kinds) s.do({ op: 'sync', path: '/' }, watcher);
    };
    s.itBegins();
    watchAll();
    change();
    watchAll();
    for (const watcher of kinds) watcher.client.drop();
    change();
    for (const watcher of kinds) s.until('a connection', () => watcher.isConnected);
    change();
    for (const [i, watcher] of kinds.entries()) {
      const type = i + 1;
      s.do({ op: 'removeWatches', path: '/a/b', type }, watcher);
      const { err } = s.do({ op: 'checkWatches', path: '/a/b', type }, watcher);
      s.expect(err, ErrorCode.noWatcher, `what is left of the watch of type ${type}`);
      s.do({ op: 'removeWatches', path: '/a', type: 5 }, watcher);
    }
    change();
  },
};
