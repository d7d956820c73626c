import { randomUUID } from 'node:crypto';
import { ErrorCode, isZooKeeperError, type Watcher, type ZooKeeperClient } from '../client/client.ts';
import { childOf, ensurePath, parentOf, removeNode, withPath } from './paths.ts';
import { isInDoubt, nextTurn } from './session-end.ts';
import { untilAnswer, untilGone, type WaitOptions, withDeadline } from './waiting.ts';

/** A barrier is closed as long as its node is there. It outlives whoever closed it. */
export class Barrier {
  private readonly client: ZooKeeperClient;
  readonly path: string;

  constructor(client: ZooKeeperClient, path: string) {
    this.client = client;
    this.path = path;
  }

  /** Also when it was closed already. */
  async close(): Promise<void> {
    for (;;) {
      try {
        await withPath(this.client, parentOf(this.path), () => this.client.create(this.path));
        return;
      } catch (error) {
        if (isZooKeeperError(error, ErrorCode.nodeExists)) return;
        if (!isInDoubt(this.client, error)) throw error;
        await nextTurn();
      }
    }
  }

  async open(): Promise<void> {
    await removeNode(this.client, this.path);
  }

  /** Resolves when it is open. */
  wait(options: WaitOptions = {}): Promise<void> {
    return withDeadline(options, (signal) => untilGone(this.client, this.path, signal));
  }
}

/**
 * All `size` enter together, and leave together. In Curator's and kazoo's form: an ephemeral node for each, and `ready` once the
 * last one has come. One that dies counts as gone.
 */
export class DoubleBarrier {
  private readonly client: ZooKeeperClient;
  readonly path: string;
  private readonly size: number;
  private readonly name: string;

  /** `name` has to be another one for each. */
  constructor(client: ZooKeeperClient, path: string, size: number, name: string = randomUUID()) {
    if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`a barrier for ${size}`);
    this.client = client;
    this.path = path;
    this.size = size;
    this.name = name;
  }

  /** Resolves when all have come. One that gives up is counted no more. */
  enter(options: WaitOptions = {}): Promise<void> {
    return withDeadline(options, async (signal) => {
      const { client, path } = this;
      await ensurePath(client, path, signal);
      try {
        await client.create(childOf(path, this.name), undefined, { mode: 'ephemeral', signal });
        const read = async (watch: Watcher): Promise<boolean> => {
          if ((await client.exists(childOf(path, READY), { signal, watch })) !== undefined) return true;
          const names = await client.getChildren(path, { signal });
          if (names.filter((name) => name !== READY).length < this.size) return false;
          await this.makeReady();
          return true;
        };
        await untilAnswer(client, childOf(path, READY), read, (isReady) => isReady, signal);
      } catch (error) {
        void removeNode(client, childOf(path, this.name)).catch(() => {});
        throw error;
      }
    });
  }

  /** Resolves when all have left. */
  leave(options: WaitOptions = {}): Promise<void> {
    return withDeadline(options, async (signal) => {
      const { client, path } = this;
      await removeNode(client, childOf(path, this.name));
      const read = async (watch: Watcher): Promise<boolean> => {
        const { children } = await client.getChildrenAndStat(path, { watch, signal });
        return children.every((name) => name === READY);
      };
      await untilAnswer(client, path, read, (isEmpty) => isEmpty, signal);
      await removeNode(client, childOf(path, READY));
    });
  }

  private async makeReady(): Promise<void> {
    try {
      await this.client.create(childOf(this.path, READY));
    } catch (error) {
      const isThere =
        isZooKeeperError(error, ErrorCode.nodeExists) || isZooKeeperError(error, ErrorCode.connectionLoss);
      if (!isThere) throw error;
    }
  }
}

const READY = 'ready';
