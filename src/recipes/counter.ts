import { type Codec, ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../client/client.ts';
import { DEFAULT_RECEIPTS, ExactTransactions } from './exact-transactions.ts';
import { parentOf, withPath } from './paths.ts';

import { type WaitOptions, withDeadline } from './waiting.ts';

/**
 * A value that many change. Each change is made against the version that it was computed from, and by an exact
 * transaction. A lost answer does not make it be counted twice, or not at all, not even when another one wrote the same
 * bytes.
 */
export interface AtomicOptions {
  readonly receipts?: string;
}

export interface Versioned<T> {
  readonly value: T;
  /** -1: there is no node yet. */
  readonly version: number;
}

export class AtomicValue<T> {
  private readonly client: ZooKeeperClient;
  readonly path: string;
  private readonly codec: Codec<T>;
  private readonly initial: T;
  private readonly transactions: ExactTransactions;

  /** `initial` is the value as long as there is no node, or one without data. */
  constructor(client: ZooKeeperClient, path: string, codec: Codec<T>, initial: T, options: AtomicOptions = {}) {
    this.client = client;
    this.path = path;
    this.codec = codec;
    this.initial = initial;
    this.transactions = new ExactTransactions(client, options.receipts ?? DEFAULT_RECEIPTS);
  }

  async get(): Promise<Versioned<T>> {
    try {
      const { data, stat } = await this.client.getData(this.path);
      const value = data === undefined || data.length === 0 ? this.initial : this.codec.decode(data);
      return { value, version: stat.version };
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return { value: this.initial, version: -1 };
      throw error;
    }
  }

  /** Whether it was at that version, and is set now. */
  async compareAndSet(expected: Versioned<T>, value: T): Promise<boolean> {
    const data = this.codec.encode(value);
    try {
      if (expected.version === -1) {
        await withPath(this.client, parentOf(this.path), () =>
          this.transactions.commit([{ op: 'create', path: this.path, data }]),
        );
      } else await this.transactions.commit([{ op: 'setData', path: this.path, data, version: expected.version }]);
      return true;
    } catch (error) {
      const isOutdated = [ErrorCode.badVersion, ErrorCode.nodeExists, ErrorCode.noNode].some((code) =>
        isZooKeeperError(error, code),
      );
      if (isOutdated) return false;
      throw error;
    }
  }

  /** Sets what `change` makes of the value, again with the newer value when another one was faster. Resolves with both. */
  update(change: (value: T) => T, options: WaitOptions = {}): Promise<{ before: T; after: T }> {
    return withDeadline(options, async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        const current = await this.get();
        const after = change(current.value);
        if (await this.compareAndSet(current, after)) return { before: current.value, after };
      }
    });
  }
}

/** As kazoo's Counter writes it. */
export const decimalText: Codec<bigint> = {
  encode: (value) => String(value),
  decode: (data) => BigInt(data.toString('latin1').trim()),
};

/** As Curator's DistributedAtomicLong writes it: eight bytes, the highest first. */
export const curatorLong: Codec<bigint> = {
  encode: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt.asIntN(64, value));
    return bytes;
  },
  decode: (data) => {
    if (data.length !== 8) throw new RangeError(`${data.length} bytes are no long of eight`);
    return data.readBigInt64BE();
  },
};

/** A whole number. Its text is that of kazoo's Counter, unless `codec` is `curatorLong`. */
export class Counter {
  private readonly value: AtomicValue<bigint>;

  constructor(client: ZooKeeperClient, path: string, options: AtomicOptions & { readonly codec?: Codec<bigint> } = {}) {
    this.value = new AtomicValue(client, path, options.codec ?? decimalText, 0n, options);
  }

  async get(): Promise<bigint> {
    return (await this.value.get()).value;
  }

  /** Resolves with the sum. */
  async add(amount: bigint | number, options: WaitOptions = {}): Promise<bigint> {
    const { after } = await this.value.update((value) => value + BigInt(amount), options);
    return after;
  }
}

/**
 * Numbers that are given once, in blocks, so that most cost no request. Numbers that a process did not use are not used
 * by another.
 */
export class IdGenerator {
  private readonly counter: Counter;
  private readonly blockSize: bigint;
  private next = 0n;
  private end = 0n;
  private filling: Promise<void> | undefined = undefined;

  constructor(client: ZooKeeperClient, path: string, blockSize = 100, options: AtomicOptions = {}) {
    if (!Number.isSafeInteger(blockSize) || blockSize < 1) throw new RangeError(`a block of ${blockSize} numbers`);
    this.counter = new Counter(client, path, options);
    this.blockSize = BigInt(blockSize);
  }

  async take(): Promise<bigint> {
    while (this.next >= this.end) {
      this.filling ??= this.fill().finally(() => {
        this.filling = undefined;
      });
      await this.filling;
    }
    return this.next++;
  }

  private async fill(): Promise<void> {
    const end = await this.counter.add(this.blockSize);
    this.next = end - this.blockSize;
    this.end = end;
  }
}
