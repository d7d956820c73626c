import { OpCode } from '../../../src/jute/codes.ts';
import type { Scenario } from '../script/script.ts';

/** More than a server forgets in one turn. */
const WATCHES = 1100;

export const scenario: Scenario = {
  name: 'watches of who leaves',
  about:
    'a client with many watches closes its session as what it watches changes; another goes to a second server, and the connection it left asks for watches',
  voters: 3,
  config: { globalOutstandingLimit: 100_000 },
  play(s) {
    s.begin(3);
    const leaver = s.addClient('leaver', 1, 20_000);
    s.until('a connection', () => leaver.isConnected);
    const path = (i: number): string => `/w${i}`;
    const asked = Array.from({ length: WATCHES }, (_, i) =>
      s.ask({ op: 'exists', path: path(i), watch: true }, leaver),
    );
    s.until('its watches', () => asked.every((op) => op.result !== undefined));
    s.itBegins();
    s.slowDisk(40, 1, 2, 3);
    // Its end and what comes behind it are on their way to the disk together, behind a write.
    s.ask({ op: 'create', path: '/first', data: '', flags: 0 });
    s.run(5);
    s.ask({ op: 'close' }, leaver);
    s.run(5);
    const last = [0, 1, 2].map((i) => s.ask({ op: 'create', path: path(WATCHES - 1 - i), data: '', flags: 0 }));
    const first = [0, 1, 2].map((i) => s.ask({ op: 'create', path: path(i), data: '', flags: 0 }));
    s.until('all answers', () => [...last, ...first].every((op) => op.result?.err === 0));
    s.slowDisk(0.5, 1, 2, 3);
    leaver.stop();

    const mover = s.addClient('mover', 3, 20_000);
    s.until('a connection', () => mover.isConnected);
    mover.moveTo('zk1');
    s.until('a connection elsewhere', () => mover.isConnected);
    mover.client.haunt(OpCode.setWatches, (w) => {
      w.writeLong(0n);
      for (let list = 0; list < 3; list++) w.writeInt(0);
    });
    s.until('the end of the connection it left', () => s.said(3, 'the session moved') === 1, 10_000);
    s.expect(mover.client.connections, 2, 'its connections');
  },
};
