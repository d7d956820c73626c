import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'RK-332',
  about: 'what a session did before it expired is there after replay, whatever the clock says',
  voters: 3,
  config: { snapCount: 4 },
  mutant: 'skip at replay what the sessions of the snapshot created',
  play(s) {
    s.begin();
    const gone = s.addClient('gone');
    for (let i = 0; i < 9; i++) s.do({ op: 'create', path: `/kept${i}`, data: 'kept', flags: 0 }, gone);
    s.do({ op: 'create', path: '/e', data: '', flags: 1 }, gone);
    gone.stop();
    gone.client.kill();
    s.powerLoss(1, 2, 3);
    for (const view of s.world.observer.views) view.machine.jumpWall(3_600_000 * view.sid);
    s.run(60_000);
    s.start(1, 2, 3);
    s.untilServing();
    for (let i = 0; i < 9; i++) s.expect(s.read(`/kept${i}`), 'kept', `/kept${i}`);
    s.until('the end of the ephemeral', () => s.do({ op: 'exists', path: '/e', watch: false }).err !== 0);
  },
};
