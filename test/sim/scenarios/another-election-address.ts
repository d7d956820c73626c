import type { Scenario, Script } from '../script/script.ts';
import { knows } from './newer-membership.ts';

const members = (port: number, portOf3 = 3888): string[] => [
  `server.1=zk1:2888:${port}:participant`,
  'server.2=zk2:2888:3888:participant',
  `server.3=zk3:2888:${portOf3}:participant`,
];

function isOpen(s: Script, sid: number, port: number): boolean {
  const call = s.stranger(`caller ${port}`).dial(`zk${sid}`, port);
  s.run(200);
  const { isOpen } = call;
  call.destroy();
  return isOpen;
}

export const scenario: Scenario = {
  name: 'another election address',
  about: 'a peer learns that its own election port is another one: it listens there, and those who come anew find it',
  voters: 3,
  mutant: 'listen at the election address of before',
  play(s) {
    knows(s, 1, 5, members(3888));
    for (const sid of [2, 3]) knows(s, sid, 50, members(3999));
    s.itBegins();
    s.begin();
    s.create('/a');
    s.expect(isOpen(s, 1, 3999), true, 'the new port');
    s.expect(isOpen(s, 1, 3888), false, 'the port of before');
    s.kill(2);
    s.run(1000);
    s.start(2);
    s.until('one that needs its word', () => s.isServing(2), 5000);

    // And once more, to a port that somebody has for a while: no reason to end.
    s.kill(1, 2, 3);
    for (const sid of [1, 2]) knows(s, sid, 60, members(3999, 4000));
    const squatter = s.stranger('squatter', 3);
    squatter.listen(4000);
    s.start(1, 2, 3);
    s.untilServing();
    s.run(6500);
    s.expect(s.isServing(3), true, 'it goes on');
    squatter.kill();
    s.run(1500);
    s.expect(isOpen(s, 3, 4000), true, 'the newest port');
    s.write('/a', 'new');
  },
};
