import { writePathNumber } from '../../jute/client-records.ts';
import { AddWatchMode, ErrorCode, OpCode, WatcherType } from '../../jute/codes.ts';
import type { CallOptions, RemoveWatchesOptions, WatchStreamOptions } from '../client-options.ts';
import { isZooKeeperError, ZooKeeperError } from '../errors.ts';
import { EventStream } from '../event-stream.ts';
import { NodeOperations } from '../operations/node-operations.ts';
import type { WatchedEvent, Watcher } from './watch-table.ts';
import { KINDS_OF_TYPE } from './watchers.ts';

/**
 * The values that a `for await` over a watch brings. A gap says that changes may have gone by untold, so what is known
 * has to be read again: at the start, after each new connection, and when the reader was too slow.
 */
export type WatchNotice =
  | { readonly kind: 'change'; readonly event: WatchedEvent }
  | { readonly kind: 'gap'; readonly why: 'started' | 'reconnected' | 'overflow' };

const DEFAULT_MOST_WAITING = 1000;

/** Watches that stay, told by calls or read by `for await`. */
export class WatchOperations extends NodeOperations {
  /**
   * `watcher` is told of every change at `path`, and with persistentRecursive of every one below it as well. Changes
   * while the client was away are not told one by one: an event of type none says that it was away.
   */
  addWatch(path: string, mode: keyof typeof AddWatchMode, watcher: Watcher, options: CallOptions = {}): Promise<void> {
    return this.requests.call(
      {
        type: OpCode.addWatch,
        path,
        write: (w) => writePathNumber(w, { path: this.paths.serverPath(path), number: AddWatchMode[mode] }),
        read: () => this.watchers.add(mode, path, watcher),
        whenLost: 'ask again',
      },
      options,
    );
  }

  /**
   * Every change at `path`, or at and below it, in order. The first notice is a gap: the watch is set, so what is read from then on
   * is kept true by what follows. Ends with the signal and with `close`, and is removed at the server then; fails with
   * sessionExpired.
   */
  watch(path: string, options: WatchStreamOptions = {}): AsyncIterableIterator<WatchNotice> {
    const { mode = 'persistent', maxWaiting = DEFAULT_MOST_WAITING, signal } = options;
    this.paths.serverPath(path);
    const watcher: Watcher = (event) => {
      if (event.state === 'expired') stream.fail(new ZooKeeperError(ErrorCode.sessionExpired, path));
      else if (event.type === 'none') stream.push({ kind: 'gap', why: 'reconnected' });
      else if (event.type !== 'persistentWatchRemoved') stream.push({ kind: 'change', event });
      else stream.end();
    };
    let stopWaiting = (): void => {};
    const stream = new EventStream<WatchNotice>({
      limit: Math.max(maxWaiting, 1),
      onOverflow: () => [{ kind: 'gap', why: 'overflow' }],
      onEnd: () => {
        stopWaiting();
        this.removeWatches(path, mode, watcher, { local: true }).catch(() => {});
      },
      signal,
    });
    stopWaiting = this.watchers.whenOver(() => stream.end());
    this.addWatch(path, mode, watcher, { signal }).then(
      () => stream.push({ kind: 'gap', why: 'started' }),
      (error) => stream.fail(error),
    );
    return stream;
  }

  /**
   * Without `watcher`: every watch of that type there. noWatcher when there is none. Those that go are told by an event
   * of their own (dataWatchRemoved, childWatchRemoved, persistentWatchRemoved).
   */
  removeWatches(
    path: string,
    type: keyof typeof WatcherType = 'any',
    watcher?: Watcher,
    options: RemoveWatchesOptions = {},
  ): Promise<void> {
    const serverPath = this.paths.serverPath(path);
    const kinds = KINDS_OF_TYPE[type];
    if (!this.watchers.has(kinds, serverPath, watcher)) {
      return Promise.reject(new ZooKeeperError(ErrorCode.noWatcher, path));
    }
    const forget = (): void => this.watchers.forget(kinds, serverPath, watcher);
    // The server knows one watch where there may be several watchers: it is told only when the last one goes.
    if (watcher !== undefined && this.watchers.othersThan(kinds, serverPath, watcher)) {
      forget();
      return Promise.resolve();
    }
    const told = this.requests.call(
      {
        type: OpCode.removeWatches,
        path,
        write: (w) => writePathNumber(w, { path: serverPath, number: WatcherType[type] }),
        read: forget,
      },
      options,
    );
    if (options.local !== true) return told;
    return told.catch((error) => {
      if (!isZooKeeperError(error, ErrorCode.connectionLoss)) throw error;
      forget();
    });
  }
}
