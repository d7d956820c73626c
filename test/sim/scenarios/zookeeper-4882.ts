import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4882',
  about: 'one sync fails on one follower: it shows and acknowledges nothing of that, and comes back',
  voters: 3,
  mutant: 'show what the own disk does not have',
  play(s) {
    s.begin(3);
    s.create('/a');
    const view = s.view(1);
    view.inTrouble = true;
    let failures = 0;
    view.machine.disk.fault = (operation) => (operation === 'sync' && failures++ === 0 ? 'EIO' : undefined);
    s.write('/a', 'new');
    s.until('the end of the peer', () => failures > 0 && !view.machine.isUp);
    s.write('/a', 'newer');
    s.until('its return', () => view.machine.isUp);
    s.untilServing();
    s.expect(s.read('/a'), 'newer', '/a');
  },
};
