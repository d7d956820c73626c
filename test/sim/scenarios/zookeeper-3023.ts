import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3023',
  about: 'at the acknowledgement of NEWLEADER log and tree have what was synchronised',
  voters: 3,
  mutant: 'acknowledge before the sync',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.kill(1);
    for (let i = 0; i < 10; i++) s.write('/a', `${i}`);
    s.start(1);
    let seen = -1;
    const ack = s.at(1, 'ack', () => {
      seen = s.view(1).durable;
    });
    s.untilServing();
    s.expect(ack.happened, true, 'the acknowledgement');
    s.expect(seen, s.world.observer.ledger.lastDelivered, 'what is on disk');
  },
};
