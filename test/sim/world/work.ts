/**
 * The price of a turn, by what is done in it: rounds of loops and calls of functions, which the bundle counts in the
 * production code (test/source/work.ts), and bytes that are copied or looked through. Without the bundle nothing counts.
 */
declare let $work: number;

/** As much as one round of a loop; cheaper than they are, for data is as long here as it is elsewhere. */
const BYTES_A_STEP = 256;

/**
 * The clock goes on within a turn, as a real one does, once a turn is out of the ordinary: what works in shares of a turn
 * looks at it. Below that it stands still, so that a world is the same with and without the bundle.
 */
const FREE_STEPS = 50_000;
const STEP_MS = 0.000_02;

export function turnMs(work: number): number {
  return Math.max(0, work - FREE_STEPS) * STEP_MS;
}

export function workDone(): number {
  return typeof $work === 'number' ? $work : 0;
}

function bytesMoved(bytes: number): void {
  $work += Math.ceil(bytes / BYTES_A_STEP);
}

/** From now on what the runtime does for the code counts as well. Once, in a bundle. */
export function countBuiltins(): void {
  const buffers = Buffer as unknown as Record<string, (...args: never[]) => Uint8Array>;
  for (const name of ['concat', 'from', 'alloc']) {
    const plain = buffers[name] as (...args: never[]) => Uint8Array;
    buffers[name] = (...args) => {
      const result = plain.apply(Buffer, args);
      bytesMoved(result.length);
      return result;
    };
  }
  const whole: Cost = (self) => self.length;
  // Bytes that came out of it, rather than those it was taken from.
  count(Buffer.prototype, ['copy'], (_self, result) => result as number);
  count(Buffer.prototype, ['toString'], (_self, result) => (result as string).length);
  count(Buffer.prototype, ['fill', 'equals', 'compare', 'indexOf'], whole);
  const elements: Cost = (self) => self.length * 8;
  count(Array.prototype, ['slice', 'concat'], (_self, result) => (result as readonly unknown[]).length * 8);
  count(Array.prototype, ['splice', 'indexOf', 'includes', 'shift', 'unshift'], elements);
  count(Array.prototype, ['sort'], (self) => self.length * 8 * Math.ceil(Math.log2(self.length + 2)));
}

type Cost = (self: { readonly length: number }, result: unknown) => number;

function count(prototype: object, names: readonly string[], bytes: Cost): void {
  const methods = prototype as Record<string, (...args: never[]) => unknown>;
  for (const name of names) {
    const plain = methods[name] as (...args: never[]) => unknown;
    const counted = function (this: { readonly length: number }, ...args: never[]): unknown {
      const result = plain.apply(this, args);
      bytesMoved(bytes(this, result));
      return result;
    };
    Object.defineProperty(prototype, name, { value: counted, writable: true, configurable: true });
  }
}
