import { counterOf, epochOf, type Zxid } from '../../jute/zxid.ts';

/**
 * Whether `next` may stand right after `previous` in a history: the counter goes up by one, or a later leader's
 * epoch begins, always with its transaction 1. Everything else is a gap, and a gap is a lost transaction
 * (ZOOKEEPER-4925, ZOOKEEPER-5094).
 *
 * Also true after `epoch << 32`, where a leader's tree stands before the first transaction of its epoch.
 */
export function follows(previous: Zxid, next: Zxid): boolean {
  if (next === previous + 1) return counterOf(next) !== 0;
  return counterOf(next) === 1 && epochOf(next) > epochOf(previous);
}
