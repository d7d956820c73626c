import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'pravega#577',
  about: 'all are restarted one after the other under load, the leader last, and again with power lost: nothing is',
  voters: 3,
  config: { snapCount: 10 },
  play(s) {
    for (let i = 0; i < 3; i++) s.addLoad();
    s.begin();
    s.create('/node');
    for (const death of ['stop', 'power', 'stop', 'power'] as const) {
      const { leader } = s;
      for (const sid of [...s.followers, leader]) {
        if (death === 'stop') s.restart(sid);
        else {
          s.powerLoss(sid);
          s.start(sid);
        }
        s.untilServing();
        s.write('/node', `${death} ${sid}`);
        s.run(300);
      }
    }
    const { acknowledgedWrites } = s.world.history;
    s.expect(acknowledgedWrites > 100, true, `many writes were acknowledged, not ${acknowledgedWrites}`);
  },
};
