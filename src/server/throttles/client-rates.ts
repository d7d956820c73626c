import type { Id } from '../../jute/data-records.ts';
import type { CounterSet } from '../metrics/counters.ts';
import type { Operation } from '../operations/operation.ts';
import { isThrottlable } from '../request.ts';

/**
 * How many requests a second one address or one identity may ask, over all its connections here. One that asks more is
 * answered THROTTLEDOP, and others are served as if it were not there. Not Apache's, whose limits are for all together.
 *
 * The identity is the first id that a client has proved beyond its address. A client may prove whatever name it likes by
 * the scheme digest, so the limit of an address is the one that holds strangers.
 */
export interface ClientRateOptions {
  /** Requests a second; 0: without limit. */
  readonly perAddress: number;
  readonly perIdentity: number;
  /** Requests at once after a pause; 0: those of one second. */
  readonly burst: number;
}

/** The ones whose requests are counted together: what they may ask until it is filled up. */
export class RateBucket {
  /** As metrics show it. */
  readonly name: string;
  /** The next one of this name gets another bucket; who holds this one has to ask for it too. */
  isForgotten = false;
  private readonly perMs: number;
  private readonly most: number;
  private tokens: number;
  private filledMs: number;

  constructor(name: string, perSecond: number, burst: number, nowMs: number) {
    this.name = name;
    this.perMs = perSecond / 1000;
    this.most = burst === 0 ? perSecond : burst;
    this.tokens = this.most;
    this.filledMs = nowMs;
  }

  /** One more is asked. */
  take(nowMs: number): boolean {
    this.fill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** It was taken in vain. */
  giveBack(): void {
    this.tokens++;
  }

  /** Nothing is to be remembered of it. */
  isFull(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= this.most;
  }

  private fill(nowMs: number): void {
    this.tokens = Math.min(this.most, this.tokens + (nowMs - this.filledMs) * this.perMs);
    this.filledMs = nowMs;
  }
}

/** Of one connection. */
export interface Charged {
  readonly authIds: readonly Id[];
  readonly address: RateBucket | undefined;
  readonly identity: RateBucket | undefined;
}

/** Buckets that are remembered; those that are full make room. When none is found, the newcomers share one. */
export const BUCKETS_MAX = 10_000;
/** Buckets that one newcomer looks at to find room: a crowd of newcomers must not look at all of them each. */
export const LOOKED_AT = 16;

export class ClientRates {
  /** Whether there is any limit. */
  readonly isOn: boolean;
  private readonly options: ClientRateOptions;
  private readonly throttled: CounterSet;
  private readonly buckets = new Map<string, RateBucket>();
  private others: RateBucket | undefined = undefined;

  constructor(options: ClientRateOptions, throttled: CounterSet) {
    this.options = options;
    this.throttled = throttled;
    this.isOn = options.perAddress > 0 || options.perIdentity > 0;
  }

  /** `address`: as the scheme ip has it. */
  chargedOf(address: string, authIds: readonly Id[], nowMs: number): Charged {
    const { perAddress, perIdentity } = this.options;
    const proved = authIds.find(({ scheme }) => scheme !== 'ip');
    return {
      authIds,
      address: perAddress === 0 ? undefined : this.bucketOf({ scheme: 'ip', id: address }, perAddress, nowMs),
      identity: perIdentity === 0 || proved === undefined ? undefined : this.bucketOf(proved, perIdentity, nowMs),
    };
  }

  /** Takes one from each. False: one of them is empty, and nothing is taken. */
  admits({ address, identity }: Charged, nowMs: number): boolean {
    if (address !== undefined && !address.take(nowMs)) return this.refused(address);
    if (identity === undefined || identity.take(nowMs)) return true;
    address?.giveBack();
    return this.refused(identity);
  }

  private refused(bucket: RateBucket): false {
    this.throttled.add(bucket.name, 1);
    return false;
  }

  private bucketOf(id: Id, perSecond: number, nowMs: number): RateBucket {
    const key = `${id.scheme}:${id.id}`;
    const known = this.buckets.get(key);
    if (known !== undefined) return known;
    if (this.buckets.size >= BUCKETS_MAX) this.forgetFull(nowMs);
    if (this.buckets.size >= BUCKETS_MAX) {
      this.others ??= new RateBucket('others', perSecond, this.options.burst, nowMs);
      return this.others;
    }
    const bucket = new RateBucket(shownName(id), perSecond, this.options.burst, nowMs);
    this.buckets.set(key, bucket);
    return bucket;
  }

  /** Looks at those in front, and puts behind the others what has to stay. */
  private forgetFull(nowMs: number): void {
    let looks = 0;
    for (const [key, bucket] of this.buckets) {
      if (++looks > LOOKED_AT) return;
      this.buckets.delete(key);
      bucket.isForgotten = bucket.isFull(nowMs);
      if (!bucket.isForgotten) this.buckets.set(key, bucket);
    }
  }
}

/** The rates that the client of one connection may ask at; its ids may become more. */
export class ConnectionRate {
  private readonly rates: ClientRates;
  private readonly address: string;
  private charged: Charged | undefined = undefined;

  constructor(rates: ClientRates, address: string) {
    this.rates = rates;
    this.address = address;
  }

  /** Counts one request more; true: it is too much. */
  isOver(operation: Operation, authIds: readonly Id[], nowMs: number): boolean {
    if (!isThrottlable(operation)) return false;
    let charged = this.charged;
    if (charged === undefined || charged.authIds !== authIds || isForgotten(charged)) {
      charged = this.rates.chargedOf(this.address, authIds, nowMs);
      this.charged = charged;
    }
    return !this.rates.admits(charged, nowMs);
  }
}

function isForgotten({ address, identity }: Charged): boolean {
  return address?.isForgotten === true || identity?.isForgotten === true;
}

const SHOWN_MAX = 100;

/** In one word for `mntr`. Of a digest the user alone: the rest is what a password can be guessed from. */
function shownName({ scheme, id }: Id): string {
  const shown = scheme === 'digest' ? id.slice(0, id.indexOf(':')) : id;
  return `${scheme}:${shown}`.slice(0, SHOWN_MAX).replaceAll(/[^\x21-\x7e]|["\\]/g, '_');
}
