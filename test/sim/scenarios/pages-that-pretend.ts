import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'pages that pretend',
  about: 'a sync of the log fails, the process alone starts anew and reads what is in memory only; later power goes',
  voters: 3,
  mutant: 'sync what is read without writing it again',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let round = 0; round < 8; round++) {
      const { machine } = s.view(1);
      const { disk } = machine;
      s.view(1).inTrouble = true;
      let hasFailed = false;
      // Of its own process: the machine goes on, and with it its memory.
      machine.onStopped = () => {};
      disk.fault = (operation, path) => {
        if (operation !== 'sync' || !path.includes('/log.')) return undefined;
        disk.fault = () => undefined;
        hasFailed = true;
        return 'EIO';
      };
      s.flood('/a', 10);
      s.until('a sync that fails', () => hasFailed && !machine.isUp);
      s.kill(2);
      s.start(1);
      s.untilServing();
      s.write('/a', `kept ${round}`);
      s.powerLoss(1, 3);
      s.start(1, 2);
      s.untilServing();
      s.expect(s.read('/a'), `kept ${round}`, '/a');
      s.start(3);
      s.untilServing();
    }
  },
};
