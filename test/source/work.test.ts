import { expect, test } from 'vitest';
import { withWorkCounted } from './work.ts';

const counted = (source: string): string => withWorkCounted(source).replaceAll(' $work++;', '#');

test('calls of functions are counted, whatever stands between the parameters and the body', () => {
  expect(counted('function f(a: number): { b: number } | Map<string, { c: 1 }> { return a; }')).toBe(
    'function f(a: number): { b: number } | Map<string, { c: 1 }> {# return a; }',
  );
  expect(counted('class A extends B { constructor() { super(); } get x(): number { return 1; } }')).toBe(
    'class A extends B { constructor() {# super(); } get x(): number {# return 1; } }',
  );
  expect(counted('const f = (a: number): void => { g(a); }; const o = a ? f(1) : { a: 1 };')).toBe(
    'const f = (a: number): void => {# g(a); }; const o = a ? f(1) : { a: 1 };',
  );
});

test('rounds of loops are counted, with a block and without', () => {
  expect(counted('for (const a of b) { f(a); } while (c) f(c); do { g(); } while (d);')).toBe(
    'for (const a of b) {# f(a); } while (c) {# f(c); } do {# g(); } while (d);',
  );
  expect(counted('for (;;) for (const a of b) if (a) f(a); else g({ a });')).toBe(
    'for (;;) {# for (const a of b) {# if (a) f(a); else g({ a }); } }',
  );
});

test('what is done once is not', () => {
  const source = 'if (a) { b(); } else { c(); } try { d(); } catch (e) { f(); } switch (g) { case 1: h(); }';
  expect(counted(source)).toBe(source);
});
