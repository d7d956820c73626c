import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1642',
  about: 'the history is read once in the life of a peer, and not again at every election (ZOOKEEPER-2678)',
  voters: 3,
  config: { snapCount: 20 },
  mutant: 'load the database before every role',
  play(s) {
    s.begin(3);
    s.create('/a', 'x'.repeat(1000));
    for (let i = 0; i < 50; i++) s.write('/a', `${i}`);
    const reads = new Map<number, number>();
    for (const sid of [1, 2]) {
      reads.set(sid, 0);
      s.view(sid).machine.disk.fault = (operation) => {
        if (operation === 'read') reads.set(sid, (reads.get(sid) ?? 0) + 1);
        return undefined;
      };
    }
    for (let i = 0; i < 3; i++) {
      s.kill(3);
      s.until('another leader', () => s.leader === 2, 10_000);
      s.start(3);
      s.untilServing();
      s.isolate(2);
      s.until('another leader', () => s.leader === 3, 10_000);
      s.heal();
      s.untilServing();
    }
    // A few small files; not the log, nor a snapshot.
    for (const [sid, count] of reads) s.expect(count < 10, true, `${count} reads of ${sid}`);
  },
};
