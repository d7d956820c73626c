import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZK-1950',
  about: 'what a persistent watch missed while its client was away stays missed, and nothing after it',
  voters: 3,
  mutant: 'do not set a persistent watch again',
  play(s) {
    s.begin();
    s.create('/a');
    const watcher = s.addClient('watcher');
    s.do({ op: 'addWatch', path: '/a', mode: 0 }, watcher);
    s.write('/a', 'seen');
    s.do({ op: 'sync', path: '/' }, watcher);
    s.itBegins();
    for (let i = 0; i < 4; i++) {
      watcher.client.drop();
      s.write('/a', `missed ${i}`);
      s.until('a connection', () => watcher.isConnected);
      s.do({ op: 'sync', path: '/' }, watcher);
      s.write('/a', `seen ${i}`);
      s.do({ op: 'sync', path: '/' }, watcher);
    }
    const arrivals = s.world.history.sessions.get(watcher.client.sessionId)?.arrivals ?? [];
    s.expect(arrivals.filter(({ kind }) => kind === 'event').length, 5, 'events');
  },
};
