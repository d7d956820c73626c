import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3701',
  about: 'the disk is full while the log is cut: the peer stops, and does not pretend',
  voters: 3,
  mutant: 'believe in a cut that failed',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    const { disk } = s.view(3).machine;
    for (let failing = 0; failing < 12; failing++) {
      const { leader } = s;
      if (leader !== 3) {
        s.kill(leader);
        s.until('the leader', () => s.leader !== 0);
        s.start(leader);
        s.untilServing();
      }
      if (s.leader !== 3) continue;
      s.writeAlone(3, 'lost');
      s.run(4000);
      s.until('another leader', () => s.leader !== 3 && s.leader !== 0);
      s.view(3).inTrouble = true;
      let operations = 0;
      const cut = s.at(3, 'truncating', () => {
        disk.fault = (operation) => (operation !== 'read' && operations++ === failing ? 'ENOSPC' : undefined);
      });
      s.heal();
      s.until('a cut', () => cut.happened);
      s.until(
        'the end of the peer, or a cut that did not fail',
        () => !s.view(3).machine.isUp || operations <= failing,
      );
      disk.fault = () => undefined;
      s.until('its return', () => s.view(3).machine.isUp);
      s.untilServing();
      s.expect(s.read('/a'), 'old', '/a');
    }
  },
};
