import type { Scenario } from '../script/script.ts';

const YEAR_MS = 31_556_952_000;

export const scenario: Scenario = {
  name: 'ZOOKEEPER-1622',
  about:
    "session ids of years in which the milliseconds need more bits are positive, begin with their server's number, and come once",
  voters: 3,
  mutant: "let the clock run into the server's number",
  play(s) {
    const seen = new Set<bigint>();
    for (const year of [0, 9, 31, 66, 500]) {
      for (const sid of [1, 2, 3]) s.view(sid).machine.jumpWall(year * YEAR_MS);
      s.start(1, 2, 3);
      s.untilServing();
      s.itBegins();
      for (const sid of [1, 2, 3]) {
        const client = s.addClient(`client of ${sid} in ${year}`, sid);
        s.until('a session', () => client.isConnected);
        const { sessionId } = client.client;
        s.expect(sessionId >> 56n, BigInt(sid), 'the high byte of a session id');
        s.expect(seen.has(sessionId), false, 'a session id that was given before');
        seen.add(sessionId);
      }
      s.kill(1, 2, 3);
      for (const sid of [1, 2, 3]) s.view(sid).machine.jumpWall(-year * YEAR_MS);
    }
    s.start(1, 2, 3);
    s.untilServing();
  },
};
