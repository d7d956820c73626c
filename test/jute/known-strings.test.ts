import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asciiString } from '../../src/jute/known-strings.ts';
import { Reader } from '../../src/jute/reader.ts';
import { Writer } from '../../src/jute/writer.ts';

test('a string is what its bytes are, whatever was read before it', () => {
  const text = fc.string({ unit: fc.constantFrom('/', 'a', 'b'), maxLength: 70 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), (texts) => {
      const w = new Writer(64);
      for (const each of texts) w.writeString(each);
      const r = new Reader(w.take());
      for (const each of texts) expect(r.readString()).toBe(each);
    }),
  );
});

test('strings of one hash are told apart by their bytes, and the last that was read twice has its place', () => {
  const read = (text: string): string => asciiString(Buffer.from(`-${text}-`), 1, 1 + text.length, 4711);
  for (let round = 0; round < 3; round++) {
    expect([read('/one'), read('/two'), read('/two'), read('/on'), read('/one')]).toEqual([
      '/one',
      '/two',
      '/two',
      '/on',
      '/one',
    ]);
  }
});
