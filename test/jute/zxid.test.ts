import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import {
  counterOf,
  epochOf,
  MAX_COUNTER,
  MAX_EPOCH,
  makeZxid,
  parseZxidHex,
  ZXID_NONE,
  ZXID_OBSERVER,
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
