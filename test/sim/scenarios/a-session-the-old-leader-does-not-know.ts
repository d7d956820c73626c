import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a session that the old leader does not know',
  about: 'one that leads no more, and does not know it, tells nobody that a session opened since is over',
  voters: 3,
  observers: 1,
  mutant: 'deny a session without asking whether one still leads',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.partition([3, 4], [1, 2]);
    s.kill(1, 2);
    s.start(1, 2);
    s.until('another leader', () => s.isServing(1) && s.isServing(2));
    // Connected and nothing more, they have seen no zxid.
    const newcomers = [3, 4].map((sid) => ({ sid, client: s.addClient(`newcomer to ${sid}`, 2, 20_000) }));
    s.until('sessions', () => newcomers.every(({ client }) => client.isConnected));
    for (const { sid, client } of newcomers) client.moveTo(`zk${sid}`);
    s.run(50);
    s.expect(s.said(3, 'not leading any more'), 0, 'it believes that it leads');
    s.run(8000);
    s.heal();
    s.untilServing();
    for (const { client } of newcomers) {
      s.until('a connection', () => client.isConnected);
      s.expect(client.client.connections, 2, 'the same session');
    }
  },
};
