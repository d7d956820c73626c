import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2886',
  about: 'a session goes back and forth between two servers, with nothing but multis',
  voters: 3,
  mutant: 'keep the first owner of a session',
  play(s) {
    s.begin(3);
    s.create('/a');
    const { network } = s.world.ensemble;
    const [slow, leader] = [s.view(1).machine.host, s.view(3).machine.host];
    network.setSpeed(slow, leader, { minDelayUs: 40_000, maxDelayUs: 80_000, bytesPerMs: undefined });
    for (let i = 0; i < 30; i++) {
      const part = { op: 'setData', path: '/a', data: `${i}`, version: -1 } as const;
      s.ask({ op: 'multi', parts: [part] });
      s.run(20);
      s.client.client.drop();
      s.until('a connection', () => s.client.isConnected);
    }
    s.until('a connection', () => s.client.isConnected);
    const { connections } = s.client.client;
    const { items } = s.do({ op: 'multi', parts: [{ op: 'setData', path: '/a', data: 'last', version: -1 }] });
    s.expect(items?.join(), '0', 'the last multi');
    s.expect(s.client.client.connections, connections, 'connections until it was answered');
  },
};
