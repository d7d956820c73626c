import { StatsTrack } from '../../datatree/quotas/stats-track.ts';
import { QUOTA_LIMITS_NAME, QUOTA_PATH, QUOTA_STATS_NAME } from '../../datatree/special-paths.ts';
import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import { ZXID_NONE, type Zxid } from '../../jute/zxid.ts';

/**
 * Limits and usage of all quotas, summed over those below one first path component. There can be many, and each is
 * text. They are gone through once for a state of the tree, however often the sums are asked for.
 */
export interface QuotaTree {
  readonly tree: ReadableTree;
  readonly lastProcessedZxid: Zxid;
}

type Sums = ReadonlyMap<string, number>;

export class QuotaSums {
  private readonly database: () => QuotaTree | undefined;
  private tree: ReadableTree | undefined = undefined;
  private zxid: Zxid = ZXID_NONE;
  private readonly sums = {
    countLimit: new Map(),
    bytesLimit: new Map(),
    countUsage: new Map(),
    bytesUsage: new Map(),
  };

  constructor(database: () => QuotaTree | undefined) {
    this.database = database;
  }

  get countLimit(): Sums {
    return this.current().countLimit;
  }

  get bytesLimit(): Sums {
    return this.current().bytesLimit;
  }

  get countUsage(): Sums {
    return this.current().countUsage;
  }

  get bytesUsage(): Sums {
    return this.current().bytesUsage;
  }

  private current(): Record<keyof QuotaSums['sums'], Map<string, number>> {
    const database = this.database();
    const zxid = database?.lastProcessedZxid ?? ZXID_NONE;
    if (database?.tree === this.tree && zxid === this.zxid) return this.sums;
    this.tree = database?.tree;
    this.zxid = zxid;
    for (const sum of Object.values(this.sums)) sum.clear();
    const { tree } = this;
    tree?.forEachLeaf(QUOTA_PATH, (path) => this.addLeaf(tree, path));
    return this.sums;
  }

  private addLeaf(tree: ReadableTree, path: string): void {
    const isLimits = path.endsWith(`/${QUOTA_LIMITS_NAME}`);
    if (!isLimits && !path.endsWith(`/${QUOTA_STATS_NAME}`)) return;
    const namespace = path.slice(QUOTA_PATH.length).split('/')[1];
    const data = tree.dataOf(tree.lookup(path));
    const track = data === undefined ? undefined : StatsTrack.parse(data.toString('utf8'));
    if (namespace === undefined || track === undefined) return;
    const { countLimit, bytesLimit, countUsage, bytesUsage } = this.sums;
    add(
      isLimits ? countLimit : countUsage,
      namespace,
      isLimits ? hardOr(track.countHardLimit, track.count) : track.count,
    );
    add(
      isLimits ? bytesLimit : bytesUsage,
      namespace,
      isLimits ? hardOr(track.byteHardLimit, track.bytes) : track.bytes,
    );
  }
}

function add(sums: Map<string, number>, namespace: string, value: bigint): void {
  sums.set(namespace, (sums.get(namespace) ?? 0) + Number(value));
}

function hardOr(hard: bigint, soft: bigint): bigint {
  return hard > -1n ? hard : soft;
}
