import '../io/node-required.ts';
import { ErrorCode } from '../jute/codes.ts';
import type { ConnectOptions } from './client-options.ts';
import { ZooKeeperError } from './errors.ts';
import { DEFAULT_SESSION_TIMEOUT_MS, ZooKeeperClient } from './zookeeper-client.ts';

/** A client whose session is established. */
export async function connect(connectString: string, options: ConnectOptions = {}): Promise<ZooKeeperClient> {
  const failures = new Map<string, string>();
  const client = new ZooKeeperClient(connectString, {
    ...options,
    onAttemptFailed: (server, reason) => {
      failures.set(server, reason);
      options.onAttemptFailed?.(server, reason);
    },
  });
  const limitMs = options.connectTimeoutMs ?? options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(noConnection(limitMs, failures)), limitMs);
  const onAbort = (): void => giveUp.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted === true) onAbort();
  try {
    await client.connected({ signal: giveUp.signal });
  } catch (error) {
    await client.close();
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
  return client;
}

function noConnection(limitMs: number, failures: ReadonlyMap<string, string>): ZooKeeperError {
  const reasons = [...failures].map(([server, reason]) => `${server}: ${reason}`).join('; ');
  const text = `no server gave a session within ${limitMs} ms (${reasons === '' ? 'none has answered' : reasons})`;
  return new ZooKeeperError(ErrorCode.connectionLoss, undefined, text);
}

export { ErrorCode, Perm } from '../jute/codes.ts';
// The types a program needs beside the client itself.
export type { Acl, Id, Stat } from '../jute/data-records.ts';
export type {
  CallOptions,
  ClientOptions,
  ConnectOptions,
  Reconfiguration,
  RemoveWatchesOptions,
  VersionOptions,
  WatchOptions,
} from './client-options.ts';
export type { ClientStore, ClientTls } from './client-tls.ts';
export { errorName, isZooKeeperError, ZooKeeperError } from './errors.ts';
export type { CreateOptions, MultiOp, MultiReadOp, MultiReadResult, MultiResult } from './operations/multi.ts';
export type { SessionState } from './session/client-session.ts';
export type { WatchedEvent, Watcher } from './watches/watch-table.ts';
export { ZooKeeperClient } from './zookeeper-client.ts';
