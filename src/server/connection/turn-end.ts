import type { Clock } from '../../io/clock.ts';
import { FLUSH_MS, TURN_MS } from './client-limits.ts';
import type { HasOutput } from './client-output.ts';

/** The work of connections at the end of the event loop's turn: they read on where they had stopped, then send. */
export interface Resumable {
  resume(): void;
}

/** A look at the clock costs little beside so many writes, or results of transactions. */
const FLUSHES_PER_LOOK = 16;
const RESULTS_PER_LOOK = 16;

export class TurnEnd {
  /** Counts turns, as far as anything was to be done at their end. */
  turn = 0;
  /** At the last look. */
  nowMs = 0;
  private readonly clock: Clock;
  private readonly onFlushed: () => void;
  private toResume: Resumable[] = [];
  private toFlush: HasOutput[] = [];
  private isScheduled = false;
  /** Connections that sent something in this turn, and in the one before. */
  private served = 0;
  private servedBefore = 0;
  /** When this turn's requests began to be served; undefined before the first. */
  private beganMs: number | undefined = undefined;

  /** The turn of the last look at results, and how many came since. */
  private resultsTurn = -1;
  private results = 0;

  /** `onFlushed`: the output of this turn has been given to the streams. */
  constructor(clock: Clock, onFlushed: () => void) {
    this.clock = clock;
    this.onFlushed = onFlushed;
  }

  /**
   * One connection has sent something. False: it is the only one, as far as the last turn tells, and is answered at
   * once. The answers to many leave together, so that the other sides wake up once.
   */
  isOneOfMany(): boolean {
    this.schedule();
    this.served++;
    return this.servedBefore > 1 || this.served > 1;
  }

  /** Looks at the clock. A look costs as much as a tenth of a read, so `nowMs` is used where a millisecond is enough. */
  look(): number {
    this.nowMs = this.clock.nowMs();
    this.beganMs ??= this.nowMs;
    return this.nowMs;
  }

  /**
   * Before each of many results that come one after the other: looks at the first of a turn, and at one of so many behind
   * it. Whether it did.
   */
  lookAtSome(): boolean {
    if (this.resultsTurn === this.turn && ++this.results < RESULTS_PER_LOOK) return false;
    this.resultsTurn = this.turn;
    this.results = 0;
    this.look();
    this.schedule();
    return true;
  }

  flush(connection: HasOutput): void {
    this.toFlush.push(connection);
    this.schedule();
  }

  resume(connection: Resumable): void {
    this.toResume.push(connection);
    this.schedule();
  }

  /** Whether this turn has taken as long as a turn should, at the last look. */
  get isSpent(): boolean {
    return this.beganMs !== undefined && this.nowMs - this.beganMs >= TURN_MS;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.clock.afterTurn(this.run);
  }

  /**
   * A connection that is resumed may answer at once: its output leaves with the rest. Those for whom no time is left
   * are first in the next turn. Output keeps its order within each connection, whenever it leaves.
   */
  private readonly run = (): void => {
    this.isScheduled = false;
    this.turn++;
    this.servedBefore = this.served;
    this.served = 0;
    this.beganMs = undefined;
    const toResume = this.toResume;
    this.toResume = [];
    let resumed = 0;
    if (toResume.length > 0) this.look();
    while (resumed < toResume.length && !this.isSpent) {
      toResume[resumed++]?.resume();
      this.look();
    }
    const toFlush = this.toFlush;
    this.toFlush = [];
    const flushed = this.flushSome(toFlush);
    if (toFlush.length > 0) this.onFlushed();
    this.beganMs = undefined;
    this.turn++;
    if (flushed < toFlush.length) this.toFlush = [...toFlush.slice(flushed), ...this.toFlush];
    if (resumed < toResume.length) this.toResume = [...toResume.slice(resumed), ...this.toResume];
    if (flushed < toFlush.length || resumed < toResume.length) this.schedule();
  };

  /** How many have been served; a write to a socket takes some microseconds, and a crowd may be told of one change. */
  private flushSome(toFlush: readonly HasOutput[]): number {
    const endMs = this.clock.nowMs() + FLUSH_MS;
    let flushed = 0;
    while (flushed < toFlush.length && (flushed % FLUSHES_PER_LOOK !== 0 || this.clock.nowMs() < endMs)) {
      (toFlush[flushed++] as HasOutput).flush();
    }
    return flushed;
  }
}
