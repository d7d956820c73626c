import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2846',
  about: 'a leader whose log on disk has what is not decided synchronises from disk, and only what is decided',
  voters: 3,
  config: { snapshotSizeFactor: '100' },
  recentBytes: 1,
  mutant: 'send what the log on disk has beyond what is decided',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.kill(1);
    for (let i = 0; i < 10; i++) s.write('/a', `${i}`);
    // From here on nothing is decided: 2 takes its time, and 3 has it on disk.
    const writer = s.addClient('writer', 3);
    s.until('a connection', () => writer.isConnected);
    s.slowDisk(2000, 2);
    s.flood('/a', 5, writer);
    s.run(50);
    const decided = s.world.observer.ledger.lastDelivered;
    s.expect(s.view(3).durable > decided, true, 'the log of the leader has more');
    const { diff } = s.syncs;
    let shown = 0;
    const ack = s.at(1, 'ack', () => {
      shown = s.view(1).tip;
    });
    s.slowDisk(300, 1);
    s.start(1);
    s.until('the acknowledgement', () => ack.happened);
    s.expect(s.syncs.diff, diff + 1, 'synchronisations by DIFF');
    s.expect(shown <= decided, true, 'nothing undecided is shown');
    s.slowDisk(0.5, 1, 2);
    s.untilServing();
    s.expect(s.read('/a'), '4', '/a');
  },
};
