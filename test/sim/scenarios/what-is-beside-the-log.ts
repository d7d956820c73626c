import { adler32 } from '../../../src/txnlog/adler32.ts';
import { endOf, found, recordsOf } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'what is beside the log',
  about:
    'the small files that say how far the log is synced, and what comes before a file, are garbled, old, or too long',
  voters: 3,
  mutant: 'believe a note whatever its checksum',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    const dir = '/data/version-2';
    const sealed = (text: string): string => `${text} ${adler32(Buffer.from(text)).toString(16)}\n`;
    const file = (name: string, text: string, saying = ''): void => {
      s.recovers(1, saying, (disk) => disk.put(`${dir}/${name}`, Buffer.from(text)));
      s.write('/a', 'kept');
      s.powerLoss(1);
      s.start(1);
      s.untilServing();
    };
    const note = (text: string): void => file('synced', text, 'not readable: nothing is known of what was synced');
    note('');
    note('nonsense');
    note('9 log.100000001 16 900000001 1\n');
    note(sealed('9 log.ffffffffffffffff1 16 1'));
    note(sealed('9 log.1 16 ffffffffffffffff1'));
    // The newer slot is lost with the power, the older one counts.
    file('synced', `${sealed('1 log.0 0 0').padEnd(512)}${'2 log.9'.padEnd(512, '\0')}`);
    file('log-order', 'nonsense');
    file('log-order', sealed('log.ffffffffffffffff1 after 1') + sealed('log.1 after ffffffffffffffff1'));
    file('log-order', 'log.100000001 after 500000000 77\n');
    const { disk } = s.view(1).machine;
    const many = Array.from({ length: 800 }, (_, i) => sealed(`log.${(i + 1).toString(16)} after ${i.toString(16)}`));
    many.push(sealed('log.100000001 after 0'));
    file('log-order', many.join('') + disk.read(`${dir}/log-order`).toString());
    s.expect(disk.read(`${dir}/log-order`).length < 1000, true, 'it is tidied');
    // It says more than the log has: the disk lost the end.
    for (let i = 0; i < 4; i++) s.write('/a', 'kept');
    s.run(1500);
    s.view(1).faulty = 'damaged';
    s.recovers(1, 'transactions that were synced here are no longer on this disk', () => {
      const path = found(disk, dir, 'log').at(-1)?.path ?? '';
      const log = disk.read(path);
      disk.put(path, log.subarray(0, endOf(recordsOf(log)) - 5));
    });
    s.expect(s.read('/a'), 'kept', '/a');
  },
};
