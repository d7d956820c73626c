import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1549',
  about: 'what was never decided is in a snapshot, which goes with the TRUNC (ZOOKEEPER-4837)',
  voters: 5,
  config: { snapCount: 4 },
  mutant: 'keep snapshots above the cut',
  play(s) {
    s.begin(5);
    s.create('/a', 'old');
    s.do({ op: 'sync', path: '/' });
    const lonely = s.addClient('lonely', 5);
    s.until('a connection', () => lonely.isConnected);
    s.partition([4, 5], [1, 2, 3]);
    const ephemeral = { op: 'create', path: '/lost', data: '', flags: 1 } as const;
    s.ask(ephemeral, lonely);
    for (let i = 0; i < 6; i++) s.ask({ op: 'setData', path: '/a', data: `lost ${i}`, version: -1 }, lonely);
    s.run(100);
    const decided = s.view(1).logTip;
    // 5 is elected once more, 4 takes over its history, and takes a snapshot of it; nobody else gets so far.
    s.kill(1, 2, 3);
    s.heal();
    s.run(4000);
    const newLeader = s.crashAt(3, 'newLeader');
    const synchronised = s.at(4, 'newLeader', () => {});
    s.start(3);
    s.until('a leader that is not established', () => newLeader.happened && synchronised.happened);
    s.run(100);
    const snapshots = s.files(4, 'snapshot.').map((name) => Number.parseInt(name.slice(9), 16));
    s.expect(Math.max(...snapshots) > decided, true, 'a snapshot of what is not decided');
    s.kill(4, 5);
    s.start(1, 2, 3);
    s.untilServing();
    const cut = s.at(4, 'truncating', () => {});
    s.start(4);
    s.untilServing();
    s.expect(cut.happened, true, 'a cut');
    s.write('/a', 'new');
    s.kill(4);
    s.start(4);
    s.untilServing();
    s.start(5);
    s.untilServing();
    s.expect(s.read('/a'), 'new', '/a');
    s.expect(s.do({ op: 'exists', path: '/lost', watch: false }).err, -101, 'the ephemeral');
  },
};
