import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dayAfter1970, daysSince1970 } from '../../src/base/calendar.ts';

it.each([
  [0, 1970, 1, 1],
  [-1, 1969, 12, 31],
  [11_016, 2000, 2, 29],
  [11_017, 2000, 3, 1],
  [47_540, 2100, 2, 28],
  [47_541, 2100, 3, 1],
  [-719_468, 0, 3, 1],
])('%i days after the first of 1970 it is %i-%i-%i', (days, year, month, day) => {
  expect(dayAfter1970(days)).toEqual({ year, month, day });
  expect(daysSince1970({ year, month, day })).toBe(days);
});

it('any day is that of Date, and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -700_000, max: 2_000_000 }), (days) => {
      const date = new Date(days * 86_400_000);
      const found = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      expect(dayAfter1970(days)).toEqual(found);
      expect(daysSince1970(found)).toBe(days);
    }),
  );
});
