import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a slow request',
  about: 'each server says of its own clients what was slow, and whether its disk or the others were',
  voters: 3,
  config: { slowRequestMs: 200 },
  play(s) {
    s.begin(3);
    s.create('/node');
    const there = s.addClient('at a follower', 1);
    const here = s.addClient('at the leader', 3);
    s.read('/node', there);
    s.read('/node', here);
    const before = [1, 3].map((sid) => s.said(sid, 'a slow request'));
    s.slowDisk(300, 1);
    s.do({ op: 'setData', path: '/node', data: 'by a server with a slow disk', version: -1 }, there);
    s.do({ op: 'setData', path: '/node', data: 'by another', version: -1 }, here);
    s.expect(
      s.said(1, 'a slow request') > (before[0] as number),
      true,
      'whether the server with the slow disk says so',
    );
    s.expect(s.said(3, 'a slow request') - (before[1] as number), 0, 'slow requests elsewhere');
    // A read behind a write that is slow.
    const reads = s.said(1, 'operation=GETD');
    s.ask({ op: 'setData', path: '/node', data: 'once more', version: -1 }, there);
    s.do({ op: 'get', path: '/node', watch: false }, there);
    s.expect(s.said(1, 'operation=GETD') - reads, 1, 'slow reads');
  },
};

export const inASlowTurn: Scenario = {
  name: 'a read in a slow turn',
  about: 'a server that has no time to answer at once says which read had to wait for it',
  voters: 3,
  config: { slowRequestMs: 2 },
  play(s) {
    s.begin(3);
    s.create('/node');
    const reader = s.addClient('reader', 1);
    s.read('/node', reader);
    const before = s.said(1, 'operation=GETD');
    s.view(1).machine.slowTurns(3);
    s.do({ op: 'get', path: '/node', watch: false }, reader);
    s.view(1).machine.slowTurns(0);
    s.expect(s.said(1, 'operation=GETD') - before, 1, 'slow reads');
  },
};
