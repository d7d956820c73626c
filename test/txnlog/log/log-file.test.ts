import { expect, test } from 'vitest';
import type { Disk, DiskFile } from '../../../src/io/disk.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { LogFile } from '../../../src/txnlog/log/log-file.ts';

const PREALLOCATED = 64 << 20;

/** What each write of a log file holds, as lengths: the group, and the zeros behind it. */
function writesOf(...groups: readonly number[]): number[][] {
  const writes: number[][] = [];
  const file = {
    writeAt() {},
    truncate() {},
    close() {},
    write(chunks: readonly Buffer[], _offset: number, done: (error: undefined) => void) {
      writes.push(chunks.map(({ length }) => length));
      done(undefined);
    },
  } as unknown as DiskFile;
  const disk = {
    open: () => file,
    syncDirAsync: (_dir: string, done: (error: undefined) => void) => done(undefined),
  } as unknown as Disk;
  const log = new LogFile({ disk, dir: '/log' } as never, 1 as Zxid, PREALLOCATED, true);
  for (const bytes of groups) {
    log.write(Buffer.alloc(bytes), () => {});
    log.accept();
  }
  return writes;
}

test('a megabyte is zeroed ahead of small groups, once for all that fit', () => {
  expect(writesOf(100, 200, 300, 400)).toEqual([[100], [200, 1 << 20], [300], [400]]);
});

test('nothing is zeroed ahead of large groups, which would be written twice', () => {
  expect(writesOf(100, 32 << 10, 50_000, 200, 40_000)).toEqual([[100], [32 << 10], [50_000], [200, 1 << 20], [40_000]]);
});
