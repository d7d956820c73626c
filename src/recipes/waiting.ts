import {
  ErrorCode,
  isZooKeeperError,
  type WatchedEvent,
  type Watcher,
  type ZooKeeperClient,
  ZooKeeperError,
} from '../client/client.ts';

/** Waiting, with an end: how long, or until a signal. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** ms until it rejects with operationTimeout. */
  readonly timeoutMs?: number | undefined;
}

/** `task` with a signal that is aborted by `options.signal`, and when the time is up. */
export async function withDeadline<T>(options: WaitOptions, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, timeoutMs } = options;
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal?.reason);
  const onTimeout = (): void => {
    const text = `not within ${timeoutMs} ms`;
    controller.abort(new ZooKeeperError(ErrorCode.operationTimeout, undefined, text));
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await task(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * Reads with a one-shot watch, and waits for what it tells when `isEnough` says that the answer is not the one. The watch is
 * set again on each new connection, and what happened meanwhile is told then, so nothing goes by unseen.
 */
export async function untilAnswer<T>(
  client: ZooKeeperClient,
  path: string,
  read: (watch: Watcher, signal: AbortSignal) => Promise<T>,
  isEnough: (answer: T) => boolean,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const change = new Change(signal);
    try {
      const answer = await read(change.watch, signal);
      if (isEnough(answer)) return answer;
      const event = await change.happened;
      if (event.state === 'expired') throw new ZooKeeperError(ErrorCode.sessionExpired, path);
      if (client.state === 'closed') throw new ZooKeeperError(ErrorCode.connectionLoss, path);
    } finally {
      change.forget();
      client.removeWatches(path, 'any', change.watch, { local: true }).catch(() => {});
    }
  }
}

/** Resolves when there is no such node. */
export async function untilGone(client: ZooKeeperClient, path: string, signal: AbortSignal): Promise<void> {
  const read = async (watch: Watcher): Promise<boolean> => {
    try {
      await client.getData(path, { watch, signal });
      return false;
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return true;
      throw error;
    }
  };
  await untilAnswer(client, path, read, (isGone) => isGone, signal);
}

/** The first event of a watch, or the end of the waiting. */
class Change {
  readonly happened: Promise<WatchedEvent>;
  readonly watch: Watcher;
  readonly forget: () => void;

  constructor(signal: AbortSignal) {
    let resolve: Watcher = () => {};
    let onAbort = (): void => {};
    this.happened = new Promise<WatchedEvent>((done, fail) => {
      resolve = done;
      onAbort = () => fail(signal.reason);
    });
    this.happened.catch(() => {});
    signal.addEventListener('abort', onAbort);
    this.watch = (event) => resolve(event);
    this.forget = () => signal.removeEventListener('abort', onAbort);
  }
}
