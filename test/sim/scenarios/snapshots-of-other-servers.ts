import { gzipSync } from 'node:zlib';
import { found } from '../faults/damage.ts';
import { digestOfVersion1, partsOf, type SnapshotParts, sealed, snappyOfAllForms } from '../faults/snapshot-files.ts';
import type { Scenario } from '../script/script.ts';

/** The tree is what counts; what comes behind it differs from release to release, and so does the packing. */
export const scenario: Scenario = {
  name: 'snapshots of other servers',
  about: 'a directory comes from another release, packed or not, and what it does not know at the end is left alone',
  voters: 3,
  config: { snapCount: 10 },
  mutant: 'take what a later release adds to a snapshot for damage',
  play(s) {
    s.begin(3);
    for (const name of ['a', 'b', 'c']) s.create(`/${name}`, name.repeat(40));
    const dir = '/data/version-2';
    const loads = (ending: string, change: (parts: SnapshotParts, file: Buffer) => Buffer): void => {
      const before = s.files(1, 'snapshot.').length;
      s.until('a snapshot', () => {
        s.write('/a', `${before}`);
        return s.files(1, 'snapshot.').length > before;
      });
      s.run(200);
      const newest = found(s.view(1).machine.disk, dir, 'snapshot').at(-1)?.path ?? '';
      const name = newest.slice(dir.length + 1) + ending;
      s.recovers(1, `recovered snapshot=${name} `, (disk) => {
        const file = disk.read(newest);
        disk.remove(newest);
        disk.put(newest + ending, change(partsOf(file), file));
      });
    };
    const zxidOf = ({ lastZxid }: SnapshotParts): bigint => lastZxid.readBigInt64BE(0);
    loads('', ({ body }) => sealed(body));
    loads('', ({ body, digest }) => sealed(body, digest));
    loads('', ({ body, lastZxid }) => sealed(body, lastZxid));
    loads('', (parts) => sealed(parts.body, digestOfVersion1(zxidOf(parts), '1f2e3d'), parts.lastZxid));
    loads('', (parts) => sealed(parts.body, digestOfVersion1(zxidOf(parts), 'no number')));
    loads('', (parts) => sealed(parts.body, digestOfVersion1(zxidOf(parts), '12345678', 100)));
    loads('', (parts) => sealed(parts.body, digestOfVersion1(zxidOf(parts), '12345678', -2)));
    loads('', (parts) => sealed(parts.body, digestOfVersion1(zxidOf(parts), '12345678', 12)));
    loads('', ({ body, digest }) => sealed(body, digest, Buffer.from('from a later release'.repeat(3))));
    loads('', ({ body }) => sealed(body, Buffer.alloc(6)));
    // A digest of a moment that the log has passed, or does not come to.
    loads('', ({ body, digest }) => sealed(body, Buffer.concat([Buffer.alloc(8), digest.subarray(8)])));
    loads('', ({ body, digest }) => {
      const later = Buffer.from(digest);
      later.writeBigInt64BE(later.readBigInt64BE(0) + 1_000_000n);
      return sealed(body, later);
    });
    loads('.gz', (_, file) => Buffer.concat([gzipSync(file.subarray(0, 100)), gzipSync(file.subarray(100))]));
    loads('.snappy', (_, file) => snappyOfAllForms(file));
    s.expect(s.read('/c'), 'c'.repeat(40), '/c');
  },
};
