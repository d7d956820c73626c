import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2164',
  about: 'one address swallows every packet, and another does not resolve: the others elect as ever',
  voters: 5,
  mutant: 'dial one server at a time',
  play(s) {
    const { network } = s.world.ensemble;
    network.setName('zk1', { address: '10.99.0.1' });
    network.setName('zk2', 'hang');
    s.start(3, 4, 5);
    s.until('a leader', () => s.leader !== 0, 10_000);
    s.create('/a');
    s.kill(s.leader);
    s.start(3, 4, 5);
    s.until('another election', () => s.leader !== 0, 15_000);
    s.write('/a', 'new');
  },
};
