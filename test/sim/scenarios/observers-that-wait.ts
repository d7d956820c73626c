import type { Scenario } from '../script/script.ts';

const OBSERVERS = [4, 5];

export const scenario: Scenario = {
  name: 'observers that wait',
  about: 'observers that lost their leader look for another one, and come to it, after a while of their own',
  voters: 3,
  observers: 2,
  config: { 'observer.reconnectDelayMs': 2000, 'observer.election.DelayMs': 20_000 },
  mutant: 'come back at once',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    s.kill(3);
    s.until('another leader', () => s.leader !== 0 && s.leader !== 3);
    const waited = (): number => OBSERVERS.reduce((sum, sid) => sum + s.said(sid, 'this observer waits'), 0);
    // Once for the first leader, if not for a part of nothing, and once before they look for the second.
    s.run(500);
    s.expect(waited() >= 3, true, 'they wait');
    s.expect(
      OBSERVERS.every((sid) => s.isServing(sid)),
      false,
      'all are back at once',
    );
    s.until('their return', () => OBSERVERS.every((sid) => s.isServing(sid)));
    s.write('/a', 'later');
    // One is stopped while it waits.
    s.kill(s.leader);
    s.run(3000);
    s.restart(4);
    s.start(3);
    s.start(...[1, 2].filter((sid) => !s.view(sid).machine.isUp));
    s.until('service by all', () => [1, 2, 3, 4, 5].every((sid) => s.isServing(sid)));
  },
};
