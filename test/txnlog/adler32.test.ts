import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ADLER32_EMPTY, adler32 } from '../../src/txnlog/adler32.ts';

/** The last four bytes of a zlib stream are the Adler-32 of what is in it. */
function zlibsAdler32(bytes: Uint8Array): number {
  const packed = deflateSync(bytes, { level: 0 });
  return packed.readUInt32BE(packed.length - 4);
}

test('of nothing it is 1, of "Wikipedia" 0x11e60398', () => {
  expect(adler32(Buffer.alloc(0))).toBe(1);
  expect(adler32(Buffer.from('Wikipedia'))).toBe(0x11e60398);
});

test('it is what zlib computes, for any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 9000 }), (bytes) => adler32(bytes) === zlibsAdler32(bytes)));
});

test('the sums stay exact over the largest bytes there are', () => {
  const bytes = Buffer.alloc(100_003, 0xff);
  expect(adler32(bytes)).toBe(zlibsAdler32(bytes));
});

test('it continues where an earlier part ended', () => {
  const bytes = Buffer.from('a snapshot is sealed more than once');
  const first = adler32(bytes, 0, 10, ADLER32_EMPTY);
  expect(adler32(bytes, 10, bytes.length, first)).toBe(adler32(bytes));
});
