import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameCutter, FrameLengthError } from '../../src/jute/frames.ts';

function frame(body: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** Cuts `stream` at the given sizes, the last piece being what is left. */
function pieces(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    cut.push(stream.subarray(at, at + size));
    at = Math.min(at + size, stream.length);
  }
  cut.push(stream.subarray(at));
  return cut;
}

describe('FrameCutter', () => {
  test('cuts the same frames out of any chunks', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.nat({ max: 20 })), (sent, sizes) => {
        const got: Buffer[] = [];
        const cutter = new FrameCutter(100, (body) => {
          got.push(Buffer.from(body));
          return true;
        });
        for (const piece of pieces(Buffer.concat(sent.map(frame)), sizes)) cutter.push(piece);
        expect(got).toEqual(sent.map((body) => Buffer.from(body)));
        expect(cutter.bufferedBytes).toBe(0);
      }),
    );
  });

  test('waits for a byte that is missing', () => {
    const got: string[] = [];
    const cutter = new FrameCutter(100, (body) => {
      got.push(body.toString());
      return true;
    });
    const stream = frame(Buffer.from('hello'));
    for (const byte of stream.subarray(0, 8)) cutter.push(Buffer.of(byte));
    expect([got, cutter.bufferedBytes]).toEqual([[], 4]);
    cutter.push(stream.subarray(8));
    expect(got).toEqual(['hello']);
  });

  test('hands on a frame within one chunk without copying it', () => {
    const chunk = Buffer.concat([frame(Buffer.from('first')), frame(Buffer.from('second'))]);
    const got: Buffer[] = [];
    new FrameCutter(100, (body) => got.push(body) > 0).push(chunk);
    expect(got.map((body) => [body.buffer === chunk.buffer, body.toString()])).toEqual([
      [true, 'first'],
      [true, 'second'],
    ]);
  });

  test('leaves a frame alone that was handed on, whatever comes next', () => {
    const got: Buffer[] = [];
    const cutter = new FrameCutter(100, (body) => got.push(body) > 0);
    const stream = Buffer.concat(['aaaaaaaa', 'bbbbbbbb', 'cccccccc'].map((text) => frame(Buffer.from(text))));
    for (const piece of pieces(stream, [7, 7, 7, 7, 7])) cutter.push(piece);
    expect(got.map(String)).toEqual(['aaaaaaaa', 'bbbbbbbb', 'cccccccc']);
  });

  test('takes no memory for a length alone, and holds no chunk of one byte for each byte', () => {
    const cutter = new FrameCutter(0xfffff, () => true);
    const gatheredBytes = (): number => (Reflect.get(cutter, 'gathered') as Buffer).length;
    cutter.push(Buffer.from('000fffff', 'hex'));
    expect(gatheredBytes()).toBe(0);
    for (let i = 0; i < 5000; i++) cutter.push(Buffer.of(i & 0xff));
    expect(gatheredBytes()).toBeLessThanOrEqual(4 * 5000);
    expect(cutter.bufferedBytes).toBe(5000);
  });

  test('stops when told to, and goes on with what came meanwhile', () => {
    const got: string[] = [];
    const cutter = new FrameCutter(100, (body) => {
      got.push(body.toString());
      return body.toString() !== 'stop';
    });
    cutter.push(Buffer.concat(['a', 'stop', 'b'].map((text) => frame(Buffer.from(text)))));
    cutter.push(frame(Buffer.from('c')));
    expect(got).toEqual(['a', 'stop']);
    cutter.resume();
    expect(got).toEqual(['a', 'stop', 'b', 'c']);
  });

  test('gives up what is not cut yet to a stream that changes', () => {
    const cutter = new FrameCutter(100, () => false);
    cutter.push(Buffer.concat([frame(Buffer.from('last')), Buffer.from('raw ')]));
    cutter.push(Buffer.from('bytes'));
    expect(cutter.takeRest().toString()).toBe('raw bytes');
    expect(cutter.bufferedBytes).toBe(0);
  });

  test('refuses a length that is negative or above the limit, with the bytes it was read from', () => {
    const lengthOf = (head: Buffer): [number, string] => {
      try {
        new FrameCutter(0xfffff, () => true).push(head);
      } catch (error) {
        if (error instanceof FrameLengthError) return [error.length, error.head.toString('latin1')];
        throw error;
      }
      return [0, ''];
    };
    expect(lengthOf(Buffer.from('GET / HTTP/1.1'))).toEqual([0x47455420, 'GET ']);
    expect(lengthOf(Buffer.from('ffffffff', 'hex'))).toEqual([-1, '\xff\xff\xff\xff']);
    expect(lengthOf(Buffer.from('00100000', 'hex'))).toEqual([0x100000, '\0\x10\0\0']);
    expect(lengthOf(Buffer.from('000fffff', 'hex'))).toEqual([0, '']);
  });
});
