import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1277',
  about: 'the counter of an epoch is used up under writes, and the next epoch goes on (ZOOKEEPER-2789, ZOOKEEPER-4883)',
  voters: 3,
  counterLimit: 12,
  play(s) {
    s.begin();
    s.create('/a');
    s.create('/b');
    const others = [1, 2, 3].map((sid) => s.addClient(`beside ${sid}`, sid));
    const epoch = s.view(s.leader).currentEpoch;
    for (let i = 0; i < 30; i++) {
      s.flood('/a', 4);
      const parts = ['/a', '/b'].map((path) => ({ op: 'setData', path, data: `${i}`, version: -1 }) as const);
      for (const actor of others) if (actor.isConnected) actor.do({ op: 'multi', parts });
      s.run(400);
    }
    s.untilServing();
    s.expect(s.view(s.leader).currentEpoch > epoch + 2, true, 'several epochs');
  },
};
