import { databaseOf } from '../judges/observer.ts';
import type { Scenario, Script } from '../script/script.ts';

function configNode(s: Script, sid: number): string {
  const { peer } = s.view(sid);
  if (peer === undefined) return '';
  const { tree } = databaseOf(peer);
  return tree.dataOf(tree.lookup('/zookeeper/config'))?.toString() ?? '';
}

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2819',
  about:
    'a server that was started with other members than its leader gets the tree by a snapshot, and keeps its members',
  voters: 3,
  observers: 1,
  config: { snapshotSizeFactor: '-1' },
  recentBytes: 1,
  play(s) {
    for (const sid of [1, 2, 3]) s.configure(sid, [1, 2, 3]);
    s.start(1, 2, 3);
    s.untilServing();
    s.create('/node');
    const { snap } = s.syncs;
    for (const sid of s.followers) {
      s.wipe(sid);
      s.configure(sid, [1, 2, 3], [4]);
      s.start(sid);
      s.untilServing();
      s.expect(configNode(s, sid).includes('server.4='), true, `the observer in the config node of ${sid}`);
    }
    s.expect(s.syncs.snap, snap + 2, 'snapshots');
    s.expect(configNode(s, s.leader).includes('server.4='), false, 'the observer in the config node of the leader');
    const { leader } = s;
    s.configure(leader, [1, 2, 3], [4]);
    s.restart(leader);
    s.start(4);
    s.untilServing();
    s.write('/node', 'after');
    for (const sid of [2, 3, 4]) s.expect(configNode(s, sid), configNode(s, 1), `the config node of ${sid}`);
  },
};
