import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { Reader, TruncatedError } from '../../src/jute/reader.ts';
import { Writer } from '../../src/jute/writer.ts';
import { ZXID_NONE, ZXID_OBSERVER } from '../../src/jute/zxid.ts';

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function reader(hex: string): Reader {
  return new Reader(bytes(hex));
}

function written(write: (w: Writer) => void): string {
  const w = new Writer(64);
  write(w);
  return w.take().toString('hex');
}

/** A string in a jute record: its length, then these bytes. */
function textOf(hex: string): string | undefined {
  const body = bytes(hex);
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return new Reader(Buffer.concat([head, body])).readString();
}

describe('bytes that are referred to', () => {
  const big = Buffer.alloc(100, 7);

  test('stand where they were written, and are handed over as they are', () => {
    const w = new Writer(64);
    w.writeInt(1);
    w.writeShared(big);
    w.writeInt(2);
    expect(w.length).toBe(108);
    const parts = w.takeParts();
    expect(parts.map((part) => part.length)).toEqual([4, 100, 4]);
    expect(parts[1]).toBe(big);
    expect(w.length).toBe(0);
    w.writeShared(big);
    expect(w.take()).toEqual(big);
  });

  test('leave frames, patches and rewinding as they are', () => {
    const w = new Writer(64);
    const first = w.beginFrame();
    w.writeInt(11);
    w.writeShared(big);
    w.writeByte(5);
    w.endFrame(first);
    w.patchInt(first + 4, 12);
    const second = w.beginFrame();
    w.writeShared(big);
    w.writeShared(big);
    w.writeInt(9);
    w.rewind(second + 4 + 30);
    w.endFrame(second);
    w.writeInt(77);
    const all = w.take();
    expect(all.readInt32BE(0)).toBe(105);
    expect(all.readInt32BE(4)).toBe(12);
    expect(all.subarray(8, 108)).toEqual(big);
    expect(all.readInt32BE(109)).toBe(30);
    expect(all.subarray(113, 143)).toEqual(big.subarray(0, 30));
    expect(all.readInt32BE(143)).toBe(77);
    expect(all.length).toBe(147);
  });

  test('count against the limit', () => {
    const w = new Writer(64);
    w.writeInt(1);
    w.limit(150);
    w.writeShared(big);
    expect(() => w.writeShared(big)).toThrow('more than 154 bytes');
    expect(() => w.writeRaw(Buffer.alloc(61))).toThrow('more than 154 bytes');
    w.writeRaw(Buffer.alloc(50));
    expect(w.length).toBe(154);
  });
});

describe('Reader', () => {
  test('reads big-endian numbers', () => {
    const r = reader('7f 01 00 ff fffffffe 00000001 0000000000000002 8000000000000000');
    expect([r.readByte(), r.readBool(), r.readBool(), r.readBool()]).toEqual([0x7f, true, false, true]);
    expect(r.readInt()).toBe(-2);
    expect(r.readLong()).toBe(0x100000000n);
    expect(r.readInt()).toBe(2);
    expect(r.readLong()).toBe(-(2n ** 63n));
    expect(r.remaining).toBe(0);
  });

  test('reads zxids up to the largest safe one, and the two sentinels', () => {
    expect(reader('001fffffffffffff').readZxid()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('ffffffffffffffff').readZxid()).toBe(ZXID_NONE);
    expect(reader('8000000000000000').readZxid()).toBe(ZXID_OBSERVER);
    for (const hex of ['0020000000000000', '7fffffffffffffff', 'fffffffffffffffe', '8000000000000001']) {
      expect(() => reader(hex).readZxid(), hex).toThrow(ProtocolError);
    }
  });

  test('reads times of either sign, and refuses those a double cannot hold', () => {
    expect(reader('0000018bcfe5687b').readSafeLong('t')).toBe(1700000000123);
    expect(reader('ffffffffffffffff').readSafeLong('t')).toBe(-1);
    expect(reader('ffe0000000000001').readSafeLong('t')).toBe(Number.MIN_SAFE_INTEGER);
    expect(() => reader('ffe0000000000000').readSafeLong('t')).toThrow('t out of range: -9007199254740992');
    expect(() => reader('0020000000000000').readSafeLong('t')).toThrow('t out of range: 9007199254740992');
  });

  test('tells null from empty', () => {
    expect(reader('ffffffff').readBuffer()).toBeUndefined();
    expect(reader('00000000').readBuffer()).toEqual(Buffer.alloc(0));
    expect(reader('ffffffff').readString()).toBeUndefined();
    expect(reader('00000000').readString()).toBe('');
    expect(reader('ffffffff').readStrings()).toBeUndefined();
    expect(reader('00000000').readStrings()).toEqual([]);
    expect(() => reader('ffffffff').readRequiredString('path')).toThrow('path is null');
  });

  test('refuses negative lengths other than -1', () => {
    for (const hex of ['fffffffe', '80000000']) {
      expect(() => reader(hex).readBuffer()).toThrow(ProtocolError);
      expect(() => reader(hex).readString()).toThrow(ProtocolError);
      expect(reader(hex).readVectorLength(1)).toBe(0);
    }
  });

  test('says how many bytes are missing', () => {
    const missing = (hex: string, read: (r: Reader) => void): number => {
      try {
        read(reader(hex));
      } catch (error) {
        if (error instanceof TruncatedError) return error.missing;
        throw error;
      }
      return 0;
    };
    expect(missing('0000', (r) => r.readInt())).toBe(2);
    expect(missing('', (r) => r.readLong())).toBe(8);
    expect(missing('0000000a 6162', (r) => r.readString())).toBe(8);
    expect(missing('7fffffff', (r) => r.readBuffer())).toBe(0x7fffffff);
    expect(missing('00000003 0000', (r) => r.readVectorLength(4))).toBe(10);
  });

  test('gives views into the bytes, bounded by where it was pointed', () => {
    const whole = bytes('00000002 6162 00000002 6364 ffff');
    const r = new Reader();
    r.reset(whole, 6, 12);
    const view = r.readBuffer() as Buffer;
    expect(view.toString()).toBe('cd');
    whole[10] = 0x78;
    expect(view.toString()).toBe('xd');
    expect(r.remaining).toBe(0);
    expect(() => r.readByte()).toThrow(TruncatedError);
    r.position = 6;
    expect(r.readRest().length).toBe(6);
    expect(() => {
      r.position = 13;
    }).toThrow(TruncatedError);
  });

  test('makes of bytes that are no UTF-8 as many replacement characters as Java', () => {
    expect(textOf('2f c3a4 e282ac')).toBe('/\u00e4\u20ac');
    // A four-byte character is fine; the same as two encoded surrogates is two malformed characters.
    expect(textOf('f09f9880')).toBe('\ud83d\ude00');
    expect(textOf('61 eda0bd edb880 62')).toBe('a\ufffd\ufffdb');
    // Cut short: within the sequence, by another character, at the end.
    expect(textOf('eda0 61')).toBe('\ufffda');
    expect(textOf('eda0')).toBe('\ufffd');
    expect(textOf('ed 61')).toBe('\ufffda');
    expect(textOf('ed')).toBe('\ufffd');
    expect(textOf('e282 61')).toBe('\ufffda');
    expect(textOf('e282 eda0bd')).toBe('\ufffd\ufffd');
    // Overlong, beyond Unicode, stray continuations.
    expect(textOf('c080')).toBe('\ufffd\ufffd');
    expect(textOf('e08080')).toBe('\ufffd\ufffd\ufffd');
    expect(textOf('f4908080')).toBe('\ufffd\ufffd\ufffd\ufffd');
    expect(textOf('f5808080')).toBe('\ufffd\ufffd\ufffd\ufffd');
    expect(textOf('f09f98')).toBe('\ufffd');
    expect(textOf('80ff')).toBe('\ufffd\ufffd');
  });
});

describe('Writer', () => {
  test('writes big-endian numbers', () => {
    expect(written((w) => w.writeInt(-2))).toBe('fffffffe');
    expect(written((w) => w.writeInt(0x80000000))).toBe('80000000');
    expect(written((w) => w.writeLong(-1n))).toBe('ffffffffffffffff');
    expect(written((w) => w.writeLong(0xff00000000000005n))).toBe('ff00000000000005');
    expect(written((w) => w.writeSafeLong(1700000000123))).toBe('0000018bcfe5687b');
    expect(written((w) => w.writeSafeLong(-1))).toBe('ffffffffffffffff');
    expect(written((w) => w.writeZxid(ZXID_OBSERVER))).toBe('8000000000000000');
    expect(written((w) => w.writeSafeLong(Number.MIN_SAFE_INTEGER))).toBe('ffe0000000000001');
    expect(written((w) => w.writeBool(true))).toBe('01');
  });

  test('writes each UTF-16 unit by itself', () => {
    expect(written((w) => w.writeString('/\u00e4\u20ac'))).toBe('000000062fc3a4e282ac');
    expect(written((w) => w.writeString('\ud83d\ude00'))).toBe('00000006eda0bdedb880');
    expect(written((w) => w.writeString('\u0000\u007f\u0080\u07ff\u0800\uffff'))).toBe(
      '0000000c007fc280dfbfe0a080efbfbf',
    );
    expect(written((w) => w.writeString(undefined))).toBe('ffffffff');
    expect(written((w) => w.writeString('/a/child', 3))).toBe('000000056368696c64');
    expect(written((w) => w.writeString('/a', 2))).toBe('00000000');
  });

  test('frames and patches what comes after a take', () => {
    const w = new Writer(64);
    w.writeInt(1);
    w.take();
    const at = w.beginFrame();
    const countAt = w.length;
    w.writeInt(0);
    w.writeString('ab');
    w.patchInt(countAt, 7);
    w.endFrame(at);
    expect(w.take().toString('hex')).toBe('0000000a00000007000000026162');
  });

  test('forgets what was written after a mark', () => {
    const w = new Writer(16);
    w.writeInt(1);
    const mark = w.length;
    w.writeString('something longer than the first chunk');
    w.rewind(mark);
    w.writeInt(2);
    expect(w.take().toString('hex')).toBe('0000000100000002');
  });

  test('never changes bytes it has handed over', () => {
    const step = fc.oneof(
      fc.constant('take' as const),
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.integer(),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(step), (chunkBytes, steps) => {
        const w = new Writer(chunkBytes);
        const taken: { slice: Buffer; copy: Buffer }[] = [];
        for (const item of steps) {
          if (item === 'take') {
            const slice = w.take();
            taken.push({ slice, copy: Buffer.from(slice) });
          } else if (typeof item === 'string') w.writeString(item);
          else if (typeof item === 'number') w.writeInt(item);
          else w.writeBuffer(Buffer.from(item));
        }
        for (const { slice, copy } of taken) expect(slice).toEqual(copy);
      }),
    );
  });

  test('is read back by Reader', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !/[\ud800-\udfff]/.test(text)),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.maxSafeInteger(),
        fc.array(fc.string({ unit: 'grapheme-ascii' })),
        (text, long, safe, texts) => {
          const w = new Writer(32);
          w.writeString(text);
          w.writeLong(long);
          w.writeSafeLong(safe);
          w.writeStrings(texts);
          const r = new Reader(w.take());
          expect([r.readString(), r.readLong(), r.readSafeLong('value'), r.readStrings()]).toEqual([
            text,
            long,
            safe === 0 ? 0 : safe,
            texts,
          ]);
          expect(r.remaining).toBe(0);
        },
      ),
    );
  });
});
