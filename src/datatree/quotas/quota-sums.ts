import { QUOTA_LIMITS_NAME, QUOTA_PATH, QUOTA_STATS_NAME } from '../special-paths.ts';
import { StatsTrack } from './stats-track.ts';

/**
 * Limits and usage of all quotas, summed over those below one first path component. They are kept up with each change
 * of a node that holds some, because there may be 100,000 of them, and `mntr` and every scrape ask.
 */
export type NamespaceSums = ReadonlyMap<string, number>;

class Sums {
  readonly byNamespace = new Map<string, number>();
  /** The things that are summed, exactly. */
  private readonly exact = new Map<string, { sum: bigint; nodes: number }>();

  /** `nodes`: how many more there are that take part. */
  add(namespace: string, value: bigint, nodes: number): void {
    const entry = this.exact.get(namespace) ?? { sum: 0n, nodes: 0 };
    entry.sum += value;
    entry.nodes += nodes;
    if (entry.nodes === 0) {
      this.exact.delete(namespace);
      this.byNamespace.delete(namespace);
      return;
    }
    this.exact.set(namespace, entry);
    this.byNamespace.set(namespace, Number(entry.sum));
  }

  clear(): void {
    this.exact.clear();
    this.byNamespace.clear();
  }
}

export class QuotaSums {
  private readonly sums = {
    countLimit: new Sums(),
    bytesLimit: new Sums(),
    countUsage: new Sums(),
    bytesUsage: new Sums(),
  };

  get countLimit(): NamespaceSums {
    return this.sums.countLimit.byNamespace;
  }

  get bytesLimit(): NamespaceSums {
    return this.sums.bytesLimit.byNamespace;
  }

  get countUsage(): NamespaceSums {
    return this.sums.countUsage.byNamespace;
  }

  get bytesUsage(): NamespaceSums {
    return this.sums.bytesUsage.byNamespace;
  }

  /** A node below /zookeeper/quota has this data from now on; undefined for null. Others than a quota's do not count. */
  enter(path: string, data: Buffer | undefined): void {
    this.add(path, data, 1);
  }

  /** The node has this data no longer. */
  leave(path: string, data: Buffer | undefined): void {
    this.add(path, data, -1);
  }

  /** The usage below `limited`, a path with a quota whose usage parses, has changed by this. */
  use(limited: string, count: bigint, bytes: bigint): void {
    const namespace = limited.split('/', 2)[1] as string;
    this.sums.countUsage.add(namespace, count, 0);
    this.sums.bytesUsage.add(namespace, bytes, 0);
  }

  clear(): void {
    for (const sums of Object.values(this.sums)) sums.clear();
  }

  private add(path: string, data: Buffer | undefined, nodes: 1 | -1): void {
    const isLimits = path.endsWith(`/${QUOTA_LIMITS_NAME}`);
    if (!isLimits && !path.endsWith(`/${QUOTA_STATS_NAME}`)) return;
    const namespace = path.slice(QUOTA_PATH.length).split('/', 2)[1];
    const track = data === undefined ? undefined : StatsTrack.parse(data.toString('utf8'));
    if (namespace === undefined || track === undefined) return;
    const count = isLimits ? hardOr(track.countHardLimit, track.count) : track.count;
    const bytes = isLimits ? hardOr(track.byteHardLimit, track.bytes) : track.bytes;
    const { countLimit, bytesLimit, countUsage, bytesUsage } = this.sums;
    const sign = BigInt(nodes);
    (isLimits ? countLimit : countUsage).add(namespace, sign * count, nodes);
    (isLimits ? bytesLimit : bytesUsage).add(namespace, sign * bytes, nodes);
  }
}

function hardOr(hard: bigint, soft: bigint): bigint {
  return hard > -1n ? hard : soft;
}
