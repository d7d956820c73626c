import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1156',
  about: 'peers with tails of different lengths come back in three orders, and each is cut exactly where they part',
  voters: 5,
  mutant: 'cut one transaction too many',
  play(s) {
    s.begin(5);
    s.create('/a', 'old');
    const orders = [
      [4, 5],
      [5, 4],
    ] as const;
    for (const [round, order] of orders.entries()) {
      s.write('/a', `kept ${round}`);
      s.do({ op: 'sync', path: '/' });
      s.run(100);
      const { leader } = s;
      const [beside] = s.followers.filter((sid) => sid > 3 || leader <= 3) as [number];
      const rest = [1, 2, 3, 4, 5].filter((sid) => sid !== leader && sid !== beside);
      const lonely = s.addClient(`lonely ${round}`, leader);
      s.until('a connection', () => lonely.isConnected);
      s.run(200);
      const decided = s.world.observer.ledger.lastDelivered;
      s.partition([leader, beside], rest);
      s.ask({ op: 'setData', path: '/a', data: 'lost', version: -1 }, lonely);
      s.run(50);
      s.kill(beside);
      for (let i = 0; i < 3; i++) s.ask({ op: 'setData', path: '/a', data: `lost ${i}`, version: -1 }, lonely);
      s.run(50);
      s.expect(s.view(leader).durable > s.view(beside).durable, true, 'one tail is longer');
      s.expect(s.view(beside).durable > decided, true, 'the other is there');
      s.kill(leader);
      s.heal(true);
      s.until('another leader', () => s.leader !== 0);
      for (const at of order) {
        const sid = at === order[0] ? leader : beside;
        const cut = s.at(sid, 'truncating', () => s.expect(s.view(sid).changingTo, decided, 'where it is cut'));
        s.start(sid);
        s.untilServing();
        s.expect(cut.happened, true, 'a cut');
      }
      s.expect(s.read('/a'), `kept ${round}`, '/a');
    }
  },
};
