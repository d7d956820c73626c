import { ErrorCode, isZooKeeperError, type WatchedEvent, type ZooKeeperClient } from '../client/client.ts';
import { ensurePath, parentOf, removeNode } from './paths.ts';
import { isInDoubt, isOver, nextTurn } from './session-end.ts';
import { Waiters } from './waiters.ts';

/**
 * An ephemeral node that is there as long as this session is: made again when somebody deletes it. A node of that name that
 * another session left behind, such as that of this process before it was started again, is waited for until it is gone.
 */
export class PersistentNode {
  private readonly client: ZooKeeperClient;
  readonly path: string;
  private data: Uint8Array | string;
  private isClosed = false;
  private making: Promise<void> | undefined = undefined;
  private again = false;
  private readonly waiters = new Waiters();
  private failure: unknown = undefined;
  private isThere = false;

  /** Makes it from here on; `ready` tells when it is there. */
  constructor(client: ZooKeeperClient, path: string, data: Uint8Array | string = '') {
    this.client = client;
    this.path = path;
    this.data = data;
    this.make();
  }

  /** Resolves when the node is there and is this session's; rejects when it cannot be made. */
  async ready(signal?: AbortSignal): Promise<void> {
    while (!this.isThere) {
      signal?.throwIfAborted();
      if (this.failure !== undefined) throw this.failure;
      if (this.isClosed) throw new Error(`${this.path} was closed`);
      await this.waiters.next(signal);
    }
  }

  /** The node holds this from now on, also when it is made again. */
  async setData(data: Uint8Array | string): Promise<void> {
    this.data = data;
    await this.ready();
    try {
      await this.client.setData(this.path, data);
    } catch (error) {
      if (!isZooKeeperError(error, ErrorCode.noNode)) throw error;
      // Deleted a moment ago: it is made again with what it is to hold now.
      this.isThere = false;
      this.make();
      await this.ready();
    }
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.making?.catch(() => {});
    this.client.removeWatches(this.path, 'data', this.onEvent, { local: true }).catch(() => {});
    try {
      await this.removeOwn();
    } catch (error) {
      // The session is over, and its nodes are gone or about to go.
      if (!isOver(this.client)) throw error;
    } finally {
      this.isThere = false;
      this.waiters.settleAll();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A creation whose answer was lost may have left it unknown, and after a deletion it may be another one's. */
  private async removeOwn(): Promise<void> {
    for (;;) {
      try {
        await this.client.sync(this.path);
        const stat = await this.client.exists(this.path);
        if (stat?.ephemeralOwner === this.client.sessionId) await removeNode(this.client, this.path);
        return;
      } catch (error) {
        if (!isInDoubt(this.client, error)) throw error;
        await nextTurn();
      }
    }
  }

  private readonly onEvent = (event: WatchedEvent): void => {
    if (this.isClosed || event.type === 'dataWatchRemoved') return;
    if (event.state === 'expired') this.fail(new Error('the session expired'));
    else this.make();
  };

  private make(): void {
    this.again = true;
    this.making ??= this.makeOnce().finally(() => {
      this.making = undefined;
      // Asked for after the last look, before this.
      if (this.again && !this.isClosed && this.failure === undefined) this.make();
    });
  }

  private async makeOnce(): Promise<void> {
    while (this.again && !this.isClosed && this.failure === undefined) {
      this.again = false;
      try {
        await this.ensure();
      } catch (error) {
        if (isInDoubt(this.client, error) || isZooKeeperError(error, ErrorCode.noNode)) this.again = true;
        else this.fail(error);
        await nextTurn();
      }
    }
  }

  private async ensure(): Promise<void> {
    const { client, path } = this;
    const stat = await client.exists(path);
    if (stat === undefined) {
      this.isThere = false;
      await ensurePath(client, parentOf(path));
      await client.create(path, this.data, { mode: 'ephemeral' }).catch((error) => {
        if (!isZooKeeperError(error, ErrorCode.nodeExists)) throw error;
      });
    }
    // With the watch: it is made again, or waited for, when this one goes.
    const { stat: now } = await client.getData(path, { watch: this.onEvent });
    this.isThere = now.ephemeralOwner === client.sessionId;
    if (this.isThere) this.waiters.settleAll();
    else if (now.ephemeralOwner === 0n) this.fail(new Error(`${path} is there, and is not ephemeral`));
  }

  private fail(reason: unknown): void {
    this.failure = reason;
    this.isThere = false;
    this.waiters.settleAll();
  }
}
