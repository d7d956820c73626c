import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeTime, readDer, timeOf } from '../../../src/base/der.ts';
import { fieldsIn, integer, keyField, keyIn, nameField, nameOf } from '../../../src/sasl/kerberos/fields.ts';

/** The pieces of messages, there and back. */
test.each([
  [0, '180f31393730303130313030303030305a'],
  [Date.UTC(2026, 11, 1, 3, 55, 9), '180f32303236313230313033353530395a'],
  [Date.UTC(2024, 1, 29, 23, 59, 59), '180f32303234303232393233353935395a'],
])('the time %i is written as it is in Kerberos', (ms, hex) => {
  expect(encodeTime(ms).toString('hex')).toBe(hex);
});

test('every second has a time of its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
      expect(timeOf(readDer(encodeTime(seconds * 1000)))).toBe(seconds * 1000);
      const iso = new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\.000/g, '');
      expect(
        encodeTime(seconds * 1000)
          .subarray(2)
          .toString(),
      ).toBe(iso);
    }),
  );
});

test('numbers, names and keys are read as they were written', () => {
  const part = fc.stringMatching(/^[a-z0-9._-]{1,20}$/);
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.nat(0xffffffff),
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      (parts, number, bytes) => {
        const name = parts.join('/');
        expect(nameOf(readDer(nameField(1, name)))).toBe(name);
        const { content } = readDer(integer(number));
        expect(content.readUIntBE(0, content.length)).toBe(number);
        expect((content[0] as number) < 0x80).toBe(true);
        const key = { encryption: number, key: Buffer.from(bytes) };
        expect(keyIn(readDer(keyField(key)))).toEqual(key);
        expect(() => fieldsIn(readDer(keyField(key))).needed(7)).toThrow('the field 7 is missing');
      },
    ),
  );
});
