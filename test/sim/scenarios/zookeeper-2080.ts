import { MOMENTS } from '../plan/plan.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2080',
  about:
    'a leader is told to stop at each moment of its life: it ends, and the others go on (ZOOKEEPER-2687, ZOOKEEPER-2380, ZOOKEEPER-2778)',
  voters: 3,
  play(s) {
    s.begin(3);
    s.create('/a');
    for (const moment of MOMENTS) {
      s.kill(3);
      let isOver = false;
      const told = s.at(3, moment, () => {
        s.view(3).machine.stop(() => {
          isOver = true;
        });
      });
      s.start(3);
      s.run(200);
      if (!told.happened) s.kill(1, 2);
      s.start(1, 2);
      s.until('the moment, or service', () => told.happened || s.world.ensemble.isServing, 15_000);
      if (told.happened) s.until(`the end of 3 at ${moment}`, () => isOver, 3000);
      s.until('service', () => s.leader !== 0, 15_000);
      s.write('/a', moment);
      if (told.happened) s.until(`the end of 3 at ${moment}`, () => isOver, 3000);
    }
  },
};
