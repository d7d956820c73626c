import type { Clock } from '../../io/clock.ts';
import type { Random } from '../../io/random.ts';

/**
 * How many clients may ask for a session in a time: a bucket of tokens that is filled as time passes, and a chance to
 * be turned away all the same while it stays empty. Follows BlueThrottle, in its whole numbers.
 */
export interface ConnectionThrottleOptions {
  /** Size of the bucket; 0: no throttle. With weights it is meant for new sessions, and multiplied. */
  readonly tokens: number;
  /** Every so many ms it gets `fillCount` tokens, which are multiplied as well. */
  readonly fillTimeMs: number;
  readonly fillCount: number;
  /** The chance to be turned away changes once in so long; undefined: there is none. */
  readonly freezeTimeMs: number | undefined;
  /** It grows by this with an empty bucket, and shrinks by the other when no more than `decreaseRatio` of it is used. */
  readonly dropIncrease: number;
  readonly dropDecrease: number;
  readonly decreaseRatio: number;
  /** Tokens that a session costs; undefined: each costs one. */
  readonly weights: SessionWeights | undefined;
}

export interface SessionWeights {
  readonly global: number;
  readonly renewed: number;
  readonly local: number;
}

export type AskedSession = keyof SessionWeights;

const CHANCES = 2 ** 31;

export class ConnectionThrottle {
  /** From 0 to 1. */
  dropProbability = 0;
  private readonly options: ConnectionThrottleOptions;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly most: number;
  private readonly fillCount: number;
  private tokens: number;
  private filledMs: number;
  private changedMs: number;

  constructor(options: ConnectionThrottleOptions, clock: Clock, random: Random) {
    this.options = options;
    this.clock = clock;
    this.random = random;
    const factor = options.weights === undefined ? 1 : weightOf(options.weights, 'global');
    this.most = options.tokens * factor;
    this.fillCount = options.fillCount * factor;
    this.tokens = this.most;
    this.filledMs = Math.floor(clock.nowMs());
    this.changedMs = this.filledMs;
  }

  /** The tokens that are used up. */
  get deficit(): number {
    return this.most - this.tokens;
  }

  /** Takes the tokens of one more; false: it is turned away, and nothing is taken. */
  admits(asked: AskedSession): boolean {
    if (this.most === 0) return true;
    const nowMs = Math.floor(this.clock.nowMs());
    this.fill(nowMs);
    const { freezeTimeMs, weights } = this.options;
    if (freezeTimeMs !== undefined) {
      this.changeChance(nowMs, freezeTimeMs);
      if (this.random.below(CHANCES) < this.dropProbability * CHANCES) return false;
    }
    const need = weights === undefined ? 1 : weightOf(weights, asked);
    if (this.tokens < need) return false;
    this.tokens -= need;
    return true;
  }

  private fill(nowMs: number): void {
    const passedMs = nowMs - this.filledMs;
    const { fillTimeMs } = this.options;
    if (passedMs <= fillTimeMs) return;
    this.tokens = Math.min(this.tokens + Math.floor((passedMs * this.fillCount) / fillTimeMs), this.most);
    this.filledMs = nowMs;
  }

  private changeChance(nowMs: number, freezeTimeMs: number): void {
    if (nowMs - this.changedMs <= freezeTimeMs) return;
    this.changedMs = nowMs;
    const { dropIncrease, dropDecrease, decreaseRatio } = this.options;
    if (this.tokens === 0) this.dropProbability = Math.min(this.dropProbability + dropIncrease, 1);
    else if (this.deficit <= Math.round(this.most * decreaseRatio)) {
      this.dropProbability = Math.max(this.dropProbability - dropDecrease, 0);
    }
  }
}

/** No session costs less than a local one. */
function weightOf(weights: SessionWeights, asked: AskedSession): number {
  return Math.max(weights[asked], weights.local);
}
