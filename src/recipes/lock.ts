import { type Acl, ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../client/client.ts';
import { type Claim, contend, lineOf, type NextInWay } from './contention/contend.ts';
import { type Held, REVOKE_MESSAGE } from './contention/held.ts';
import { type Claimant, type Dialect, LABELS, type Label } from './contention/names.ts';
import { childOf } from './paths.ts';
import type { WaitOptions } from './waiting.ts';

/**
 * Locks in one directory: fair, by the order of the nodes. Nodes of Curator and kazoo in the same directory stand in the same line;
 * for kazoo to see ours, `dialect` is 'kazoo', or its `extra_lock_patterns` has 'lock-'.
 */
export interface LockOptions {
  /** The library whose names our nodes have: 'curator' by default. */
  readonly dialect?: Dialect;
  /** The text for others who ask for the holder, such as a host and process; nothing by default. */
  readonly data?: string;
  readonly acl?: readonly Acl[];
}

export interface AcquireOptions extends WaitOptions {
  /**
   * The owner that acquires. The owner of a lock that is held gets it once more, at once, and it is free when each was
   * released. Without an owner nobody is the same as anybody else.
   */
  readonly owner?: unknown;
}

interface Owned {
  readonly held: Held;
  count: number;
}

export class Lock {
  protected readonly client: ZooKeeperClient;
  readonly path: string;
  private readonly options: LockOptions;
  private readonly owned = new Map<unknown, Owned>();

  constructor(client: ZooKeeperClient, path: string, options: LockOptions = {}) {
    this.client = client;
    this.path = path;
    this.options = options;
  }

  /** Resolves when it is held; rejects with the signal's reason or operationTimeout, and stands in the line no more. */
  async acquire(options: AcquireOptions = {}): Promise<LockHold> {
    const { owner } = options;
    const owned = owner === undefined ? undefined : this.owned.get(owner);
    if (owned?.held.isHeld === true) {
      owned.count++;
      return new LockHold(owned.held, () => this.releaseOwned(owner, owned));
    }
    const held = await contend(this.claim(), this.nextInWay, options);
    if (owner === undefined) return new LockHold(held, () => held.release());
    const first = { held, count: 1 };
    this.owned.set(owner, first);
    return new LockHold(held, () => this.releaseOwned(owner, first));
  }

  /** `task` while it is held; its signal is aborted when the lock is lost. */
  async with<T>(task: (hold: LockHold) => Promise<T>, options: AcquireOptions = {}): Promise<T> {
    const hold = await this.acquire(options);
    try {
      return await task(hold);
    } finally {
      await hold.release();
    }
  }

  /** The data of those in the line, the holder first. */
  async contenders(): Promise<string[]> {
    const line = await lineOf(this.client, this.path);
    const reads = line.map(({ name }) => this.client.getData(childOf(this.path, name)).catch(goneOrThrow));
    return (await Promise.all(reads)).flatMap((answer) =>
      answer === undefined ? [] : [answer.data?.toString() ?? ''],
    );
  }

  /** Asks the first in the line to let go, as Curator's Revoker does; whether there was one to ask. */
  async askBack(): Promise<boolean> {
    const [first] = await lineOf(this.client, this.path);
    if (first === undefined) return false;
    const asked = await this.client.setData(childOf(this.path, first.name), REVOKE_MESSAGE).catch(goneOrThrow);
    return asked !== undefined;
  }

  protected get label(): Label {
    return LABELS.lock;
  }

  protected readonly nextInWay: NextInWay = (line, mine) => line[mine - 1];

  private claim(): Claim {
    const { dialect = 'curator', data, acl } = this.options;
    return { client: this.client, path: this.path, label: this.label, dialect, data, acl };
  }

  private async releaseOwned(owner: unknown, owned: Owned): Promise<void> {
    if (--owned.count > 0) return;
    if (this.owned.get(owner) === owned) this.owned.delete(owner);
    await owned.held.release();
  }
}

/** One acquisition of a lock. Released once; the lock is free when the last of its owner's is. */
export class LockHold {
  private readonly held: Held;
  private readonly giveBack: () => Promise<void>;
  private released: Promise<void> | undefined = undefined;

  constructor(held: Held, giveBack: () => Promise<void>) {
    this.held = held;
    this.giveBack = giveBack;
  }

  get path(): string {
    return this.held.path;
  }

  /** The fencing token: larger for each later holder. */
  get token(): number {
    return this.held.token;
  }

  /** Aborted when the lock is lost; the reason says why. */
  get signal(): AbortSignal {
    return this.held.signal;
  }

  get isHeld(): boolean {
    return this.released === undefined && this.held.isHeld;
  }

  /** Throws when it is not held any more. */
  assertHeld(): void {
    this.held.assertHeld();
  }

  /** Called when somebody asks for the lock back; it is for the holder to release it. */
  onRevoke(listener: () => void): void {
    this.held.onRevoke(listener);
  }

  release(): Promise<void> {
    this.released ??= this.giveBack();
    return this.released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Many readers or one writer, fair: a reader does not pass a writer that came before it. */
export class ReadWriteLock {
  readonly read: Lock;
  readonly write: Lock;

  constructor(client: ZooKeeperClient, path: string, options: LockOptions = {}) {
    this.read = new ReadLock(client, path, options);
    this.write = new WriteLock(client, path, options);
  }
}

class ReadLock extends Lock {
  protected override get label(): Label {
    return LABELS.read;
  }

  protected override readonly nextInWay: NextInWay = (line, mine) =>
    line.slice(0, mine).findLast((each: Claimant) => each.kind === 'exclusive');
}

class WriteLock extends Lock {
  protected override get label(): Label {
    return LABELS.write;
  }
}

/** At most `leases` hold it at a time. All that use one path have to agree about their number. */
export class Semaphore extends Lock {
  protected override readonly nextInWay: NextInWay;

  constructor(client: ZooKeeperClient, path: string, leases: number, options: LockOptions = {}) {
    super(client, path, options);
    if (!Number.isSafeInteger(leases) || leases < 1) throw new RangeError(`a semaphore of ${leases} leases`);
    // Any of those before may be the one that leaves.
    this.nextInWay = (_line, mine) => (mine < leases ? undefined : 'anyone');
  }

  protected override get label(): Label {
    return LABELS.lease;
  }
}

function goneOrThrow(error: unknown): undefined {
  if (isZooKeeperError(error, ErrorCode.noNode)) return undefined;
  throw error;
}
