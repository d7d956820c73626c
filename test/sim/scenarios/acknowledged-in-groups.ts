import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'acknowledged in groups',
  about:
    'writes that reach the disks of followers by one sync are acknowledged by one packet, the last of them as well',
  voters: 3,
  mutant: 'acknowledge the first of a group for all of it',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.slowDisk(20, 1, 2);
    for (let round = 0; round < 3; round++) {
      const asked = Array.from({ length: 10 }, (_, i) =>
        s.ask({ op: 'setData', path: '/a', data: `${round} ${i}`, version: -1 }),
      );
      s.run(500);
      s.expect(asked.map(({ result }) => result?.err).join(), Array(10).fill(0).join(), `answers of round ${round}`);
    }
    s.expect(s.read('/a'), '2 9', '/a');
  },
};
