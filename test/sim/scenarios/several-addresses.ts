import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'several addresses',
  about: 'every server has two addresses, and one after the other leads nowhere',
  voters: 3,
  mutant: 'follow by the first address only',
  config: { 'multiAddress.enabled': 'true', cnxTimeout: 1000 },
  play(s) {
    const { network } = s.world.ensemble;
    const home = (sid: number) => ({ address: s.view(sid).machine.host.address });
    for (const sid of [1, 2, 3]) {
      network.setName(`other${sid}`, home(sid));
      s.edit(sid, (config) =>
        config.replace(/^server\.(\d)=(.*):participant$/gm, 'server.$1=$2:participant|other$1:2889:3889:participant'),
      );
    }
    s.begin(3);
    s.create('/a');
    for (const sid of [1, 2, 3]) {
      for (const name of [`zk${sid}`, `other${sid}`]) {
        network.setName(name, { address: '10.99.0.1' });
        // Those who start now know no address of before.
        for (const other of [1, 2, 3]) if (other !== sid) s.kill(other);
        s.run(3000);
        s.start(1, 2, 3);
        s.until(`service without ${name}`, () => s.leader !== 0 && s.world.ensemble.isServing, 4000);
        s.write('/a', name);
        network.setName(name, home(sid));
      }
    }
  },
};
