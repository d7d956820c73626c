import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a disk that fails',
  about:
    'each change of the disk under the log fails once, or the disk is full: the peer stops, says why, and comes back',
  voters: 3,
  config: { txnLogSizeLimitInKb: 1 },
  mutant: 'go on after a sync that failed',
  play(s) {
    s.begin(3);
    s.create('/a');
    const { machine } = s.view(1);
    const { disk } = machine;
    let round = 0;
    const fails = (operation: string, part: string, code: string, saying: string, nth = 1, asks = 1000): void => {
      s.view(1).inTrouble = true;
      let times = 0;
      disk.fault = (kind, path) => (kind === operation && path.includes(part) && ++times === nth ? code : undefined);
      const why: string[] = [];
      const { onLine } = machine;
      machine.onLine = (line) => {
        if (line.startsWith('stopped: ')) why.push(line);
        onLine(line);
      };
      let left = asks;
      s.until(`the end of ${operation} ${part}`, () => {
        if (machine.isUp && left-- > 0)
          s.ask({ op: 'setData', path: '/a', data: `${round}`.padEnd(200, '.'), version: -1 });
        s.run(20);
        return why.length > 0;
      });
      machine.onLine = onLine;
      s.expect(why[0]?.includes(saying) === true ? saying : why[0], saying, `the reason after ${operation} ${part}`);
      disk.fault = () => undefined;
      s.until('its return', () => machine.isUp);
      s.untilServing();
      s.write('/a', `kept ${++round}`);
      s.expect(s.read('/a'), `kept ${round}`, '/a');
    };
    for (const operation of ['create', 'truncate', 'write', 'sync']) {
      fails(operation, '/log.', 'EIO', 'cannot write the transaction log');
    }
    fails('write', '/log.', 'ENOSPC', 'no space left for the transaction log');
    fails('write', '/log.', 'ENOSPC', 'no space left for the transaction log', 4);
    fails('sync', '/log.', 'EIO', 'cannot write the transaction log', 5);
    fails('syncDir', '/version-2', 'EIO', 'EIO', 2);
    fails('write', '/synced', 'EIO', 'cannot write the transaction log');
    fails('sync', '/synced', 'EIO', 'cannot write the transaction log');
    // The note that follows a moment after the last transaction, and not that of a new file.
    fails('sync', '/synced', 'EIO', 'cannot write the transaction log', 1, 1);
    // The next epoch begins a file, whose place in the order is written down first.
    for (const [operation, code] of [
      ['write', 'EIO'],
      ['sync', 'EIO'],
      ['read', 'EIO'],
      ['create', 'EIO'],
    ] as const) {
      s.kill(1);
      if (operation === 'create') disk.remove('/data/version-2/log-order');
      s.kill(3);
      s.start(1);
      s.untilServing();
      fails(operation, '/log-order', code, 'EIO');
      s.start(3);
      s.untilServing();
    }
  },
};
