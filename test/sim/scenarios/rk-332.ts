import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'RK-332',
  about: 'what a session did before it expired is there after replay, whatever the clock says',
  voters: 3,
  mutant: 'keep closed sessions in the table',
  play(s) {
    s.begin();
    const gone = s.addClient('gone');
    s.do({ op: 'create', path: '/kept', data: 'kept', flags: 0 }, gone);
    s.do({ op: 'create', path: '/e', data: '', flags: 1 }, gone);
    gone.stop();
    gone.client.kill();
    s.powerLoss(1, 2, 3);
    for (const view of s.world.observer.views) view.machine.jumpWall(3_600_000 * view.sid);
    s.run(60_000);
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.read('/kept'), 'kept', '/kept');
    s.until('the end of the ephemeral', () => s.do({ op: 'exists', path: '/e', watch: false }).err !== 0);
  },
};
