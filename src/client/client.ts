import '../io/node-required.ts';
import type { ConnectOptions } from './client-options.ts';
import { noConnection } from './connect-failure.ts';
import { DEFAULT_SESSION_TIMEOUT_MS, ZooKeeperClient } from './zookeeper-client.ts';

/** A client whose session is established. Rejects, and leaves nothing behind, when no server gives one in time. */
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

export { ErrorCode, Perm } from '../jute/codes.ts';
// The types a program needs beside the client itself.
export type { Acl, Id, Stat } from '../jute/data-records.ts';
export type { ClientKerberos } from './client-kerberos.ts';
export type {
  CallOptions,
  ClientOptions,
  ConnectOptions,
  MarkOptions,
  Reconfiguration,
  RemoveWatchesOptions,
  VersionOptions,
  WatchOptions,
  WatchStreamOptions,
} from './client-options.ts';
export type { ClientStore, ClientTls } from './client-tls.ts';
export { type Codec, json, raw, TypedNodes, text } from './codecs.ts';
export { errorName, isZooKeeperError, ZooKeeperError } from './errors.ts';
export type { CreateOptions, MultiOp, MultiReadOp, MultiReadResult, MultiResult } from './operations/multi.ts';
export {
  type CheckResult,
  type ChildrenAnswer,
  type CreateResult,
  type DataAnswer,
  type DeleteResult,
  type ReadFailure,
  ReadTransaction,
  type SetDataResult,
  Transaction,
} from './operations/transaction.ts';
export type { Quota, QuotaLimits, Quotas } from './quotas.ts';
export type { SessionState } from './session/session-options.ts';
export type { WatchNotice } from './watches/watch-operations.ts';
export type { WatchedEvent, Watcher } from './watches/watch-table.ts';
export { ZooKeeperClient } from './zookeeper-client.ts';
