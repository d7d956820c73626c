import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CRC_START,
  crcBytes,
  crcFinish,
  crcInt,
  crcInts,
  crcLong,
  crcText,
} from '../../../src/datatree/digest/crc32.ts';
import { crc32 } from '../dumb-tree.ts';

describe('CRC-32', () => {
  test('has its check value', () => {
    expect(crcFinish(crcText(CRC_START, '123456789'))).toBe(0xcbf43926);
    expect(crcFinish(CRC_START)).toBe(0);
  });

  test('is the same in pieces of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200, size: 'max' }), fc.nat(), (bytes, cut) => {
        const at = cut % (bytes.length + 1);
        const first = crcBytes(CRC_START, bytes, 0, at);
        expect(crcFinish(crcBytes(first, bytes, at, bytes.length))).toBe(crc32(Buffer.from(bytes)));
      }),
    );
  });

  test('takes numbers as their bytes, the high one first', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.maxSafeNat(), fc.integer(), (first, second, long, start) => {
        const bytes = Buffer.alloc(8);
        bytes.writeInt32BE(first);
        bytes.writeInt32BE(second, 4);
        expect(crcInts(start, first, second)).toBe(crcBytes(start, bytes, 0, 8));
        expect(crcInt(start, first)).toBe(crcBytes(start, bytes, 0, 4));
        bytes.writeBigInt64BE(BigInt(long));
        expect(crcLong(start, long)).toBe(crcBytes(start, bytes, 0, 8));
      }),
    );
  });

  test('takes text as Java encodes it', () => {
    for (const [text, bytes] of [
      ['/\u00e4\u20ac', '2fc3a4e282ac'],
      ['/\ud83d\ude00x', '2ff09f988078'],
      ['/\ud83dx\ude00', '2f3f783f'],
      ['\ude00\ud83d', '3f3f'],
    ] as const) {
      expect(crcFinish(crcText(CRC_START, text)), bytes).toBe(crc32(Buffer.from(bytes, 'hex')));
    }
  });
});
