import { ErrorCode, isZooKeeperError, type Watcher, type ZooKeeperClient } from '../client/client.ts';
import { DEFAULT_RECEIPTS, ExactTransactions } from './exact-transactions.ts';
import { childOf, nameOf, withPath } from './paths.ts';
import { untilAnswer, type WaitOptions, withDeadline } from './waiting.ts';

/**
 * Queues, in the names of kazoo's: `entry-<priority>-<number>`, the lowest priority first, and within one the first that was
 * put. An item is put once and taken once, also when answers are lost: both are exact transactions.
 *
 * ZooKeeper is a small queue: every reader lists all items, and a thousand of them is many.
 */
export interface QueueOptions {
  readonly receipts?: string;
}

const DEFAULT_PRIORITY = 100;

export class Queue {
  protected readonly client: ZooKeeperClient;
  readonly path: string;
  protected readonly transactions: ExactTransactions;

  constructor(client: ZooKeeperClient, path: string, options: QueueOptions = {}) {
    this.client = client;
    this.path = path;
    this.transactions = new ExactTransactions(client, options.receipts ?? DEFAULT_RECEIPTS);
  }

  /** `priority`: 0 to 999, the lower one goes first. */
  async put(item: Uint8Array | string, priority: number = DEFAULT_PRIORITY): Promise<void> {
    if (!Number.isInteger(priority) || priority < 0 || priority > 999) throw new RangeError(`priority ${priority}`);
    const path = childOf(this.entries, `entry-${String(priority).padStart(3, '0')}-`);
    await withPath(this.client, this.entries, () =>
      this.transactions.commit([{ op: 'create', path, data: item, mode: 'persistentSequential' }]),
    );
  }

  /**
   * The first item, which is gone from the queue then: a process that dies with it takes it along. `LockingQueue` gives it
   * back. Without a deadline it waits for one.
   */
  take(options: WaitOptions = {}): Promise<Buffer> {
    return withDeadline(options, async (signal) => {
      for (;;) {
        for (const name of await this.untilItems(signal)) {
          const item = await this.tryTake(childOf(this.entries, name));
          if (item !== undefined) return item;
        }
      }
    });
  }

  /** How many wait. */
  async size(): Promise<number> {
    return (await this.names()).length;
  }

  protected get entries(): string {
    return this.path;
  }

  /** Those of the names that can be had now. */
  protected async available(names: readonly string[]): Promise<string[]> {
    return entriesIn(names);
  }

  protected async untilItems(signal: AbortSignal): Promise<string[]> {
    const read = async (watch: Watcher): Promise<string[]> =>
      this.available(
        (
          await withPath(this.client, this.entries, () =>
            this.client.getChildrenAndStat(this.entries, { watch, signal }),
          )
        ).children,
      );
    return untilAnswer(this.client, this.entries, read, (names) => names.length > 0, signal);
  }

  private async names(): Promise<string[]> {
    try {
      return entriesIn(await this.client.getChildren(this.entries));
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return [];
      throw error;
    }
  }

  /** undefined when another one was faster. */
  private async tryTake(path: string): Promise<Buffer | undefined> {
    try {
      const { data } = await this.client.getData(path);
      await this.transactions.commit([{ op: 'delete', path }]);
      return data ?? Buffer.alloc(0);
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return undefined;
      throw error;
    }
  }
}

/** An item that stays in the queue until it is done, and goes back to it when its holder gives it back, or dies. */
export interface LockedItem {
  readonly data: Buffer;
  /** The czxid of the lock: larger for each later holder of the item. */
  readonly token: number;
  /**
   * Takes it out of the queue. False: the lock was lost meanwhile, with its session or by hand, and another one may have it. Rejects with
   * sessionExpired where the session ended before the answer came: then it may be out.
   */
  done(): Promise<boolean>;
  giveBack(): Promise<void>;
}

/** kazoo's LockingQueue: items below `entries`, and an ephemeral node below `taken` for each that somebody has. */
export class LockingQueue extends Queue {
  /** Not for a locking queue: an item would be lost with its process. */
  override take(): Promise<Buffer> {
    return Promise.reject(new TypeError('a LockingQueue gives its items by takeLocked'));
  }

  takeLocked(options: WaitOptions = {}): Promise<LockedItem> {
    return withDeadline(options, async (signal) => {
      for (;;) {
        for (const name of await this.untilItems(signal)) {
          const item = await this.tryLock(name);
          if (item !== undefined) return item;
        }
      }
    });
  }

  protected override get entries(): string {
    return childOf(this.path, 'entries');
  }

  private get taken(): string {
    return childOf(this.path, 'taken');
  }

  protected override async available(names: readonly string[]): Promise<string[]> {
    const taken = await withPath(this.client, this.taken, () => this.client.getChildren(this.taken));
    return entriesIn(names).filter((name) => !taken.includes(name));
  }

  /** Items that others have come back without a change of the items: both lists are watched. */
  protected override async untilItems(signal: AbortSignal): Promise<string[]> {
    let watched: Watcher | undefined;
    const read = async (watch: Watcher): Promise<string[]> => {
      watched = watch;
      const { children } = await withPath(this.client, this.entries, () =>
        this.client.getChildrenAndStat(this.entries, { watch, signal }),
      );
      const taken = await withPath(this.client, this.taken, () =>
        this.client.getChildrenAndStat(this.taken, { watch, signal }),
      );
      return entriesIn(children).filter((name) => !taken.children.includes(name));
    };
    try {
      return await untilAnswer(this.client, this.entries, read, (names) => names.length > 0, signal);
    } finally {
      this.client.removeWatches(this.taken, 'children', watched, { local: true }).catch(() => {});
    }
  }

  private async tryLock(name: string): Promise<LockedItem | undefined> {
    const lock = childOf(this.taken, name);
    const entry = childOf(this.entries, name);
    let token: number;
    try {
      token = (await this.transactions.commit([{ op: 'create', path: lock, mode: 'ephemeral' }])).zxid;
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.nodeExists)) return undefined;
      throw error;
    }
    try {
      const { data } = await this.client.getData(entry);
      const done = (): Promise<boolean> => this.finish(name, token);
      return { data: data ?? Buffer.alloc(0), token, done, giveBack: () => this.unlock(lock, token) };
    } catch (error) {
      await this.unlock(lock, token);
      if (isZooKeeperError(error, ErrorCode.noNode)) return undefined;
      throw error;
    }
  }

  /** Both or none: an item whose lock is gone may be with another one. */
  private async finish(name: string, token: number): Promise<boolean> {
    const both = [childOf(this.entries, name), childOf(this.taken, name)];
    try {
      if (!(await this.isOurs(childOf(this.taken, name), token))) return false;
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.sessionExpired)) return false;
      throw error;
    }
    try {
      await this.transactions.commit(both.map((path) => ({ op: 'delete', path })));
      return true;
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return false;
      throw error;
    }
  }

  /** A lock that was deleted by hand may be another one's under the same name by now. */
  private async isOurs(lock: string, token: number): Promise<boolean> {
    await this.client.sync(lock);
    return (await this.client.exists(lock))?.czxid === token;
  }

  private async unlock(lock: string, token: number): Promise<void> {
    try {
      if (!(await this.isOurs(lock, token))) return;
      await this.transactions.commit([{ op: 'delete', path: lock }]);
    } catch (error) {
      if (!isZooKeeperError(error, ErrorCode.noNode)) throw error;
    }
  }
}

function entriesIn(names: readonly string[]): string[] {
  return names.filter((name) => /^entry-\d{3}-\d{10}$/.test(nameOf(name))).sort();
}
