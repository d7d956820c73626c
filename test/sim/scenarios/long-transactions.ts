import { found } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';

const MB = 1 << 20;

export const scenario: Scenario = {
  name: 'long transactions',
  about: 'transactions are longer than what is read, written and synced at once; some cannot be packed',
  voters: 3,
  config: {
    'jute.maxbuffer': 8 * MB,
    'snapshot.compression.method': 'snappy',
    snapCount: 1000,
    snapshotSizeFactor: '-1',
  },
  recentBytes: 1,
  mutant: 'look no further than one piece of the log',
  play(s) {
    s.begin(3);
    for (let i = 0; i < 4; i++) s.create(`/n${i}`);
    const noise = (bytes: number): string => {
      let state = 7;
      const characters = Array.from({ length: bytes }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return String.fromCharCode(33 + ((state >>> 24) % 90));
      });
      return characters.join('');
    };
    const unpackable = noise(300_000);
    for (const [i, bytes] of [70, 300, 70_000, 300_000].entries()) s.write(`/n${i}`, unpackable.slice(0, bytes));
    s.do({
      op: 'multi',
      parts: Array.from({ length: 5 }, (_, i) => ({
        op: 'create',
        path: `/big${i}`,
        data: `${i}`.repeat(900_000),
        flags: 0,
      })),
    });
    s.flood('/n0', 3).forEach(() => {});
    for (let i = 0; i < 3; i++) s.ask({ op: 'setData', path: '/big0', data: 'y'.repeat(1_900_000), version: -1 });
    for (let i = 0; i < 9; i++) s.write('/n0', unpackable.slice(i, i + 80));
    s.powerLoss(1, 2, 3);
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.read('/n3'), unpackable, '/n3');
    s.expect(s.read('/big4')?.length, 900_000, 'the length of /big4');
    s.wipe(1);
    s.start(1);
    s.untilServing();
    // A number that looks like the length of a record, beyond what is in memory, names a place without an end mark.
    s.write('/big1', 'z'.repeat(1_900_000));
    s.write('/n0', 'behind it');
    s.run(1500);
    s.refuses(1, 'this is damage, not a torn tail', (disk, { logDir }) => {
      const path = found(disk, logDir, 'log').at(-1)?.path ?? '';
      const log = disk.read(path);
      log.writeInt32BE(1_500_000, 24);
      disk.put(path, log);
    });
    s.expect(s.read('/big1')?.length, 1_900_000, 'the length of /big1');
  },
};
