import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import {
  counterOf,
  epochOf,
  follows,
  isWholeHistory,
  MAX_COUNTER,
  MAX_EPOCH,
  makeZxid,
  parseZxidHex,
  ZXID_NONE,
  ZXID_OBSERVER,
  ZXID_ZERO,
  type Zxid,
  zxidHex,
} from '../../src/jute/zxid.ts';

describe('a zxid', () => {
  test('is an epoch and a counter', () => {
    for (const [epoch, counter] of [
      [0, 0],
      [1, 1],
      [7, 0xffffffff],
      [MAX_EPOCH, MAX_COUNTER],
    ] as const) {
      const zxid = makeZxid(epoch, counter);
      expect([epochOf(zxid), counterOf(zxid)]).toEqual([epoch, counter]);
    }
  });

  test('is not made of an epoch or a counter out of range', () => {
    for (const [epoch, counter] of [
      [MAX_EPOCH + 1, 0],
      [-1, 0],
      [0, MAX_COUNTER + 1],
      [0, -1],
      [0.5, 0],
    ] as const) {
      expect(() => makeZxid(epoch, counter)).toThrow(AssertionFailure);
    }
  });

  test('is written in hexadecimal as in file names', () => {
    expect([zxidHex(makeZxid(1, 0x2f)), zxidHex(makeZxid(0, 0)), zxidHex(ZXID_NONE), zxidHex(ZXID_OBSERVER)]).toEqual([
      '10000002f',
      '0',
      'ffffffffffffffff',
      '8000000000000000',
    ]);
    expect([parseZxidHex('10000002f'), parseZxidHex('0'), parseZxidHex('1fffffffffffff')]).toEqual([
      makeZxid(1, 0x2f),
      0,
      Number.MAX_SAFE_INTEGER,
    ]);
    for (const text of ['', 'A', '0x1', '20000000000000', 'ffffffffffffffff', '1.gz', '11112222333344445']) {
      expect(parseZxidHex(text), text).toBeUndefined();
    }
  });
});

describe('a history', () => {
  test('goes on with the next number, or with transaction 1 of a later epoch', () => {
    for (const [previous, next] of [
      [makeZxid(1, 7), makeZxid(1, 8)],
      [makeZxid(1, 7), makeZxid(2, 1)],
      [makeZxid(1, 7), makeZxid(9, 1)],
      [makeZxid(2, 0), makeZxid(2, 1)],
      [ZXID_ZERO, makeZxid(0, 1)],
      // A standalone server of Apache's counts on past 2^32.
      [makeZxid(0, MAX_COUNTER), makeZxid(1, 0)],
    ] as const) {
      expect(follows(previous, next), `${zxidHex(previous)}, ${zxidHex(next)}`).toBe(true);
    }
  });

  test('has no gap, and no epoch that begins with another transaction', () => {
    for (const [previous, next] of [
      [makeZxid(1, 7), makeZxid(1, 9)],
      [makeZxid(1, 7), makeZxid(1, 7)],
      [makeZxid(1, 7), makeZxid(2, 2)],
      [makeZxid(1, 7), makeZxid(2, 0)],
      [makeZxid(2, 3), makeZxid(1, 1)],
      [makeZxid(2, 3), makeZxid(2, 1)],
    ] as const) {
      expect(follows(previous, next), `${zxidHex(previous)}, ${zxidHex(next)}`).toBe(false);
    }
  });

  test('is whole with an epoch of its own, or when a standalone server wrote it', () => {
    expect(isWholeHistory(0, ZXID_ZERO)).toBe(false);
    expect(isWholeHistory(0, 42 as Zxid)).toBe(true);
    expect(isWholeHistory(1, ZXID_ZERO)).toBe(true);
    expect(isWholeHistory(3, makeZxid(3, 7))).toBe(true);
    // The remains of a first synchronisation that broke off.
    expect(isWholeHistory(0, makeZxid(3, 50))).toBe(false);
  });
});
