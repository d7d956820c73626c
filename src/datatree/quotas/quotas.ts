import { QUOTA_LIMITS_NAME, QUOTA_PATH, QUOTA_STATS_NAME } from '../special-paths.ts';
import { PathTrie } from './path-trie.ts';
import { QuotaSums } from './quota-sums.ts';
import { StatsTrack } from './stats-track.ts';

/**
 * Quotas are znodes: /zookeeper/quota/P/zookeeper_limits says what P may hold, zookeeper_stats beside it what it does.
 * Every server keeps the usage by itself, outside any transaction, with each change below P. Others write
 * the limits and refuse a request over them; neither is decided here.
 *
 * The deepest quota above a path is the only one that counts. Usage is counted anew when the stats node is created
 * and after loading; text in it that does not parse is left alone.
 */
export interface QuotaTree {
  lookup(path: string): number;
  dataOf(node: number): Buffer | undefined;
  putUsage(node: number, data: Buffer): void;
  usageBelow(path: string): { count: number; bytes: number };
  forEachLeaf(path: string, visit: (path: string) => void): void;
}

export interface QuotaState {
  /** The path the quota stands on. */
  readonly path: string;
  /** undefined when the node is missing, or its text does not parse. */
  readonly limits: StatsTrack | undefined;
  readonly usage: StatsTrack | undefined;
}

export class Quotas {
  private readonly tree: QuotaTree;
  readonly sums = new QuotaSums();
  private readonly limited = new PathTrie();

  constructor(tree: QuotaTree) {
    this.tree = tree;
  }

  above(path: string): QuotaState | undefined {
    if (this.limited.isEmpty) return undefined;
    const limited = this.limited.deepestAbove(path);
    if (limited === undefined) return undefined;
    return {
      path: limited,
      limits: this.trackAt(`${QUOTA_PATH}${limited}/${QUOTA_LIMITS_NAME}`),
      usage: this.trackAt(`${QUOTA_PATH}${limited}/${QUOTA_STATS_NAME}`),
    };
  }

  /** A node was created below /zookeeper/quota. */
  onNodeAdded(parentPath: string, name: string): void {
    const path = parentPath.slice(QUOTA_PATH.length);
    if (name === QUOTA_LIMITS_NAME) this.limited.add(path);
    else if (name === QUOTA_STATS_NAME) this.recount(path);
  }

  /** A node named zookeeper_limits is gone; any parent below /zookeeper is taken for one of a quota, as by Apache. */
  onLimitsRemoved(parentPath: string): void {
    this.limited.remove(parentPath.slice(QUOTA_PATH.length));
  }

  /** The usage of a path has changed. */
  onUsage(path: string, bytes: number, count: number): void {
    if (this.limited.isEmpty) return;
    const limited = this.limited.deepestAbove(path);
    if (limited === undefined) return;
    const node = this.tree.lookup(`${QUOTA_PATH}${limited}/${QUOTA_STATS_NAME}`);
    if (node < 0) return;
    const usage = StatsTrack.parse(this.tree.dataOf(node)?.toString('utf8') ?? '');
    if (usage === undefined) return;
    usage.count += BigInt(count);
    usage.bytes += BigInt(bytes);
    this.tree.putUsage(node, Buffer.from(usage.toString(), 'utf8'));
    this.sums.use(limited, BigInt(count), BigInt(bytes));
  }

  /** After loading: finds the limits there are and counts anew. */
  rebuild(): void {
    const suffix = `/${QUOTA_LIMITS_NAME}`;
    const found: string[] = [];
    this.limited.clear();
    this.tree.forEachLeaf(QUOTA_PATH, (path) => {
      if (path.endsWith(suffix)) found.push(path.slice(QUOTA_PATH.length, path.indexOf(suffix)));
    });
    for (const path of found) {
      this.recount(path);
      this.limited.add(path);
    }
    this.sums.clear();
    this.tree.forEachLeaf(QUOTA_PATH, (path) => this.sums.enter(path, this.tree.dataOf(this.tree.lookup(path))));
  }

  private recount(path: string): void {
    const statsPath = `${QUOTA_PATH}${path}/${QUOTA_STATS_NAME}`;
    const node = this.tree.lookup(statsPath);
    if (node < 0) return;
    const counted = this.tree.usageBelow(path);
    const usage = new StatsTrack();
    usage.count = BigInt(counted.count);
    usage.bytes = BigInt(counted.bytes);
    this.sums.leave(statsPath, this.tree.dataOf(node));
    this.tree.putUsage(node, Buffer.from(usage.toString(), 'utf8'));
    this.sums.enter(statsPath, this.tree.dataOf(node));
  }

  private trackAt(path: string): StatsTrack | undefined {
    const node = this.tree.lookup(path);
    if (node < 0) return undefined;
    return StatsTrack.parse(this.tree.dataOf(node)?.toString('utf8') ?? '');
  }
}
