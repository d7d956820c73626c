import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3756',
  about:
    'names that fail, hang and lead elsewhere: no listener dies and no sender waits (ZOOKEEPER-3320, ZOOKEEPER-2982, ZOOKEEPER-2184)',
  voters: 3,
  mutant: 'give up on a name that does not resolve',
  play(s) {
    const { network } = s.world.ensemble;
    const home = s.view(1).machine.host.address;
    network.setName('zk1', 'fail');
    s.start(1, 2, 3);
    s.until('a leader', () => s.leader === 3, 8000);
    s.create('/a');
    // Longer than the bind is tried for other reasons.
    s.run(6000);
    s.expect(s.view(1).machine.isUp, true, 'it waits for its name');
    network.setName('zk1', { address: home });
    s.until('who had no name', () => s.isServing(1), 8000);
    // The machine of the leader is given up, and another one has its name; the others knew where the old one was.
    network.setName('zk3', 'hang');
    s.kill(3);
    s.until('another leader', () => s.leader === 2, 10_000);
    s.write('/a', 'new');
    network.setName('zk3', { address: '10.99.0.1' });
    s.kill(1);
    s.start(1);
    s.until('a follower, while one name leads nowhere', () => s.isServing(1), 8000);
    network.setName('zk3', { address: s.view(3).machine.host.address });
    s.start(3);
    s.until('who was away', () => s.isServing(3), 8000);
  },
};
