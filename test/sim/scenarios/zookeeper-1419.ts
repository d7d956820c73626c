import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1419',
  about: 'five peers with slow links in between settle on a leader',
  voters: 5,
  mutant: 'never give way to a higher id',
  play(s) {
    const { network, machines } = s.world.ensemble;
    for (const from of machines) {
      for (const to of machines) {
        const delayUs = ((from.sid * 7 + to.sid * 3) % 5) * 60_000 + 1000;
        network.setSpeed(from.host, to.host, { minDelayUs: delayUs, maxDelayUs: delayUs * 2, bytesPerMs: undefined });
      }
    }
    s.start(1, 2, 3, 4, 5);
    s.until('a leader', () => s.leader !== 0, 30_000);
    s.untilServing();
  },
};
