import type { Log } from '../../base/log.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import type { Random } from '../../io/random.ts';
import type { TxnBody } from '../../jute/txns.ts';
import type { NamespaceMeter } from '../metrics/namespace-meter.ts';

/**
 * Which paths this server's clients read and write most: ZooKeeper's RequestPathMetricsCollector. A share of the requests is
 * counted by the beginnings of their paths, in slots of time of which the oldest is dropped. Now and then the log has the most
 * frequent ones. Reads are getData, getChildren and exists; writes are what creates, changes or deletes a node.
 */
export interface PathStatsOptions {
  readonly slotMs: number;
  readonly slots: number;
  /** Components of a path that are told apart; of more than four the log shows four, as Apache's does. */
  readonly depth: number;
  /** The share of requests that are counted, 0 to 1. */
  readonly sampleRate: number;
  readonly firstLogMs: number;
  readonly logEveryMs: number;
  /** Paths in one line of the log. */
  readonly most: number;
}

export interface PathStatsParts {
  readonly clock: Clock;
  readonly random: Pick<Random, 'below'>;
  readonly log: Log;
}

const SHOWN_DEPTH = 4;
/** What a client can make long or many ends here: in each slot, and of each path. */
const MAX_PATHS = 1000;
const MAX_PATH_LENGTH = 256;
const OTHERS = '(others)';
const SHARES = 1_000_000;

type Counts = Map<string, number>;

export class PathStats {
  private readonly options: PathStatsOptions;
  private readonly parts: PathStatsParts;
  private readonly depth: number;
  private readonly timers: Timer[];
  private readonly reads: Counts[] = [new Map()];
  private readonly writes: Counts[] = [new Map()];

  constructor(parts: PathStatsParts, options: PathStatsOptions) {
    const { clock } = parts;
    this.parts = parts;
    this.options = options;
    this.depth = Math.min(options.depth, SHOWN_DEPTH);
    const first = clock.after(options.firstLogMs, () => {
      this.say();
      this.timers.push(clock.every(options.logEveryMs, () => this.say()));
    });
    this.timers = [first, clock.every(options.slotMs, () => this.nextSlot())];
  }

  close(): void {
    for (const timer of this.timers) timer.cancel();
  }

  /** The same meter, and the paths that are read are counted here as well. */
  besides(meter: Pick<NamespaceMeter, 'onRead'>): Pick<NamespaceMeter, 'onRead'> {
    return {
      onRead: (path, bytes) => {
        meter.onRead(path, bytes);
        this.count(this.reads, path);
      },
    };
  }

  /** By a client of this server. */
  onWritten(body: TxnBody): void {
    if ('path' in body) this.count(this.writes, body.path);
  }

  private count(slots: Counts[], path: string): void {
    if (this.parts.random.below(SHARES) >= this.options.sampleRate * SHARES) return;
    const counts = slots.at(-1) as Counts;
    let name = beginningOf(path, this.depth);
    if (!counts.has(name) && counts.size >= MAX_PATHS) name = OTHERS;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  private nextSlot(): void {
    for (const slots of [this.reads, this.writes]) {
      slots.push(new Map());
      if (slots.length > this.options.slots) slots.shift();
    }
  }

  private say(): void {
    this.parts.log.info({ paths: this.show(this.reads) }, 'the paths that are read most');
    this.parts.log.info({ paths: this.show(this.writes) }, 'the paths that are written most');
  }

  private show(slots: readonly Counts[]): string {
    const sums: Counts = new Map();
    for (const counts of slots) for (const [path, count] of counts) sums.set(path, (sums.get(path) ?? 0) + count);
    const most = [...sums].sort(([, a], [, b]) => b - a).slice(0, this.options.most);
    return most.map(([path, count]) => `${path} : ${count}`).join(', ');
  }
}

function beginningOf(path: string, depth: number): string {
  let end = 0;
  for (let i = 0; i < depth; i++) {
    const next = path.indexOf('/', end + 1);
    if (next === -1) return path.slice(0, MAX_PATH_LENGTH);
    end = next;
  }
  return path.slice(0, Math.min(end, MAX_PATH_LENGTH));
}
