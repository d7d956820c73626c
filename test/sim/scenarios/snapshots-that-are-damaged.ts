import { gzipSync } from 'node:zlib';
import { found, over } from '../faults/damage.ts';
import {
  partsOf,
  SNAPPY_HEADER,
  type SnapshotParts,
  sealed,
  sealOf,
  snappyFrame,
  varint,
} from '../faults/snapshot-files.ts';
import type { Scenario } from '../script/script.ts';

/** Each is passed over with a reason, and the one before it and the log make up for it. */
export const scenario: Scenario = {
  name: 'snapshots that are damaged',
  about: 'the newest snapshot cannot be loaded, and an older one and the log still reach as far',
  voters: 3,
  config: { snapCount: 10 },
  mutant: 'load a snapshot whatever its checksum',
  play(s) {
    s.begin(3);
    for (const name of ['a', 'b', 'c']) s.create(`/${name}`, name.repeat(40));
    s.until('snapshots', () => {
      s.write('/a', 'again');
      return s.files(1, 'snapshot.').length > 2;
    });
    s.run(200);
    const dir = '/data/version-2';
    const { disk } = s.view(1).machine;
    const newest = found(disk, dir, 'snapshot').at(-1)?.path ?? '';
    const file = disk.read(newest);
    const passedOver = (reason: string, ending: string, change: (parts: SnapshotParts) => Buffer): void => {
      s.recovers(1, `reason=${reason}`, () => {
        for (const old of ['', '.gz', '.snappy']) if (disk.has(newest + old)) disk.remove(newest + old);
        // Transactions that a start replayed count, so that there may be newer ones.
        for (const { path } of found(disk, dir, 'snapshot')) if (path > newest) disk.remove(path);
        disk.put(newest + ending, change(partsOf(file)));
      });
      s.write('/b', reason);
    };
    const tail = Buffer.from('\0\0\0\u0001/', 'latin1');
    passedOver('it was not written to its end', '', () => Buffer.alloc(0));
    passedOver('it was not written to its end', '', () => file.subarray(0, 4));
    passedOver('it was not written to its end', '', () => file.subarray(0, file.length - 1));
    passedOver('magic is 0x', '', () => over(file, 0, Buffer.from('PK')));
    passedOver('the file ends before the tree does', '', () => Buffer.concat([file.subarray(0, 8), tail]));
    passedOver('the checksum does not match', '', ({ body }) =>
      sealed(body).fill(0x78, body.indexOf('cccc') + 4, body.indexOf('cccc') + 5),
    );
    passedOver('the checksum does not match', '', ({ body }) => Buffer.concat([body, tail]));
    passedOver('a later checksum does not match', '', ({ body, digest }) =>
      Buffer.concat([sealed(body), digest, sealOf(7)]),
    );
    passedOver('the file ends before the tree does', '', ({ body }) =>
      Buffer.concat([body.subarray(0, 16), Buffer.from([0, 0, 3, 232]), sealOf(0)]),
    );
    passedOver('', '', ({ body }) => sealed(over(body, 16, Buffer.from([0xff, 0, 0, 0]))));

    passedOver('it was not written to its end', '.gz', () => Buffer.from('no gzip'));
    passedOver('not readable as gzip', '.gz', () => gzipSync(file).subarray(0, 60));
    passedOver('magic is 0x', '.gz', () => gzipSync(Buffer.from('something else altogether')));

    const snappy = (...blocks: Buffer[]): Buffer => Buffer.concat([SNAPPY_HEADER, ...blocks]);
    const block = (size: number, ...bytes: number[]): Buffer =>
      snappy(snappyFrame(Buffer.concat([varint(size), Buffer.from(bytes)])));
    passedOver('it was not written to its end', '.snappy', () => Buffer.from('no snappy'));
    passedOver('no snappy stream', '.snappy', () => SNAPPY_HEADER.subarray(0, 12));
    passedOver('snappy stream is cut short', '.snappy', () => snappy(Buffer.alloc(3)));
    passedOver('snappy stream is cut short', '.snappy', () => snappy(Buffer.from([0, 0, 0, 9, 1])));
    passedOver('snappy stream is cut short', '.snappy', () => snappy(Buffer.from([0xff, 0, 0, 9, 1])));
    passedOver('snappy stream is cut short', '.snappy', () => snappy(Buffer.from([0x82, 0, 0, 9, 1])));
    passedOver('snappy block has no length', '.snappy', () => snappy(snappyFrame(Buffer.alloc(0))));
    passedOver('snappy block has no length', '.snappy', () => snappy(snappyFrame(Buffer.alloc(9, 0xff))));
    passedOver('snappy block of', '.snappy', () => block(2 ** 27, 0));
    passedOver('snappy literal is cut short', '.snappy', () => block(9, 62 << 2, 1));
    passedOver('snappy literal is too long', '.snappy', () => block(9, 7 << 2, 1, 2));
    passedOver('snappy literal is too long', '.snappy', () => block(1, 1 << 2, 1, 2));
    passedOver('snappy copy is cut short', '.snappy', () => block(9, 0, 1, 3, 0));
    passedOver('snappy copy out of bounds', '.snappy', () => block(9, 0, 1, 1, 0));
    passedOver('snappy copy out of bounds', '.snappy', () => block(9, 0, 1, 1, 7));
    passedOver('snappy copy out of bounds', '.snappy', () => block(3, 0, 1, 1, 1));
    passedOver('snappy block is shorter than it says', '.snappy', () => block(9, 0, 1));
    s.expect(s.read('/c'), 'c'.repeat(40), '/c');
  },
};
