import type { Scenario } from '../script/script.ts';
import { ELECTION_PORT } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'the election port is in use',
  about: 'by somebody who leaves in time, by somebody who stays, and while the peer is told to stop',
  voters: 3,
  play(s) {
    s.begin(3);
    s.create('/a');
    const { machine } = s.view(1);
    const takePort = (): (() => void) => {
      s.kill(1);
      const other = s.stranger('other', 1);
      other.listen(ELECTION_PORT);
      s.run(10);
      return () => other.kill();
    };
    let leave = takePort();
    s.start(1);
    s.run(1500);
    leave();
    s.until('the peer', () => s.isServing(1), 8000);

    s.edit(1, (config) => `${config}quorumListenOnAllIPs=true\nelectionPortBindRetry=1\n`);
    leave = takePort();
    s.view(1).inTrouble = true;
    s.start(1);
    s.until('its end', () => !machine.isUp, 1000);
    s.expect(s.said(1, 'election port *:3888 after 1 attempt (electionPortBindRetry)'), 1, 'what it says');
    s.edit(1, (config) => config.replace('electionPortBindRetry=1', 'electionPortBindRetry=2'));
    s.until('another start', () => machine.isUp, 1000);
    s.until('its end', () => !machine.isUp, 3000);
    s.expect(s.said(1, 'after 2 attempts'), 1, 'what it says');
    s.view(1).inTrouble = false;

    // Without end, until it is told to stop.
    s.edit(1, (config) => config.replace('electionPortBindRetry=2', 'electionPortBindRetry=0'));
    s.until('another start', () => machine.isUp, 1000);
    s.run(5500);
    let isOver = false;
    machine.stop(() => {
      isOver = true;
    });
    s.until('its end', () => isOver, 500);
    s.run(2000);
    leave();
    s.start(1);
    s.until('the peer', () => s.isServing(1), 8000);
  },
};
