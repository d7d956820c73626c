import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'deep pipelines',
  about: 'more requests than a server holds wait behind one write, and are answered in order, one by one',
  voters: 3,
  config: { globalOutstandingLimit: 1_000_000, syncLimit: 20 },
  play(s) {
    s.begin(3);
    s.create('/a');
    const deep = s.addClient('deep', 1, 40_000);
    const wide = s.addClient('wide', 1, 40_000);
    s.until('connections', () => deep.isConnected && wide.isConnected);
    s.itBegins();
    s.slowDisk(600, 1, 2, 3);
    const first = s.ask({ op: 'setData', path: '/a', data: 'first', version: -1 }, deep);
    const reads = Array.from({ length: 10_400 }, () => s.ask({ op: 'whoAmI' }, deep));
    // Bytes are counted as well as requests.
    const large = 'x'.repeat(700_000);
    const writes = Array.from({ length: 26 }, (_, i) =>
      s.ask({ op: 'setData', path: '/a', data: `${i}${large}`, version: -1 }, wide),
    );
    // So many reads hold back a write behind them.
    const behind = s.addClient('behind', 1, 40_000);
    s.until('a connection', () => behind.isConnected);
    writes.push(s.ask({ op: 'setData', path: '/a', data: 'in front', version: -1 }, behind));
    for (let i = 0; i < 100; i++) reads.push(s.ask({ op: 'get', path: '/a', watch: false }, behind));
    writes.push(s.ask({ op: 'setData', path: '/a', data: 'behind', version: -1 }, behind));
    s.until('the first answer', () => first.result !== undefined);
    s.slowDisk(0.5, 1, 2, 3);
    s.until('all answers', () => [...reads, ...writes].every((op) => op.result !== undefined));
    s.write('/a', 'last');
  },
};
