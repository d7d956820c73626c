import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-5094',
  about: 'the link breaks between TRUNC and NEWLEADER, and the learner goes on in the same process',
  voters: 3,
  mutant: 'skip the truncate',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    s.do({ op: 'sync', path: '/' });
    const lonely = s.addClient('lonely', 3);
    s.until('a connection', () => lonely.isConnected);
    s.isolate(3);
    for (let i = 0; i < 5; i++) s.ask({ op: 'setData', path: '/a', data: `lost ${i}`, version: -1 }, lonely);
    s.run(4000);
    s.until('another leader', () => s.leader === 2);
    const cut = s.at(3, 'truncated', () => {
      for (let i = 0; i < 5; i++) s.client.do({ op: 'setData', path: '/a', data: `new ${i}`, version: -1 });
      s.world.ensemble.scheduler.after(3000, undefined, () => s.breakStreams(2, 3));
    });
    s.heal();
    s.until('a cut', () => cut.happened);
    s.untilServing();
    s.powerLoss(3);
    s.start(3);
    s.untilServing();
    s.expect(s.read('/a'), 'new 4', '/a');
  },
};
