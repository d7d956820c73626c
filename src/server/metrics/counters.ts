/**
 * The shapes that statistics are counted in: the values of `mntr`, `srvr` and Prometheus are computed from these when
 * somebody asks. Counting is a few additions on plain numbers; nothing here draws random numbers or looks at a clock.
 *
 * Values are whole milliseconds, bytes or counts, never negative.
 */
export class Counter {
  readonly name: string;
  value = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(delta: number): void {
    this.value += delta;
  }

  reset(): void {
    this.value = 0;
  }
}

/** Last, smallest and largest size in bytes; -1 before the first. */
export class SizeStats {
  last = -1;
  min = -1;
  max = -1;

  record(bytes: number): void {
    this.last = bytes;
    if (this.min === -1 || bytes < this.min) this.min = bytes;
    if (bytes > this.max) this.max = bytes;
  }

  reset(): void {
    this.last = -1;
    this.min = -1;
    this.max = -1;
  }
}

/** Count, sum, smallest and largest; with `percentiles` also the distribution since the last reset. */
export class Summary {
  readonly name: string;
  readonly percentiles: boolean;
  count = 0;
  total = 0;
  private smallest = Number.POSITIVE_INFINITY;
  private largest = 0;
  private readonly all: Histogram | undefined;
  private window: SlidingHistogram | undefined;

  constructor(name: string, percentiles: boolean) {
    this.name = name;
    this.percentiles = percentiles;
    this.all = percentiles ? new Histogram() : undefined;
  }

  add(value: number): void {
    this.count++;
    this.total += value;
    if (value < this.smallest) this.smallest = value;
    if (value > this.largest) this.largest = value;
    if (this.all !== undefined) this.all.add(value);
    if (this.window !== undefined) this.window.add(value);
  }

  get min(): number {
    return this.count === 0 ? 0 : this.smallest;
  }

  get max(): number {
    return this.largest;
  }

  /** Rounded half up to four decimals. */
  get average(): number {
    return this.count === 0 ? 0 : Math.round((this.total / this.count) * 10_000) / 10_000;
  }

  /** Since the last reset. 0 without a value. */
  quantile(q: number): number {
    return this.all === undefined ? 0 : this.all.quantile(q);
  }

  reset(): void {
    this.count = 0;
    this.total = 0;
    this.smallest = Number.POSITIVE_INFINITY;
    this.largest = 0;
    this.all?.reset();
  }

  /** From now on the recent past is kept apart as well, for `recentQuantile`. */
  keepWindow(): void {
    this.window ??= new SlidingHistogram();
  }

  rotateWindow(): void {
    this.window?.rotate();
  }

  /** The quantile of the last WINDOW_SLOTS rotations; NaN when nothing happened in them. */
  recentQuantile(q: number): number {
    return this.window === undefined ? Number.NaN : this.window.quantile(q);
  }
}

/** One counter per key, made when the key is first seen. */
export class CounterSet {
  readonly name: string;
  readonly byKey = new Map<string, Counter>();

  constructor(name: string) {
    this.name = name;
  }

  add(key: string, delta: number): void {
    (this.byKey.get(key) ?? this.newCounter(key)).add(delta);
  }

  private newCounter(asked: string): Counter {
    const key = this.byKey.size < MAX_KEYS ? asked : OTHER_KEYS;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const counter = new Counter(`${key}_${this.name}`);
    this.byKey.set(key, counter);
    return counter;
  }

  reset(): void {
    for (const counter of this.byKey.values()) counter.reset();
  }
}

/** Clients choose the keys of some sets: the rest of them is counted together, under this name. */
const MAX_KEYS = 1000;
const OTHER_KEYS = 'other';

/** One summary for each key, made when the key is first seen. */
export class SummarySet {
  readonly name: string;
  readonly byKey = new Map<string, Summary>();
  private readonly percentiles: boolean;
  private keepsWindows = false;

  constructor(name: string, percentiles: boolean) {
    this.name = name;
    this.percentiles = percentiles;
  }

  add(key: string, value: number): void {
    this.of(key).add(value);
  }

  /** The one that counts this key, for as long as the set lives. */
  of(key: string): Summary {
    return this.byKey.get(key) ?? this.newSummary(key);
  }

  reset(): void {
    for (const summary of this.byKey.values()) summary.reset();
  }

  keepWindow(): void {
    this.keepsWindows = true;
    for (const summary of this.byKey.values()) summary.keepWindow();
  }

  rotateWindow(): void {
    for (const summary of this.byKey.values()) summary.rotateWindow();
  }

  private newSummary(asked: string): Summary {
    const key = this.byKey.size < MAX_KEYS ? asked : OTHER_KEYS;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const summary = new Summary(`${key}_${this.name}`, this.percentiles);
    if (this.keepsWindows) summary.keepWindow();
    this.byKey.set(key, summary);
    return summary;
  }
}

/**
 * Counts in buckets that are one wide up to 63 and then grow by a thirty-second of an octave. So a quantile is exact
 * for small values, and off by 3% at most for large ones.
 */
const SUB_BUCKETS = 32;
const EXACT_BELOW = 2 * SUB_BUCKETS;
const LARGEST = 2 ** 31 - 1;
const BUCKETS = EXACT_BELOW + 25 * SUB_BUCKETS;

class Histogram {
  readonly counts = new Float64Array(BUCKETS);
  count = 0;

  add(value: number): void {
    const at = bucketOf(value);
    this.counts[at] = (this.counts[at] as number) + 1;
    this.count++;
  }

  quantile(q: number): number {
    if (this.count === 0) return 0;
    let rank = Math.ceil(q * this.count);
    for (let i = 0; i < BUCKETS; i++) {
      rank -= this.counts[i] as number;
      if (rank <= 0) return middleOf(i);
    }
    return LARGEST;
  }

  reset(): void {
    this.counts.fill(0);
    this.count = 0;
  }
}

/** Prometheus clients keep ten minutes of observations in five slots. */
export const WINDOW_SLOTS = 5;
export const WINDOW_ROTATION_MS = 120_000;

class SlidingHistogram {
  /** A slot without a value is undefined: most summaries are quiet most of the time. */
  private readonly slots: (Histogram | undefined)[] = new Array(WINDOW_SLOTS).fill(undefined);
  private current = 0;

  add(value: number): void {
    let slot = this.slots[this.current];
    if (slot === undefined) {
      slot = new Histogram();
      this.slots[this.current] = slot;
    }
    slot.add(value);
  }

  rotate(): void {
    this.current = (this.current + 1) % WINDOW_SLOTS;
    this.slots[this.current] = undefined;
  }

  quantile(q: number): number {
    let count = 0;
    for (const slot of this.slots) count += slot?.count ?? 0;
    if (count === 0) return Number.NaN;
    let rank = Math.ceil(q * count);
    for (let i = 0; i < BUCKETS; i++) {
      for (const slot of this.slots) rank -= slot?.counts[i] ?? 0;
      if (rank <= 0) return middleOf(i);
    }
    return LARGEST;
  }
}

function bucketOf(value: number): number {
  const whole = value >= LARGEST ? LARGEST : value < 0 ? 0 : Math.floor(value);
  if (whole < EXACT_BELOW) return whole;
  const octave = 31 - Math.clz32(whole) - 5;
  return EXACT_BELOW + (octave - 1) * SUB_BUCKETS + ((whole >>> octave) - SUB_BUCKETS);
}

/** The middle of a bucket. */
function middleOf(bucket: number): number {
  if (bucket < EXACT_BELOW) return bucket;
  const octave = Math.floor((bucket - EXACT_BELOW) / SUB_BUCKETS) + 1;
  const low = (SUB_BUCKETS + ((bucket - EXACT_BELOW) % SUB_BUCKETS)) * 2 ** octave;
  return low + 2 ** (octave - 1);
}
