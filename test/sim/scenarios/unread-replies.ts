import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'unread replies',
  about: 'a client that does not read is not read either, is let go when too much waits for it, and disturbs nobody',
  voters: 3,
  config: { globalOutstandingLimit: 100_000 },
  mutant: 'wait for a client that does not read, whatever it costs',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.do({ op: 'create', path: '/large', data: 'x'.repeat(900_000), flags: 0 });
    const probes = s.world.addPortProbes();
    s.itBegins();
    for (const sid of [1, 3]) {
      // Reads of its own: the server stops to read it, and goes on when it reads again.
      const slow = s.addClient(`slow ${sid}`, sid, 20_000);
      s.until('a connection', () => slow.isConnected);
      slow.client.stopReading(3000);
      const reads = Array.from({ length: 12 }, () => s.ask({ op: 'get', path: '/large', watch: false }, slow));
      s.run(500);
      probes.come(`zk${sid}`, probes.word('cons'));
      s.run(500);
      s.until('all its reads', () => reads.every((op) => op.result !== undefined), 20_000);
      // Behind a write they are all answered at once.
      const deaf = s.addClient(`deaf ${sid}`, sid, 20_000);
      s.do({ op: 'addWatch', path: '/a', mode: 0 }, deaf);
      deaf.client.stopReading(9000);
      // Its watched node changes again in the moment in which it becomes too much.
      s.slowDisk(40, 1, 2, 3);
      s.ask({ op: 'setData', path: '/a', data: 'its own', version: -1 }, deaf);
      for (let i = 0; i < 85; i++) s.ask({ op: 'get', path: '/large', watch: false }, deaf);
      s.flood('/a', 20);
      const { connections } = deaf.client;
      s.run(400);
      s.slowDisk(0.5, 1, 2, 3);
      s.write('/a', 'meanwhile');
      s.until('its end', () => s.said(sid, 'the client does not read what it is sent') > 0);
      s.until('its return', () => deaf.client.connections > connections, 30_000);
      s.expect(s.read('/a', deaf), 'meanwhile', 'what it reads then');
    }
  },
};
