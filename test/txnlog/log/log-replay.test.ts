import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/txnlog/store.ts';
import { fatalOf, Lab, payloadOf, seenBy, zxid } from '../lab.ts';

const DIR = '/data/version-2';

/** A directory with a snapshot at 0 and these transactions in each of some files, closed in good order. */
function labWith(files: readonly (readonly number[])[], options = {}): Lab {
  const lab = new Lab(1, { preAllocBytes: 0, ...options });
  const { store } = lab.start();
  for (const zxids of files) {
    store.roll();
    lab.appendSynced(store, ...zxids);
  }
  lab.close(store);
  return lab;
}

function rewrite(lab: Lab, name: string, change: (bytes: Buffer) => Buffer): void {
  lab.disk.put(`${DIR}/${name}`, change(lab.disk.read(`${DIR}/${name}`)));
}

/** Offset of the record with that index in a file that only has such records. */
function recordAt(index: number): number {
  return 16 + index * (13 + payloadOf(zxid(0, 1)).length);
}

function flipIn(lab: Lab, name: string, offset: number): void {
  lab.disk.flipBit(`${DIR}/${name}`, offset, 0);
}

function withoutNote(lab: Lab): Lab {
  lab.disk.mount(lab.clock).unlink(`${DIR}/synced`);
  return lab;
}

/** Recovers, appends the next transaction, and recovers again: the log goes on where it was cut. */
function goOn(lab: Lab): number[] {
  const { store, database } = lab.start();
  const seen = seenBy(database);
  const next = (seen.at(-1) ?? 0) + 1;
  lab.appendSynced(store, next);
  lab.close(store);
  const again = lab.start();
  expect(seenBy(again.database)).toEqual([...seen, next]);
  return seen;
}

function missing(store: Store): number | undefined {
  return store.missingUpTo;
}

describe('the end of the last file', () => {
  test('a record cut short is a torn tail: it is cut and said, and the log goes on', () => {
    for (const bytes of [5, 12, 13, 40, 80]) {
      const lab = labWith([[1, 2, 3]]);
      rewrite(lab, 'log.1', (log) => log.subarray(0, recordAt(2) + bytes));
      expect(goOn(lab)).toEqual([1, 2]);
      expect(lab.lines).toContain('warn cutting a torn tail off the log');
    }
  });

  test('so is a last record that is altered, and one followed by rubbish alone', () => {
    const altered = labWith([[1, 2, 3]]);
    flipIn(altered, 'log.1', recordAt(2) + 40);
    expect(goOn(altered)).toEqual([1, 2]);
    const rubbish = labWith([[1, 2, 3]]);
    rewrite(rubbish, 'log.1', (log) => Buffer.concat([log, Buffer.from('rubbish '.repeat(200))]));
    expect(goOn(rubbish)).toEqual([1, 2, 3]);
    const behindZeros = labWith([[1, 2, 3]]);
    rewrite(behindZeros, 'log.1', (log) => Buffer.concat([log, Buffer.alloc(3000), Buffer.from('rubbish')]));
    expect(goOn(behindZeros)).toEqual([1, 2, 3]);
  });

  test('padding is no tail, and nothing is said', () => {
    const lab = new Lab(1, { preAllocBytes: 65536 });
    const { store } = lab.start();
    lab.appendSynced(store, 1);
    lab.appendSynced(store, 2);
    lab.close(store);
    expect(lab.disk.read(`${DIR}/log.1`).length).toBe(65536 + 16);
    lab.start();
    expect(lab.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
  });

  test('a whole record after a bad one is damage, refused with file, offset and zxid', () => {
    const lab = labWith([[1, 2, 3, 4]]);
    flipIn(lab, 'log.1', recordAt(1) + 40);
    const refusal = fatalOf(() => lab.start());
    expect(refusal.message).toContain(`${DIR}/log.1: bad record at offset ${recordAt(1)} after zxid 0x1`);
    expect(refusal.message).toContain(`zxid 0x3 is whole at offset ${recordAt(2)}`);
    // Nothing was cut: whoever mends the disk finds everything as it was.
    expect(lab.disk.read(`${DIR}/log.1`).length).toBe(recordAt(4));
  });

  test('also when the bad one became zeros, or a length that cannot be', () => {
    const zeros = labWith([[1, 2, 3, 4]]);
    rewrite(zeros, 'log.1', (log) => log.fill(0, recordAt(1), recordAt(2)));
    expect(fatalOf(() => zeros.start()).message).toContain(`bad record at offset ${recordAt(1)}`);
    for (const length of [-1, 1, 31, 0x7fffffff]) {
      const lab = labWith([[1, 2, 3, 4]]);
      rewrite(lab, 'log.1', (log) => {
        log.writeInt32BE(length, recordAt(1) + 8);
        return log;
      });
      expect(fatalOf(() => lab.start()).message).toContain(`zxid 0x3 is whole`);
    }
  });

  test('the same is a torn group, and cut, beyond what is known to be synced', () => {
    const lab = labWith([[1, 2]]);
    // A group of two that was being written when the power went: its first sector did not arrive, its second did.
    rewrite(lab, 'log.1', (log) => {
      const torn = Buffer.concat([log, Buffer.alloc(13 + payloadOf(3).length), record(4)]);
      torn[recordAt(2) + 5] = 0x77;
      return torn;
    });
    expect(goOn(lab)).toEqual([1, 2]);
  });

  test('and damage when nothing is known, as with a log that Apache wrote', () => {
    const lab = withoutNote(labWith([[1, 2, 3, 4]]));
    flipIn(lab, 'log.1', recordAt(2) + 40);
    expect(fatalOf(() => lab.start()).message).toContain('this is damage');
  });

  test('what was known to be synced and is gone is cut, reported, and remembered until it is made up for', () => {
    const lab = labWith([[1, 2, 3]]);
    rewrite(lab, 'log.1', (log) => log.subarray(0, recordAt(1) + 20));
    const { store, database } = lab.start();
    expect(seenBy(database)).toEqual([1]);
    expect(lab.lines).toContain('error what is cut had been synced: this disk lost it');
    expect(missing(store)).toBe(3);
    lab.close(store);
    const again = lab.start();
    expect(missing(again.store)).toBe(3);
    lab.appendSynced(again.store, 2, 3);
    expect(missing(again.store)).toBeUndefined();
    lab.close(again.store);
    expect(missing(lab.start().store)).toBeUndefined();
  });

  test('a log file that is missing altogether is noticed the same way', () => {
    const lab = labWith([
      [1, 2],
      [3, 4],
    ]);
    lab.disk.mount(lab.clock).unlink(`${DIR}/log.3`);
    const { store, database } = lab.start();
    expect(seenBy(database)).toEqual([1, 2]);
    expect(missing(store)).toBe(4);
  });

  test('an empty file, a part of a header, and a header alone are fine', () => {
    for (const bytes of [0, 7, 16]) {
      const lab = labWith([[1, 2], [3]]);
      lab.disk.put(`${DIR}/log.4`, lab.disk.read(`${DIR}/log.1`).subarray(0, bytes));
      expect(goOn(lab)).toEqual([1, 2, 3]);
    }
    const zeros = labWith([[1, 2], [3]]);
    zeros.disk.put(`${DIR}/log.4`, Buffer.alloc(8192));
    expect(goOn(zeros)).toEqual([1, 2, 3]);
  });

  test('a header that is none, before whole records, is damage', () => {
    const lab = labWith([[1, 2]]);
    flipIn(lab, 'log.1', 0);
    expect(fatalOf(() => lab.start()).message).toContain('bad record at offset 0 after zxid 0x0 (magic is 0x');
  });
});

describe('an earlier file', () => {
  test('may end short when the next one goes on', () => {
    const lab = labWith([[1, 2, 3], [3, 4].slice(1)]);
    // As after a kill of Apache: transaction 3 torn in the first file, and logged again in the second.
    rewrite(lab, 'log.1', (log) => log.subarray(0, recordAt(2) + 30));
    lab.disk.put(`${DIR}/log.3`, Buffer.concat([lab.disk.read(`${DIR}/log.1`).subarray(0, 16), record(3), record(4)]));
    lab.disk.mount(lab.clock).unlink(`${DIR}/log.4`);
    expect(goOn(lab)).toEqual([1, 2, 3, 4]);
    expect(lab.lines).toContain('warn an earlier log file ends in a bad record; the next file must continue it');
  });

  test('that ends short before the next one is a gap, refused with file, offset and zxid', () => {
    const lab = labWith([
      [1, 2, 3],
      [4, 5],
    ]);
    rewrite(lab, 'log.1', (log) => log.subarray(0, recordAt(2) + 30));
    const refusal = fatalOf(() => lab.start());
    expect(refusal.message).toContain(`${DIR}/log.4: at offset 16 zxid 0x4 follows 0x2`);
    expect(refusal.message).toContain(`${DIR}/log.1 ends at offset ${recordAt(2)}`);
  });

  test('a bad record in its middle is a gap too', () => {
    const lab = labWith([
      [1, 2, 3],
      [4, 5],
    ]);
    flipIn(lab, 'log.1', recordAt(1) + 40);
    expect(fatalOf(() => lab.start()).message).toContain('zxid 0x4 follows 0x1');
  });

  test('that is missing is a gap', () => {
    const lab = labWith([[1, 2], [3], [4, 5]]);
    lab.disk.mount(lab.clock).unlink(`${DIR}/log.3`);
    expect(fatalOf(() => lab.start()).message).toContain('zxid 0x4 follows 0x2');
  });

  test('may be followed by a later epoch, from its first transaction on', () => {
    const good = labWith([[zxid(1, 1), zxid(1, 2)], [zxid(3, 1)]]);
    expect(goOn(good)).toEqual([zxid(1, 1), zxid(1, 2), zxid(3, 1)]);
    const gap = labWith([[zxid(1, 1), zxid(1, 2)], [zxid(3, 1), zxid(3, 2)], [zxid(3, 3)]]);
    gap.disk.mount(gap.clock).unlink(`${DIR}/log.300000001`);
    expect(fatalOf(() => gap.start()).message).toContain('zxid 0x300000003 follows 0x100000002');
  });
});

describe('records', () => {
  test('that repeat earlier ones are passed over', () => {
    const lab = labWith([[1, 2, 3]]);
    rewrite(lab, 'log.1', (log) => Buffer.concat([log, record(2), record(4)]));
    expect(goOn(lab)).toEqual([1, 2, 3, 4]);
    expect(lab.lines).toContain('warn passed over records that repeat earlier ones');
  });

  test('that are whole and no transaction stop the start, with file, offset and zxid', () => {
    const lab = labWith([[1, 2]]);
    const unknown = payloadOf(3);
    unknown.writeInt32BE(77, 28);
    rewrite(lab, 'log.1', (log) => Buffer.concat([log, recordOf(unknown)]));
    const refusal = fatalOf(() => lab.start());
    expect(refusal.message).toContain(`${DIR}/log.1: the transaction 0x3 at offset ${recordAt(2)}`);
    expect(refusal.message).toContain('unknown transaction type 77');
  });

  test('larger than a chunk of the reader are read', () => {
    const lab = new Lab(1, { preAllocBytes: 0 });
    const { store } = lab.start();
    store.append(zxid(0, 1), payloadOf(1, 3_000_000));
    store.append(zxid(0, 2), payloadOf(2, 8));
    lab.run();
    lab.close(store);
    expect(seenBy(lab.start().database)).toEqual([1, 2]);
  });
});

function record(zxid: number): Buffer {
  return recordOf(payloadOf(zxid));
}

/** Written by hand, not with our own writer. */
function recordOf(payload: Buffer): Buffer {
  let a = 1;
  let b = 0;
  for (const byte of payload) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const head = Buffer.alloc(12);
  head.writeUInt16BE(b, 4);
  head.writeUInt16BE(a, 6);
  head.writeInt32BE(payload.length, 8);
  return Buffer.concat([head, payload, Buffer.from('B')]);
}
