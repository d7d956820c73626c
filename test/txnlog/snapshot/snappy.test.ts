import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../../../src/base/errors.ts';
import { snappyBlock, snappyHeader, unsnappyBlock, unsnappyStream } from '../../../src/txnlog/snapshot/snappy.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

test('a literal, a copy, and a copy that overlaps itself', () => {
  expect(unsnappyBlock(bytes('05 10 48656c6c6f')).toString()).toBe('Hello');
  // "abcd", then four bytes from four back with an 11-bit offset.
  expect(unsnappyBlock(bytes('08 0c 61626364 01 04')).toString()).toBe('abcdabcd');
  // "ab", then nine bytes from two back with a 16-bit offset.
  expect(unsnappyBlock(bytes('0b 04 6162 22 0200')).toString()).toBe('abababababa');
  // The same with a 32-bit offset.
  expect(unsnappyBlock(bytes('0b 04 6162 23 02000000')).toString()).toBe('abababababa');
});

test('long literals have their length in bytes of its own', () => {
  const long = Buffer.alloc(300, 0x61);
  expect(unsnappyBlock(Buffer.concat([bytes('ac02 f4 2b01'), long])).equals(long)).toBe(true);
});

test('what is out of bounds is refused', () => {
  for (const bad of [
    '',
    'ff',
    '05 10 4865',
    '08 0c 61626364 01 05',
    '08 0c 61626364 01 00',
    '04 0c 61626364 01 04',
    '09 10 48656c6c6f',
  ]) {
    expect(() => unsnappyBlock(bytes(bad)), bad).toThrow(ProtocolError);
  }
  expect(() => unsnappyStream(Buffer.from('no such thing at all'))).toThrow(ProtocolError);
  expect(() => unsnappyStream(Buffer.concat([snappyHeader(), bytes('00000009 05')]))).toThrow(ProtocolError);
});

test('what we write, we read', () => {
  const repetitive = fc.array(fc.constantFrom('/zookeeper/', 'aaaa', 'znode', '\u0000\u0000\u0000\u0000\u0000'), {
    maxLength: 400,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        repetitive.map((parts) => Buffer.from(parts.join(''))),
        fc.uint8Array({ maxLength: 3000 }),
      ),
      (data) => {
        const block = snappyBlock(Buffer.from(data));
        expect(unsnappyStream(Buffer.concat([snappyHeader(), block])).equals(Buffer.from(data))).toBe(true);
      },
    ),
  );
  const large = Buffer.alloc(300_000);
  for (let i = 0; i < large.length; i++) large[i] = (i * i) >> 7;
  const stream = Buffer.concat([snappyHeader(), snappyBlock(large), snappyBlock(Buffer.alloc(0)), snappyBlock(large)]);
  expect(unsnappyStream(stream).equals(Buffer.concat([large, large]))).toBe(true);
});
