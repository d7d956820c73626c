import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import { Fifo } from '../../src/base/fifo.ts';

describe('Fifo', () => {
  test('gives back what was pushed, in order', () => {
    const fifo = new Fifo<string>(2);
    for (const item of ['a', 'b', 'c', 'd', 'e']) fifo.push(item);
    expect([fifo.length, fifo.peek(), fifo.at(1), fifo.last()]).toEqual([5, 'a', 'b', 'e']);
    expect([fifo.shift(), fifo.shift(), fifo.shift(), fifo.shift(), fifo.shift()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([fifo.length, fifo.shift(), fifo.peek(), fifo.last()]).toEqual([0, undefined, undefined, undefined]);
  });

  test('has nothing at an index outside', () => {
    const fifo = new Fifo<number>(4);
    fifo.push(7);
    expect([fifo.at(-1), fifo.at(0), fifo.at(1)]).toEqual([undefined, 7, undefined]);
  });

  test('is empty after clear, and can be used again', () => {
    const fifo = new Fifo<number>(2);
    for (let i = 0; i < 5; i++) fifo.push(i);
    fifo.clear();
    expect([fifo.length, fifo.shift()]).toEqual([0, undefined]);
    fifo.push(9);
    expect(fifo.shift()).toBe(9);
  });

  test('wants a capacity that is a power of two', () => {
    expect(() => new Fifo(3)).toThrow(AssertionFailure);
    expect(() => new Fifo(0)).toThrow(AssertionFailure);
  });

  test('is an array with push and shift, whatever the mix', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { nil: undefined })), (steps) => {
        const fifo = new Fifo<number>(1);
        const model: number[] = [];
        for (const step of steps) {
          if (step === undefined) expect(fifo.shift()).toBe(model.shift());
          else {
            fifo.push(step);
            model.push(step);
          }
          expect([fifo.length, fifo.peek(), fifo.last()]).toEqual([model.length, model[0], model[model.length - 1]]);
        }
      }),
    );
  });
});

test('what a burst needed is given back once it has run nearly empty', () => {
  const fifo = new Fifo<number>(16);
  for (let i = 0; i < 5000; i++) fifo.push(i);
  expect(fifo.capacity).toBe(8192);
  for (let i = 0; i < 4997; i++) expect(fifo.shift()).toBe(i);
  expect([fifo.capacity, fifo.length, fifo.at(0), fifo.at(2)]).toEqual([32, 3, 4997, 4999]);
});

test('the room for a few is kept once it was needed', () => {
  const fifo = new Fifo<number>(4);
  expect(fifo.capacity).toBe(4);
  for (let i = 0; i < 20; i++) fifo.push(i);
  for (let i = 0; i < 20; i++) expect(fifo.shift()).toBe(i);
  expect([fifo.capacity, fifo.length]).toEqual([32, 0]);
});
