import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-5094',
  about:
    'the link breaks behind TRUNC and some transactions, before NEWLEADER; the learner goes on in the same process',
  voters: 3,
  mutant: 'skip the truncate',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.do({ op: 'sync', path: '/' });
    s.writeAlone(3, 'lost 0', 'lost 1', 'lost 2', 'lost 3', 'lost 4');
    s.run(4000);
    s.until('another leader', () => s.leader === 2);
    const { network, scheduler } = s.world.ensemble;
    // So slow that transactions come one by one.
    const [from, to] = [s.view(2).machine.host, s.view(3).machine.host];
    s.heal();
    const cut = s.at(3, 'truncated', () => {
      network.setSpeed(from, to, { minDelayUs: 100, maxDelayUs: 200, bytesPerMs: 2 });
      for (let i = 0; i < 20; i++) {
        scheduler.after(i * 20_000, undefined, () =>
          s.client.do({ op: 'setData', path: '/a', data: `new ${i}`, version: -1 }),
        );
      }
    });
    s.until('a cut', () => cut.happened);
    const after = s.view(3).logTip;
    const newLeader = s.at(3, 'newLeader', () => {});
    s.until('transactions behind the cut', () => s.view(3).logTip > after || newLeader.happened);
    s.breakStreams(2, 3);
    network.setSpeed(from, to, undefined);
    s.run(1000);
    s.untilServing();
    s.powerLoss(3);
    s.start(3);
    s.untilServing();
    s.expect(s.read('/a'), 'new 19', '/a');
  },
};
