import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4882',
  about: 'one sync fails on one follower: it stops, and has shown and acknowledged nothing of that',
  voters: 3,
  mutant: 'go on after a sync that failed',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.do({ op: 'sync', path: '/' });
    s.itBegins();
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
    s.kill(3);
    s.powerLoss(1);
    s.start(1);
    s.untilServing();
    s.expect(s.read('/a'), 'newer', '/a');
  },
};
