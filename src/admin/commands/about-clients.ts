import { ClientConnection } from '../../server/connection/client-connection.ts';
import type { Json } from '../java-json.ts';
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
    const paths = new Map<string, Json>();
    server.database?.tree.watches.forEachWatcher((watcher, watched) => {
      paths.set(sessionOf(watcher).toString(), [...watched]);
    });
    return { fields: { session_id_to_watched_paths: paths } };
  }),
  whileServing(['watches_by_path', 'wchp'], ({ server }) => {
    const sessions = new Map<string, Json>();
    server.database?.tree.watches.forEachPath((path, watchers) => {
      sessions.set(path, [...watchers].map(sessionOf));
    });
    return { fields: { path_to_session_ids: sessions } };
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
  const all = [...server.connections];
  const list = (isSecure: boolean): Json =>
    all.filter((each) => each.isSecure === isSecure).map((each) => describe(each, brief));
  return { connections: list(false), secure_connections: list(true) };
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
  const expiry = new Map<string, Json>();
  const { upstream } = server;
  const sets = upstream?.expirySets();
  // A learner tells of none, not even of its own.
  const local = sets === undefined ? [] : (upstream?.localSessions?.expirySets() ?? []);
  for (const set of [...local, ...(sets ?? [])]) expiry.set(String(Math.round(set.endMs)), [...set.sessionIds]);
  const ephemerals = new Map<string, Json>();
  const tree = server.database?.tree;
  for (const owner of tree?.ephemeralOwners() ?? []) {
    ephemerals.set(owner.toString(), [...(tree?.ephemeralsOf(owner) ?? [])]);
  }
  return { fields: { expiry_time_to_session_ids: expiry, session_id_to_ephemeral_paths: ephemerals } };
}

function sessionOf(watcher: unknown): bigint {
  return watcher instanceof ClientConnection ? watcher.sessionId : 0n;
}
