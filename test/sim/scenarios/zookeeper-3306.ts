import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3306',
  about: 'access lists change while a snapshot is cut and sent: the learner has every list that its nodes name',
  voters: 3,
  config: { snapshotSizeFactor: '-1' },
  recentBytes: 1,
  mutant: 'cut a snapshot without what an access list was before',
  play(s) {
    s.begin(3);
    const paths = Array.from({ length: 30 }, (_, i) => `/n${i}`);
    for (const path of paths) s.create(path, path.repeat(12_000));
    const one = s.addClient('one', 1);
    for (let round = 0; round < 3; round++) {
      s.kill(1);
      s.write('/n0', 'short');
      const { snap } = s.syncs;
      const acl = (i: number) => [
        { perms: 31, id: { scheme: 'world', id: 'anyone' } },
        { perms: 1 + (i % 30), id: { scheme: 'ip', id: `10.0.${round}.${i % 200}` } },
      ];
      s.start(1);
      let i = 0;
      s.until('a snapshot that is sent', () => {
        if (s.client.isConnected && s.client.client.depth < 50) {
          s.ask({ op: 'setAcl', path: paths[i % 30] as string, acl: acl(i), version: -1 });
          i++;
        }
        return s.syncs.snap > snap && s.view(1).machine.peer?.server.isServing === true;
      });
      s.untilServing();
      s.do({ op: 'sync', path: '/' }, one);
      for (const path of paths) s.expect(s.do({ op: 'getAcl', path }, one).err, 0, `the access list of ${path}`);
      s.powerLoss(1);
      s.start(1);
      s.untilServing();
      for (const path of paths) s.expect(s.do({ op: 'getAcl', path }, one).err, 0, `the access list of ${path}`);
    }
  },
};
