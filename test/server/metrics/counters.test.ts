import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterSet, SizeStats, Summary, WINDOW_SLOTS } from '../../../src/server/metrics/counters.ts';

function summaryOf(values: readonly number[], percentiles = true): Summary {
  const summary = new Summary('s', percentiles);
  for (const value of values) summary.add(value);
  return summary;
}

describe('a summary', () => {
  it('of nothing is all zeros', () => {
    const s = summaryOf([]);
    expect([s.count, s.total, s.min, s.max, s.average, s.quantile(0.5)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('knows count, sum, smallest, largest, and the average to four decimals', () => {
    const s = summaryOf([4, 1, 5]);
    expect([s.count, s.total, s.min, s.max, s.average]).toEqual([3, 10, 1, 5, 3.3333]);
    expect(summaryOf([1, 1, 1, 1, 1, 1, 1, 1, 1, 1.00005]).average).toBe(1);
  });

  it('has exact quantiles of small values', () => {
    const s = summaryOf(Array.from({ length: 60 }, (_, i) => i + 1));
    expect([s.quantile(0.5), s.quantile(0.95), s.quantile(0.99), s.quantile(0.999)]).toEqual([30, 57, 60, 60]);
  });

  it('is off by 3% at most for large values, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.95, 0.99),
        (values, q) => {
          const exact = [...values].sort((a, b) => a - b)[Math.ceil(q * values.length) - 1] as number;
          const got = summaryOf(values).quantile(q);
          expect(Math.abs(got - exact)).toBeLessThanOrEqual(exact * 0.032);
        },
      ),
    );
  });

  it('takes values beyond its range for the largest it can tell apart', () => {
    expect(summaryOf([2 ** 40]).quantile(0.5)).toBeGreaterThan(2 ** 31 * 0.98);
  });

  it('forgets everything on reset', () => {
    const s = summaryOf([9, 9]);
    s.reset();
    s.add(2);
    expect([s.count, s.total, s.min, s.max, s.quantile(0.999)]).toEqual([1, 2, 2, 2, 2]);
  });
});

describe('the window of a summary', () => {
  it('is not kept until asked for', () => {
    expect(summaryOf([1]).recentQuantile(0.5)).toBeNaN();
  });

  it('forgets a value after as many rotations as it has slots, and not on reset', () => {
    const s = new Summary('s', false);
    s.keepWindow();
    s.add(7);
    s.reset();
    for (let i = 0; i < WINDOW_SLOTS - 1; i++) s.rotateWindow();
    expect(s.recentQuantile(0.5)).toBe(7);
    s.add(3);
    s.rotateWindow();
    expect(s.recentQuantile(0.5)).toBe(3);
    for (let i = 0; i < WINDOW_SLOTS; i++) s.rotateWindow();
    expect(s.recentQuantile(0.5)).toBeNaN();
  });
});

describe('a set of counters', () => {
  it('names each member after its key', () => {
    const counters = new CounterSet('errors');
    counters.add('app', 1);
    counters.add('app', 2);
    expect([...counters.byKey.values()].map((c) => [c.name, c.value])).toEqual([['app_errors', 3]]);
    counters.reset();
    expect(counters.byKey.get('app')?.value).toBe(0);
  });
});

describe('sizes', () => {
  it('are -1 before the first', () => {
    const sizes = new SizeStats();
    expect([sizes.last, sizes.min, sizes.max]).toEqual([-1, -1, -1]);
    for (const bytes of [20, 5, 90, 30]) sizes.record(bytes);
    expect([sizes.last, sizes.min, sizes.max]).toEqual([30, 5, 90]);
    sizes.reset();
    expect(sizes.max).toBe(-1);
  });
});
