import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a leader without clients',
  about: 'leaderServes=no: the leader sends clients away, and leads all the same',
  voters: 3,
  config: { leaderServes: 'no' },
  play(s) {
    s.start(1, 2, 3);
    const leads = (): number => s.world.observer.views.find(({ machine }) => machine.mode === 'leader')?.sid ?? 0;
    const others = (): number[] => [1, 2, 3].filter((sid) => sid !== leads());
    s.until('service by the others', () => leads() !== 0 && others().every((sid) => s.isServing(sid)));
    s.expect(s.isServing(leads()), false, 'the leader serves');
    const unwanted = s.addClient('unwanted', leads());
    s.until('a connection', () => s.client.isConnected);
    for (const sid of others()) {
      const client = s.addClient(`of ${sid}`, sid);
      s.do({ op: 'create', path: `/a${sid}`, data: '', flags: 1 }, client);
      s.do({ op: 'sync', path: '/' }, client);
    }
    s.run(3000);
    s.expect(unwanted.client.connections, 0, 'connections to the leader');
    s.kill(1, 2, 3);
    for (const sid of [1, 2, 3]) s.edit(sid, (config) => config.replace('leaderServes=no', 'leaderServes=yes'));
    s.start(1, 2, 3);
    s.untilServing();
  },
};
