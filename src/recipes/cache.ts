import { ErrorCode, isZooKeeperError, type Stat, type WatchedEvent, type ZooKeeperClient } from '../client/client.ts';
import { childOf, nameOf, parentOf } from './paths.ts';
import { isInDoubt } from './session-end.ts';
import { Waiters } from './waiters.ts';

/**
 * A copy of a subtree in memory, kept true by one recursive watch. Replies and events are taken in the order in which the server
 * sent them, so at each moment the copy is a state that the tree had.
 *
 * `isCurrent` says whether it has everything that was acknowledged to anybody before it was last read as a whole, and every change
 * since that its server told of. A change whose data is on its way makes it false for that moment. It is false from the loss of the connection until everything was read again behind a `sync`,
 * and the differences come as changes like others.
 */
export interface CacheOptions {
  /** How many levels below the path are kept: 0 for the node alone, 1 for its children as well; all by default. */
  readonly depth?: number;
}

export interface CachedNode {
  readonly path: string;
  readonly data: Buffer | undefined;
  /** `cversion`, `numChildren` and `pzxid` are as of the last change of the data: the watch does not tell of them. */
  readonly stat: Stat;
}

export type CacheChange =
  | { readonly type: 'added' | 'updated' | 'removed'; readonly node: CachedNode }
  /** `isCurrent` has become true, or false. */
  | { readonly type: 'current' | 'outdated' };

export type CacheListener = (change: CacheChange) => void;

export class TreeCache {
  private readonly client: ZooKeeperClient;
  readonly path: string;
  private readonly depth: number;
  private readonly nodes = new Map<string, CachedNode>();
  private readonly listeners = new Set<CacheListener>();
  private readonly waiters = new Waiters();
  private readonly stopListening: () => void;
  private isSynced = false;
  private isOver = false;
  private outstanding = 0;
  /** Counts the times that everything was read: what an earlier one asked for is not counted any more. */
  private round = 0;
  private failure: unknown = undefined;

  constructor(client: ZooKeeperClient, path: string, options: CacheOptions = {}) {
    this.client = client;
    this.path = path;
    this.depth = options.depth ?? Number.POSITIVE_INFINITY;
    this.stopListening = client.onState((state) => {
      if (state === 'connected' || state === 'connectedReadOnly') return;
      this.setCurrent(false);
      if (state !== 'connecting') this.fail(new Error(`the session is ${state}`));
    });
    this.watch();
  }

  get isCurrent(): boolean {
    return this.isSynced && this.outstanding === 0 && !this.isOver && this.client.certainForMs > 0;
  }

  get size(): number {
    return this.nodes.size;
  }

  get(path: string): CachedNode | undefined {
    return this.nodes.get(path);
  }

  /** Names of the children that are kept. */
  children(path: string): string[] {
    const names: string[] = [];
    for (const each of this.nodes.keys()) if (each !== path && parentOf(each) === path) names.push(nameOf(each));
    return names.sort();
  }

  all(): CachedNode[] {
    return [...this.nodes.values()];
  }

  /** The function that is returned ends it. */
  onChange(listener: CacheListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Resolves when it is current; rejects when the session is over. */
  async current(signal?: AbortSignal): Promise<void> {
    while (!this.isCurrent) {
      signal?.throwIfAborted();
      if (this.isOver) throw this.failure ?? new Error('the cache was closed');
      await this.waiters.next(signal);
    }
  }

  close(): void {
    if (this.isOver) return;
    this.client.removeWatches(this.path, 'persistentRecursive', this.onEvent, { local: true }).catch(() => {});
    this.fail(undefined);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private readonly onEvent = (event: WatchedEvent): void => {
    if (this.isOver) return;
    if (event.type === 'none') this.readEverything();
    else if (event.type === 'nodeDeleted') this.remove(event.path);
    else if (this.isKept(event.path)) this.read(event.path, this.round, false);
  };

  private watch(): void {
    if (this.isOver) return;
    this.client.addWatch(this.path, 'persistentRecursive', this.onEvent).then(
      () => this.readEverything(),
      (error) => {
        if (isInDoubt(this.client, error)) setImmediate(() => this.watch());
        else this.fail(error);
      },
    );
  }

  private readEverything(): void {
    if (this.isOver) return;
    this.setCurrent(false);
    const round = ++this.round;
    this.outstanding = 1;
    this.client.sync(this.path).then(
      () => {
        this.read(this.path, round, true);
        this.settle(round);
      },
      (error) => this.onFailure(error, round),
    );
  }

  private read(path: string, round: number, withChildren: boolean): void {
    this.ask(round);
    this.client.getData(path).then(
      ({ data, stat }) => {
        this.put({ path, data, stat });
        this.settle(round);
      },
      (error) => {
        if (isZooKeeperError(error, ErrorCode.noNode)) {
          this.remove(path);
          this.settle(round);
        } else this.onFailure(error, round);
      },
    );
    if (withChildren && this.levelOf(path) < this.depth) this.readChildren(path, round);
  }

  private readChildren(path: string, round: number): void {
    this.ask(round);
    this.client.getChildrenAndStat(path).then(
      ({ children }) => {
        const there = new Set(children.map((name) => childOf(path, name)));
        for (const each of [...this.nodes.keys()]) {
          if (each !== path && parentOf(each) === path && !there.has(each)) this.remove(each);
        }
        for (const each of there) this.read(each, round, true);
        this.settle(round);
      },
      (error) => {
        if (isZooKeeperError(error, ErrorCode.noNode)) this.settle(round);
        else this.onFailure(error, round);
      },
    );
  }

  private put(node: CachedNode): void {
    if (this.isOver) return;
    const before = this.nodes.get(node.path);
    this.nodes.set(node.path, node);
    if (before === undefined) this.tell({ type: 'added', node });
    else if (before.stat.czxid !== node.stat.czxid || before.stat.mzxid !== node.stat.mzxid) {
      this.tell({ type: 'updated', node });
    }
  }

  /** With everything below: its own events may have come on a connection that was lost. */
  private remove(path: string): void {
    const below = path === '/' ? '/' : `${path}/`;
    for (const each of [...this.nodes.keys()]) {
      const node = this.nodes.get(each);
      if (node === undefined || (each !== path && !each.startsWith(below))) continue;
      this.nodes.delete(each);
      this.tell({ type: 'removed', node });
    }
  }

  /** An answer of an earlier round may ask for more, which nobody waits for. */
  private ask(round: number): void {
    if (round === this.round) this.outstanding++;
  }

  private settle(round: number): void {
    if (round !== this.round || this.isOver || --this.outstanding > 0) return;
    const { state } = this.client;
    if (state !== 'connected' && state !== 'connectedReadOnly') return;
    this.setCurrent(true);
    this.waiters.settleAll();
  }

  /** An error that is no lost connection ends it; a lost connection is followed by the event that has everything read again. */
  private onFailure(error: unknown, round: number): void {
    if (round !== this.round) return;
    if (isInDoubt(this.client, error)) setImmediate(() => round === this.round && this.readEverything());
    else this.fail(error);
  }

  private fail(reason: unknown): void {
    if (this.isOver) return;
    this.setCurrent(false);
    this.isOver = true;
    this.failure = reason;
    this.stopListening();
    this.waiters.settleAll();
  }

  private setCurrent(isCurrent: boolean): void {
    if (this.isSynced === isCurrent) return;
    this.isSynced = isCurrent;
    this.tell({ type: isCurrent ? 'current' : 'outdated' });
  }

  private tell(change: CacheChange): void {
    for (const listener of [...this.listeners]) listener(change);
  }

  private isKept(path: string): boolean {
    return this.levelOf(path) <= this.depth;
  }

  private levelOf(path: string): number {
    if (path === this.path) return 0;
    const below = this.path === '/' ? path : path.slice(this.path.length);
    return below.split('/').length - 1;
  }
}
