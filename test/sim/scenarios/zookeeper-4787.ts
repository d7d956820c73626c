import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4787',
  about:
    'a server with a name that is not ASCII is reached by what it says of itself: the others know it by a name of old',
  voters: 3,
  mutant: 'take the length of names for that of their bytes',
  play(s) {
    const { network } = s.world.ensemble;
    network.setName('zürich', { address: s.view(1).machine.host.address });
    s.edit(1, (config) => config.replace('server.1=zk1:', 'server.1=z\\u00fcrich:'));
    s.edit(2, (config) => config.replace('server.1=zk1:', 'server.1=before:'));
    s.edit(3, (config) => config.replace('server.1=zk1:', 'server.1=before:'));
    s.begin(3);
    s.create('/a');
    s.kill(3);
    s.until('a leader that needs the one with the name', () => s.leader === 2, 10_000);
    s.write('/a', 'new');
    network.setName('before', { address: s.view(1).machine.host.address });
  },
};
