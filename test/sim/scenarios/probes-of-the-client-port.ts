import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'probes of the client port',
  about: 'probes, browsers, operators and broken clients come to servers of every role, and to those that do not serve',
  voters: 3,
  observers: 1,
  mutant: 'attach to a session whatever the password',
  play(s) {
    s.begin(3);
    const client = s.addClient('a client', 1);
    s.do({ op: 'create', path: '/e', data: '', flags: 1 }, client);
    const probes = s.world.addPortProbes();
    s.itBegins();
    const receive = (): void => {
      for (const probe of probes.everyProbe()) {
        for (const sid of [1, 3, 4]) probes.come(`zk${sid}`, probe);
        s.run(100);
      }
      s.run(20_000);
    };
    receive();
    s.expect(client.client.connections, 1, 'connections of the client');
    s.expect(s.do({ op: 'exists', path: '/e', watch: false }).err, 0, 'its ephemeral');
    s.kill(2);
    s.isolate(3);
    s.until('the end of service', () => !s.isServing(1) && !s.isServing(3));
    receive();
    s.heal();
    s.start(2);
    s.untilServing();
    receive();
  },
};
