import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'too many clients',
  about: 'connections over the limits, of one address or of all, are refused, and those that are there stay',
  voters: 3,
  config: { maxClientCnxns: 3, maxCnxns: 9 },
  play(s) {
    s.begin();
    const here = Array.from({ length: 5 }, (_, i) => s.addClient(`here ${i}`, 1));
    for (const client of here) s.until('a connection', () => client.isConnected);
    s.itBegins();
    const probes = s.world.addPortProbes();
    const [silent] = probes.everyProbe().filter(({ name }) => name === 'nothing');
    if (silent === undefined) throw new Error('no such probe');
    for (let i = 0; i < 5; i++) probes.come('zk1', silent);
    s.run(300);
    for (let i = 0; i < 3; i++) s.addClient(`late ${i}`, 1);
    s.run(3000);
    for (const client of here) s.expect(client.client.connections, 1, 'connections of one that was there');
    s.expect(s.said(1, 'maxClientCnxns is 3') > 0, true, 'refused for its address');
    s.expect(s.said(1, 'maxCnxns is 9') > 0, true, 'refused for all');
    for (const client of here) client.client.kill();
    for (const client of here) client.stop();
    s.until('room for the others', () => s.world.actors.every((actor) => actor.isServed), 30_000);
  },
};
