import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3701',
  about: 'the disk fails while the log is cut: the peer stops, and does not pretend',
  voters: 3,
  mutant: 'skip the truncate',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    const lonely = s.addClient('lonely', 3);
    s.until('a connection', () => lonely.isConnected);
    s.isolate(3);
    s.ask({ op: 'setData', path: '/a', data: 'lost', version: -1 }, lonely);
    s.run(4000);
    s.until('another leader', () => s.leader === 2);
    const { disk } = s.view(3).machine;
    s.view(3).inTrouble = true;
    let failures = 0;
    s.at(3, 'truncating', () => {
      disk.fault = (operation) => (operation !== 'read' && failures++ === 2 ? 'EIO' : undefined);
    });
    s.heal();
    s.until('the end of the peer', () => failures > 2);
    disk.fault = () => undefined;
    s.until('its return', () => s.view(3).machine.isUp);
    s.untilServing();
    s.expect(s.read('/a'), 'old', '/a');
  },
};
