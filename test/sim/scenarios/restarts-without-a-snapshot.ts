import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'restarts without a snapshot',
  about:
    'a server that ends each time before its snapshot is due takes one all the same, or its log is replayed for ever',
  voters: 1,
  config: { snapCount: 20 },
  play(s) {
    const untilServing = (): void => s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.start(1);
    untilServing();
    s.create('/node');
    const before = s.files(1, 'snapshot.').length;
    for (let life = 0; life < 8; life++) {
      for (let i = 0; i < 4; i++) s.write('/node', `${life} ${i}`);
      s.run(100);
      s.powerLoss(1);
      s.start(1);
      untilServing();
    }
    s.expect(s.files(1, 'snapshot.').length > before, true, 'there is a newer snapshot');
    s.expect(s.read('/node'), '7 3', 'the node');
  },
};
