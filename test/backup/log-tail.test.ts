import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTail, logOf } from '../../src/backup/log-tail.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { disk, Histories } from './histories.ts';

/** A log read a piece at a time, from files that are written by hand. */
const histories = new Histories();
let dir = '';

beforeEach(() => {
  dir = histories.freshDir();
});

afterEach(() => histories.close());

const ALL = { bytes: 1 << 20 };
const z = (zxid: number) => zxid as Zxid;

/** A transaction of `bytes`, at least a header's 32. */
function txn(zxid: number, bytes = 32): Buffer {
  const payload = Buffer.alloc(bytes);
  payload.writeBigInt64BE(BigInt(zxid), 12);
  return payload;
}

function writeLog(first: number, zxids: readonly number[], bytes = 32, tail = Buffer.alloc(64)): void {
  writeFileSync(
    join(dir, `log.${first.toString(16)}`),
    Buffer.concat([logOf(zxids.map((each) => txn(each, bytes))), tail]),
  );
}

const zxidsOf = (piece: ReturnType<LogTail['read']>) => piece?.records.map(({ zxid }) => zxid);

describe('a log', () => {
  it('is read from a transaction on, over files, up to a limit', () => {
    writeLog(1, [1, 2, 3]);
    writeLog(4, [4, 5, 6]);
    const tail = new LogTail(disk, dir);
    expect(zxidsOf(tail.read(z(2), ALL))).toEqual([2, 3, 4, 5, 6]);
    expect(tail.read(z(2), { ...ALL, upTo: z(5) })).toMatchObject({ isEnd: true, records: [{}, {}, {}, {}] });
    expect(zxidsOf(tail.read(z(6), { ...ALL, upTo: z(5) }))).toEqual([]);
    expect(zxidsOf(tail.read(z(9), ALL))).toEqual([]);
  });

  it('that begins later may leave something out, unless it begins with the very next', () => {
    writeLog(4, [4, 5]);
    const tail = new LogTail(disk, dir);
    expect(tail.read(z(2), ALL)).toBeUndefined();
    expect(zxidsOf(tail.read(z(3), ALL))).toEqual([4, 5]);
    rmSync(join(dir, 'log.4'));
    expect(tail.read(z(2), ALL)).toEqual({ records: [], isEnd: true });
  });

  it('is given in pieces, each with something new, however long its transactions are', () => {
    writeLog(1, [1, 2, 3, 4], 5000);
    const tail = new LogTail(disk, dir);
    const pieces: (number[] | undefined)[] = [];
    for (let from = 1, isEnd = false; !isEnd && pieces.length < 20; from = (pieces.flat().at(-1) as number) + 1) {
      const piece = tail.read(z(from), { bytes: 1000 });
      pieces.push(zxidsOf(piece));
      isEnd = piece?.isEnd === true;
    }
    expect(pieces).toEqual([[1], [2], [3], [4], []]);
  });

  it('that grows goes on where it was; one that was cut and written anew is read as it is now', () => {
    writeLog(1, [1, 2, 3]);
    const tail = new LogTail(disk, dir);
    expect(zxidsOf(tail.read(z(3), ALL))).toEqual([3]);
    writeLog(1, [1, 2, 3, 4]);
    expect(zxidsOf(tail.read(z(3), ALL))).toEqual([3, 4]);
    writeLog(1, [1, 2], 40);
    expect(zxidsOf(tail.read(z(3), ALL))).toEqual([]);
    writeLog(1, [1, 2, 3, 4, 5], 40);
    expect(zxidsOf(tail.read(z(4), ALL))).toEqual([4, 5]);
  });

  it('may break off at its end, and nowhere else', () => {
    writeLog(1, [1, 2], 32, Buffer.from(logOf([txn(3)]).subarray(16, 46)));
    const tail = new LogTail(disk, dir);
    expect(zxidsOf(tail.read(z(1), ALL))).toEqual([1, 2]);
    writeLog(3, [3]);
    expect(() => tail.read(z(1), ALL)).toThrow(/log\.1 breaks off at offset \d+ \(.*\), and there are later logs/);
  });
});
