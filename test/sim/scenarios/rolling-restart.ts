import type { Scenario } from '../script/script.ts';

const SESSIONS = 250;

export const scenario: Scenario = {
  name: 'rolling restart with many sessions',
  about: 'one server after the other restarts under 250 sessions of four seconds: none expires (dCache 7860)',
  voters: 3,
  mutant: 'do not tell the leader who was heard',
  play(s) {
    s.begin(3);
    const actors = Array.from({ length: SESSIONS }, (_, i) => s.addClient(`many ${i}`));
    const areConnected = (): boolean => actors.every((actor) => actor.isConnected);
    s.until('all sessions', areConnected, 10_000);
    for (const sid of [1, 2, 3]) {
      s.kill(sid);
      s.run(1500);
      s.start(sid);
      s.untilServing();
      s.until('all sessions', areConnected, 10_000);
      s.run(4000);
    }
    s.expect(s.world.history.expired.size, 0, 'expired sessions');
    for (const actor of actors) s.expect(actor.client.connections < 8, true, `connections of ${actor.name}`);
  },
};
