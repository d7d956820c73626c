import { type ConnectOptions, connect, type ZooKeeperClient } from '../client/client.ts';

/**
 * Runs `body` with a client, and once more with a new one when the session is over before the body is. A recipe lives as long as
 * its session, so what has to live on is made anew in here: locks, latches, caches and ephemeral nodes alike.
 */
export interface KeepSessionOptions extends ConnectOptions {
  /** Told why a session ended, and that another one follows. */
  readonly onSessionLost?: (reason: unknown) => void;
}

const PAUSE_MS = 1000;

/** `signal` of the body is aborted when its session is over, or this is given up. Resolves with what the body gives. */
export async function keepSession<T>(
  connectString: string,
  options: KeepSessionOptions,
  body: (client: ZooKeeperClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, onSessionLost } = options;
  for (;;) {
    signal?.throwIfAborted();
    let client: ZooKeeperClient;
    try {
      client = await connect(connectString, options);
    } catch (error) {
      signal?.throwIfAborted();
      onSessionLost?.(error);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      continue;
    }
    const session = new AbortController();
    const onAbort = (): void => session.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const stop = client.onState((state) => {
      if (state === 'expired' || state === 'authFailed') session.abort(new Error(`the session is ${state}`));
    });
    try {
      return await body(client, session.signal);
    } catch (error) {
      // A lock is lost before the client hears that its session is over.
      const isLost = client.state === 'expired' || client.certainForMs <= 0;
      if (!isLost || signal?.aborted === true) throw error;
      onSessionLost?.(error);
    } finally {
      stop();
      signal?.removeEventListener('abort', onAbort);
      await client.close();
    }
  }
}
