import type { Random } from '../../../src/io/random.ts';

/**
 * Seeded randomness that splits: `split('net')` is a generator of its own, decided by the seed and the names on the
 * way to it alone. A draw added in one place therefore reshuffles nothing elsewhere.
 *
 * sfc32 (Chris Doty-Humphrey, PractRand): small, quick, and only 32-bit integer arithmetic, so the same on every
 * machine.
 */
export class SimRandom implements Random {
  private readonly seed: number;
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private secrets: SimRandom | undefined = undefined;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.a = mix(this.seed ^ 0x9e3779b9);
    this.b = mix(this.a ^ Math.floor(seed / 0x100000000));
    this.c = mix(this.b + 0x6d2b79f5);
    for (let i = 0; i < 12; i++) this.next();
  }

  split(name: string | number): SimRandom {
    let hash = this.seed ^ 0x811c9dc5;
    const text = String(name);
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return new SimRandom(mix(hash));
  }

  /** 32 random bits. */
  next(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + sum) | 0;
    return sum >>> 0;
  }

  /** Drawn from a generator of their own, so that nothing else is reshuffled by them. */
  secret(bytes: number): Uint8Array {
    this.secrets ??= this.split('secret');
    const { secrets } = this;
    return Uint8Array.from({ length: bytes }, () => secrets.below(256));
  }

  below(bound: number): number {
    if (bound <= 0x100000000) return Math.floor((this.next() / 0x100000000) * bound);
    return Math.floor(((this.next() * 0x200000 + (this.next() >>> 11)) / 2 ** 53) * bound);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True `times` times in `of`. */
  chance(times: number, of: number): boolean {
    return this.below(of) < times;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.below(items.length)] as T;
  }

  shuffled<T>(items: Iterable<T>): T[] {
    const list = [...items];
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = list[i] as T;
      list[i] = list[j] as T;
      list[j] = kept;
    }
    return list;
  }
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}
