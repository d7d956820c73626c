import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1621',
  about: 'power goes right after a log file was made (ZOOKEEPER-2332)',
  voters: 3,
  config: { snapCount: 4 },
  mutant: 'skip the sync of the directory of a new log',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    const { disk } = s.view(1).machine;
    for (const phase of ['before', 'after'] as const) {
      for (let write = 0; write < 3; write++) {
        let hasCrashed = false;
        let writes = 0;
        disk.onEffect = (effect, when) => {
          if (hasCrashed || !effect.path.includes('/log.') || when !== phase || writes++ < write) return;
          hasCrashed = true;
          s.powerLoss(1);
          throw new s.DeadProcess('at an effect');
        };
        s.until('a new log file', () => {
          if (!hasCrashed) s.write('/a', 'kept');
          return hasCrashed;
        });
        s.run(200);
        s.start(1);
        s.untilServing();
      }
    }
  },
};
