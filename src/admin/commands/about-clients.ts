import { atMost } from '../../base/pieces.ts';
import { ClientConnection } from '../../server/connection/client-connection.ts';
import { type Json, LongList, LongMap } from '../java-json.ts';
import { type AdminCommand, type AdminContext, whileServing } from './admin-command.ts';

/** The commands about clients: the connections, the sessions, and the nodes these own and watch. */
export const ABOUT_CLIENTS: readonly AdminCommand[] = [
  whileServing(['connections', 'cons'], (context) => ({ fields: connections(context, false) })),
  whileServing(['connection_stat_reset', 'crst'], ({ server }) => {
    for (const connection of server.connections) connection.stats.reset();
    return {};
  }),
  whileServing(['dump'], dump),
  whileServing(['watches', 'wchc'], ({ server }) => {
    const watchers = server.database?.tree.watches.watchers() ?? [];
    return { fields: { session_id_to_watched_paths: mapOf(watchers, (watcher) => sessionOf(watcher).toString()) } };
  }),
  whileServing(['watches_by_path', 'wchp'], ({ server }) => {
    const paths = server.database?.tree.watches.watchedPaths() ?? [];
    return { fields: { path_to_session_ids: mapOf(paths, (path) => path, sessionOf) } };
  }),
  whileServing(['watch_summary', 'wchs'], ({ server }) => {
    const counts = server.database?.tree.watches.dataCounts() ?? { connections: 0, paths: 0, watches: 0 };
    return {
      fields: { num_connections: counts.connections, num_paths: counts.paths, num_total_watches: counts.watches },
    };
  }),
];

/** Those of the port for TLS alone are listed by themselves. */
export function connections({ server }: AdminContext, brief: boolean): { readonly [key: string]: Json } {
  const list = (isSecure: boolean): Json => new LongList(described(server.connections, isSecure, brief));
  return { connections: list(false), secure_connections: list(true) };
}

function* described(all: ReadonlySet<ClientConnection>, isSecure: boolean, brief: boolean): Generator<Json> {
  for (const each of atMost(all, all.size)) if (each.isSecure === isSecure) yield describe(each, brief);
}

function describe(connection: ClientConnection, brief: boolean): Json {
  const { stats } = connection;
  const head = {
    remote_socket_address: connection.client.slice(1),
    interest_ops: connection.interestOps,
    outstanding_requests: connection.requests.queue.own,
    packets_received: stats.packetsReceived,
    packets_sent: stats.packetsSent,
  };
  if (brief) return head;
  return {
    ...head,
    session_id: connection.sessionId,
    last_operation: stats.lastOperation,
    established: stats.establishedMs,
    session_timeout: connection.timeoutMs,
    last_cxid: stats.lastCxid,
    last_zxid: stats.lastZxid,
    last_response_time: Math.round(stats.lastResponseMs),
    last_latency: stats.lastLatencyMs,
    min_latency: stats.minLatencyMs,
    avg_latency: stats.avgLatencyMs,
    max_latency: stats.maxLatencyMs,
  };
}

function dump({ server }: AdminContext) {
  const { upstream } = server;
  const global = upstream?.expirySets();
  // A learner tells of none, not even of its own.
  const local = global === undefined ? [] : (upstream?.localSessions?.expirySets() ?? []);
  const sets = [...local, ...(global ?? [])].map(({ endMs, sessionIds }): [number, Iterable<bigint>] => [
    endMs,
    sessionIds,
  ]);
  const ephemerals = server.database?.tree.ephemeralsInPieces() ?? [];
  return {
    fields: {
      expiry_time_to_session_ids: mapOf(sets, (endMs) => String(Math.round(endMs))),
      session_id_to_ephemeral_paths: mapOf(ephemerals, (owner) => owner.toString()),
    },
  };
}

/** A list of the facts about each, under its name. */
function mapOf<K, T>(
  entries: Iterable<readonly [K, Iterable<T>]>,
  nameOf: (key: K) => string,
  told: (item: T) => Json = (item) => item as Json,
): LongMap {
  return new LongMap(mapped(entries, ([key, items]) => [nameOf(key), new LongList(mapped(items, told))] as const));
}

function* mapped<T, U>(items: Iterable<T>, to: (item: T) => U): Generator<U> {
  for (const item of items) yield to(item);
}

function sessionOf(watcher: unknown): bigint {
  return watcher instanceof ClientConnection ? watcher.sessionId : 0n;
}
