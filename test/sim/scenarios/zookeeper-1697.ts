import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1697',
  about: 'a snapshot takes longer than initLimit, and is not given up while bytes arrive (ZOOKEEPER-2678)',
  voters: 3,
  mutant: 'count what is sent to a learner for nothing',
  config: { initLimit: 8, snapshotSizeFactor: '-1' },
  play(s) {
    s.begin(3);
    for (let i = 0; i < 100; i++) s.create(`/n${i}`, 'x'.repeat(10_000));
    s.kill(1);
    s.wipe(1);
    const { network } = s.world.ensemble;
    const [to, from] = [s.view(1).machine.host, s.view(3).machine.host];
    network.setSpeed(from, to, { minDelayUs: 1000, maxDelayUs: 5000, bytesPerMs: 100 });
    s.start(1);
    s.until('the learner', () => s.view(1).machine.peer?.server.isServing === true, 60_000);
    s.expect(s.leader, 3, 'the leader');
  },
};
