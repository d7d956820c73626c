import { assert } from '../base/assert.ts';

/**
 * A transaction id: epoch in the high 32 bits, a counter in the low 32, held in a double. Exact as long as the epoch
 * stays below 2^21: at one leader change a second, 24 days of nothing but elections. Readers refuse larger ones, and
 * the assert below stands where we create an epoch.
 */
declare const zxidBrand: unique symbol;
export type Zxid = number & { readonly [zxidBrand]: true };

export const MAX_EPOCH = 0x1fffff;
export const MAX_COUNTER = 0xffffffff;
const COUNTER_RANGE = 0x100000000;

export const ZXID_ZERO = 0 as Zxid;
/** "None": notifications replayed by setWatches, a vote that must not count, a packet without a zxid. */
export const ZXID_NONE = -1 as Zxid;
/** An observer's vote: sorts below everything. Exactly representable. */
export const ZXID_OBSERVER = -(2 ** 63) as Zxid;

export function makeZxid(epoch: number, counter: number): Zxid {
  assert(Number.isInteger(epoch) && epoch >= 0 && epoch <= MAX_EPOCH, `epoch ${epoch} does not fit a zxid`);
  assert(Number.isInteger(counter) && counter >= 0 && counter <= MAX_COUNTER, `counter ${counter} does not fit a zxid`);
  return (epoch * COUNTER_RANGE + counter) as Zxid;
}

export function epochOf(zxid: Zxid): number {
  return Math.floor(zxid / COUNTER_RANGE);
}

export function counterOf(zxid: Zxid): number {
  return zxid - Math.floor(zxid / COUNTER_RANGE) * COUNTER_RANGE;
}

/**
 * Whether `next` may stand right after `previous` in a history: the numbers go up by one, or a later leader's epoch
 * begins, always with its transaction 1. All else is a gap, and a gap is a lost transaction (ZOOKEEPER-4925,
 * ZOOKEEPER-5094). Behind the end of an epoch it cannot be seen whether that had more of them. The rule holds for the
 * log, for memory and for learners alike.
 *
 * It is also true after `epoch << 32`, where a leader's tree stands before the first transaction of its epoch. A
 * leader never gives that number to a transaction. A standalone server of Apache's does when it counts past 2^32.
 */
export function follows(previous: Zxid, next: Zxid): boolean {
  return next === previous + 1 || (counterOf(next) === 1 && epochOf(next) > epochOf(previous));
}

/**
 * Whether a server was ever synchronised to the end, which is when it takes a leader's epoch for its own. Transactions
 * alone do not say so: they may be the remains of a first synchronisation that broke off, and end anywhere. Epoch 0 has
 * no leader; its transactions come from a standalone server.
 */
export function isWholeHistory(currentEpoch: number, lastZxid: Zxid): boolean {
  return currentEpoch > 0 || (lastZxid > 0 && epochOf(lastZxid) === 0);
}

/** Lower-case hexadecimal without prefix or padding, as in file names: `log.100000001`. */
export function zxidHex(zxid: Zxid): string {
  if (zxid >= 0) return zxid.toString(16);
  return zxid === ZXID_NONE ? 'ffffffffffffffff' : '8000000000000000';
}

/** As logs and messages write it, everywhere. */
export function zxidText(zxid: Zxid): string {
  return `0x${zxidHex(zxid)}`;
}

/** The zxid in a file name's suffix; undefined when it is not one or lies beyond what we can hold. */
export function parseZxidHex(text: string): Zxid | undefined {
  if (!/^[0-9a-f]{1,16}$/.test(text)) return undefined;
  const value = Number.parseInt(text, 16);
  return Number.isSafeInteger(value) ? (value as Zxid) : undefined;
}
