import type { Log } from '../../base/log.ts';
import { QUOTA_PATH, QUOTA_STATS_NAME } from '../../datatree/special-paths.ts';
import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import type { Clock } from '../../io/clock.ts';
import { ErrorCode } from '../../jute/codes.ts';

/**
 * Whether a write stays within the quota above it, with enforceQuota: ZooKeeperServer.checkQuota. A hard limit
 * refuses, a soft one is only logged and not looked at beside a hard one.
 *
 * Usage is what is applied: requests still under way are not counted, so several at once, or a multi, can together
 * go over the limit. Every Apache server works that way, and clients see it in multis.
 */
const LOG_INTERVAL_MS = 60_000;

export class QuotaCheck {
  private readonly tree: ReadableTree;
  private readonly enforced: boolean;
  private readonly clock: Pick<Clock, 'nowMs'>;
  private readonly log: Log;
  private loggedMs = Number.NEGATIVE_INFINITY;

  /** The clock, monotonic, is for the rate of log lines. */
  constructor(tree: ReadableTree, enforced: boolean, clock: Pick<Clock, 'nowMs'>, log: Log) {
    this.tree = tree;
    this.enforced = enforced;
    this.clock = clock;
    this.log = log;
  }

  checkCreate(path: string, data: Buffer | undefined): number {
    return this.enforced ? this.check(path, lengthOf(data), 1) : ErrorCode.ok;
  }

  checkSetData(path: string, bytesBefore: number, data: Buffer | undefined): number {
    return this.enforced ? this.check(path, lengthOf(data) - bytesBefore, 0) : ErrorCode.ok;
  }

  /** Apache fails with an exception on text that does not parse. */
  private check(path: string, bytes: number, count: number): number {
    const quota = this.tree.quotaAbove(path);
    if (quota === undefined) return ErrorCode.ok;
    const { limits, usage } = quota;
    if (limits === undefined) return ErrorCode.marshallingError;
    const checksCount = count !== 0 && (limits.count > -1n || limits.countHardLimit > -1n);
    const checksBytes = bytes !== 0 && (limits.bytes > -1n || limits.byteHardLimit > -1n);
    if (!checksCount && !checksBytes) return ErrorCode.ok;
    if (usage === undefined) {
      const hasStats = this.tree.lookup(`${QUOTA_PATH}${quota.path}/${QUOTA_STATS_NAME}`) !== -1;
      return hasStats ? ErrorCode.marshallingError : ErrorCode.ok;
    }
    if (
      checksCount &&
      this.exceeds('count', quota.path, usage.count + BigInt(count), limits.count, limits.countHardLimit)
    )
      return ErrorCode.quotaExceeded;
    if (
      checksBytes &&
      this.exceeds('bytes', quota.path, usage.bytes + BigInt(bytes), limits.bytes, limits.byteHardLimit)
    )
      return ErrorCode.quotaExceeded;
    return ErrorCode.ok;
  }

  /** Whether a hard limit is exceeded. */
  private exceeds(what: 'count' | 'bytes', path: string, wanted: bigint, soft: bigint, hard: bigint): boolean {
    const isHard = hard > -1n;
    const limit = isHard ? hard : soft;
    if (wanted <= limit) return false;
    this.report(what, path, wanted, limit, isHard);
    return isHard;
  }

  private report(what: string, path: string, wanted: bigint, limit: bigint, isHard: boolean): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.loggedMs < LOG_INTERVAL_MS) return;
    this.loggedMs = nowMs;
    const kind = isHard ? 'hard' : 'soft';
    this.log.warn({ path, what, wanted: Number(wanted), limit: Number(limit), kind }, 'quota exceeded');
  }
}

function lengthOf(data: Buffer | undefined): number {
  return data === undefined ? 0 : data.length;
}
