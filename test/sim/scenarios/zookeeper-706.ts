import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-706',
  about: 'a client comes back with more watches than fit into one request, so it takes several',
  voters: 3,
  config: { 'jute.maxbuffer': 4096 },
  mutant: 'forget what changed while a client was away',
  play(s) {
    s.begin();
    const watcher = s.addClient('watcher');
    watcher.setWatchesBytes = 2000;
    const paths = Array.from({ length: 60 }, (_, i) => `/${'w'.repeat(90)}${i}`);
    for (const path of paths) s.create(path, 'first');
    for (const [i, path] of paths.entries()) {
      if (i % 3 === 2) s.do({ op: 'addWatch', path, mode: i % 2 }, watcher);
      else s.do({ op: i % 3 === 0 ? 'get' : 'children', path, watch: true }, watcher);
    }
    s.itBegins();
    watcher.client.drop();
    for (const path of paths.slice(0, 20)) s.write(path, 'meanwhile');
    s.create(`${paths[22]}/c`);
    s.until('its return', () => watcher.isConnected);
    for (const path of paths.slice(20, 40)) s.write(path, 'later');
    s.do({ op: 'sync', path: '/' }, watcher);
    s.expect(
      s.do({ op: 'checkWatches', path: paths[59] as string, type: 5 }, watcher).err,
      0,
      'the last of its watches',
    );
    // All in one, as it was before: a frame that no server takes, and the client never comes back to its session.
    const stubborn = s.addClient('stubborn');
    stubborn.setWatchesBytes = Number.POSITIVE_INFINITY;
    for (const path of paths) s.do({ op: 'exists', path, watch: true }, stubborn);
    const { connections } = stubborn.client;
    stubborn.client.drop();
    s.until('many attempts', () => stubborn.client.connections > connections + 5);
    s.expect(s.world.history.ops.filter((op) => op.connection > connections + 1).length, 0, 'answers to it');
    stubborn.client.kill();
    stubborn.stop();
  },
};
