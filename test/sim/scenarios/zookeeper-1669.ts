import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1669',
  about: 'many sessions with ephemerals end in one tick',
  voters: 3,
  mutant: 'never delete an ephemeral',
  play(s) {
    s.begin();
    const many = Array.from({ length: 120 }, (_, i) => s.addClient(`c${i}`));
    for (const client of many) s.until('a connection', () => client.isConnected);
    many.forEach((client, i) => {
      s.ask({ op: 'create', path: `/e${i}`, data: '', flags: 1 }, client);
    });
    s.run(500);
    for (const client of many) {
      client.stop();
      client.client.kill();
    }
    s.until(
      'the end of all ephemerals',
      () => s.do({ op: 'children', path: '/', watch: false }).children?.length === 1,
      20_000,
    );
  },
};
