import {
  ErrorCode,
  isZooKeeperError,
  type Stat,
  type WatchedEvent,
  type ZooKeeperClient,
  ZooKeeperError,
} from '../../client/client.ts';
import { removeNode } from '../paths.ts';
import { isOver } from '../session-end.ts';
import { whenUncertain } from './certainty.ts';

/** The data that Curator's Revoker writes into the node of a holder to ask it to let go. */
export const REVOKE_MESSAGE = '__REVOKE__';

/**
 * A thing that is held: by its node, as long as the session is certain. It is lost when the session is over, when no server
 * has answered for so long that it may be, and when somebody deletes the node. `signal` tells of that; a process that was
 * paused sees it late, so what must never happen twice takes `token` along and refuses a smaller one than it has seen.
 */
export class Held {
  readonly path: string;
  /** The czxid of the node: larger for each later holder. */
  readonly token: number;
  /** Aborted when it is lost, or was asked back; its reason is a ZooKeeperError that says why. */
  readonly signal: AbortSignal;
  private readonly client: ZooKeeperClient;
  private readonly lost = new AbortController();
  private readonly stopGuard: () => void;
  private readonly revokeListeners = new Set<() => void>();
  private isRevoked = false;
  private released: Promise<void> | undefined = undefined;

  constructor(client: ZooKeeperClient, path: string, stat: Stat) {
    this.client = client;
    this.path = path;
    this.token = stat.czxid;
    this.signal = this.lost.signal;
    this.stopGuard = whenUncertain(client, (why) => this.lose(why));
    this.guardNode();
  }

  get isHeld(): boolean {
    return this.released === undefined && !this.signal.aborted && this.client.certainForMs > 0;
  }

  /** Throws when it is not held any more. */
  assertHeld(): void {
    if (this.isHeld) return;
    throw this.signal.aborted
      ? this.signal.reason
      : new ZooKeeperError(ErrorCode.sessionExpired, this.path, `${this.path} is not held any more`);
  }

  /** `listener` is called when somebody asks for it, at once when that was before. It is for the holder to let go. */
  onRevoke(listener: () => void): void {
    this.revokeListeners.add(listener);
    if (this.isRevoked) listener();
  }

  /** Lets go. Resolves when the node is gone, at once when the session is over; twice is once. */
  release(): Promise<void> {
    this.released ??= this.giveBack();
    return this.released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  private async giveBack(): Promise<void> {
    this.stopGuard();
    this.client.removeWatches(this.path, 'data', this.onNodeEvent, { local: true }).catch(() => {});
    try {
      await removeNode(this.client, this.path);
    } catch (error) {
      // The session is over, and its nodes are gone or about to go.
      if (!isOver(this.client)) throw error;
    }
  }

  private lose(why: string): void {
    if (this.signal.aborted || this.released !== undefined) return;
    this.stopGuard?.();
    this.lost.abort(new ZooKeeperError(ErrorCode.sessionExpired, this.path, `${this.path} is lost: ${why}`));
  }

  private readonly onNodeEvent = (event: WatchedEvent): void => {
    if (this.released !== undefined || event.type === 'dataWatchRemoved') return;
    if (event.type === 'nodeDeleted') this.lose('its node was deleted');
    else if (event.type !== 'none') this.guardNode();
  };

  private guardNode(): void {
    this.client.getData(this.path, { watch: this.onNodeEvent }).then(
      ({ data }) => {
        if (data?.toString() === REVOKE_MESSAGE) this.revoke();
      },
      (error: unknown) => {
        const isGone = isZooKeeperError(error, ErrorCode.noNode);
        this.lose(isGone ? 'its node was deleted' : 'its node cannot be watched');
      },
    );
  }

  private revoke(): void {
    if (this.isRevoked) return;
    this.isRevoked = true;
    for (const listener of this.revokeListeners) listener();
  }
}
