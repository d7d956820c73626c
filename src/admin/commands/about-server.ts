import { atMost } from '../../base/pieces.ts';
import type { SizeStats } from '../../server/metrics/counters.ts';
import { tellMonitorFields } from '../../server/monitoring/monitor-fields.ts';
import { FULL_VERSION } from '../../server/monitoring/version.ts';
import { JavaDouble, type Json, LongMap } from '../java-json.ts';
import { connections } from './about-clients.ts';
import { type AdminCommand, type AdminContext, anytime, whileServing } from './admin-command.ts';

/** The server itself: its configuration, statistics, directories, environment and digests. */
export const ABOUT_SERVER: readonly AdminCommand[] = [
  whileServing(['configuration', 'conf', 'config'], configuration),
  whileServing(['initial_configuration', 'icfg'], ({ initialConfig }) => ({
    fields: { initial_configuration: initialConfig },
  })),
  whileServing(['is_read_only', 'isro'], ({ server }) => ({
    fields: { read_only: server.upstream?.mode === 'read-only' },
  })),
  whileServing(['ruok'], () => ({})),
  whileServing(['server_stats', 'srvr'], (context) => ({ fields: serverStats(context) })),
  whileServing(['stats', 'stat'], (context) => ({
    fields: { ...serverStats(context), ...connections(context, true) },
  })),
  whileServing(['stat_reset', 'srst'], ({ server, info }) => {
    server.stats.reset();
    info.leader()?.proposalSizes.reset();
    return {};
  }),
  whileServing(['dirs'], ({ info }) => ({
    fields: { datadir_size: info.dataDirBytes(), logdir_size: info.logDirBytes() },
  })),
  whileServing(['hash'], ({ server }) => ({
    fields: {
      digests: (server.database?.digestLog ?? []).map(({ zxid, version, digest }) => ({
        zxid,
        digest_version: version,
        digest,
      })),
    },
  })),
  whileServing(['last_snapshot', 'lsnp'], ({ info }) => {
    const newest = info.newestSnapshot();
    if (newest === undefined) return { fields: { zxid: 'ffffffffffffffff', timestamp: -1 } };
    return { fields: { zxid: newest.zxid.toString(16), timestamp: Math.floor(newest.writtenMs / 1000) } };
  }),
  anytime(['monitor', 'mntr'], (context) => ({ fields: monitor(context) })),
  anytime(['environment', 'env', 'envi'], ({ host }) => ({ fields: new Map<string, Json>(host.environment()) })),
  anytime(['system_properties', 'sysp'], ({ host }) => ({ fields: new Map<string, Json>(host.properties()) })),
  anytime(['get_trace_mask', 'gtmk'], ({ server }) => ({ fields: { tracemask: server.stats.traceMask } })),
  anytime(['set_trace_mask', 'stmk'], ({ server }, query) => {
    const asked = query.get('traceMask');
    const refused = 'setTraceMask requires long traceMask argument';
    if (asked === null) return { error: refused };
    if (!/^[+-]?\d{1,19}$/.test(asked)) return { error: `${refused}, got ${asked}` };
    server.stats.traceMask = BigInt.asIntN(64, BigInt(asked.replace(/^\+/, '')));
    return { fields: { tracemask: server.stats.traceMask } };
  }),
];

function configuration({ server, info }: AdminContext) {
  const { options } = server;
  const quorum = info.quorum();
  const fields: { [key: string]: Json } = {
    client_port: server.clientPort,
    data_dir: info.dataDir,
    data_log_dir: info.dataLogDir,
    tick_time: options.tickTimeMs,
    max_client_cnxns: options.maxClientCnxns,
    min_session_timeout: options.minSessionTimeoutMs,
    max_session_timeout: options.maxSessionTimeoutMs,
    server_id: info.serverId,
    client_port_listen_backlog: options.clientPortListenBacklog ?? -1,
  };
  if (quorum === undefined) return { fields };
  return {
    fields: {
      ...fields,
      init_limit: quorum.initLimitTicks,
      sync_limit: quorum.syncLimitTicks,
      election_alg: 3,
      election_port: quorum.electionPort,
      quorum_port: quorum.quorumPort,
      peer_type: quorum.isObserver ? 1 : 0,
    },
  };
}

function serverStats({ server, info }: AdminContext): { readonly [key: string]: Json } {
  const { stats } = server;
  const leader = info.leader();
  return {
    version: FULL_VERSION,
    read_only: server.upstream?.mode === 'read-only',
    server_stats: {
      packets_sent: stats.packetsSent,
      packets_received: stats.packetsReceived,
      fsync_threshold_exceed_count: 0,
      client_response_stats: sizes(stats.clientResponse),
      data_dir_size: info.dataDirBytes(),
      log_dir_size: info.logDirBytes(),
      provider_null: false,
      last_processed_zxid: server.lastProcessedZxid,
      outstanding_requests: server.outstanding,
      server_state: server.upstream?.mode ?? 'null',
      avg_latency: new JavaDouble(stats.requestLatency.average),
      max_latency: stats.requestLatency.max,
      min_latency: stats.requestLatency.min,
      num_alive_client_connections: server.connections.size,
      uptime: Math.floor(server.clock.nowMs() - stats.startedMs),
      auth_failed_count: server.metrics.connections.authFailed.value,
      non_mtlsremote_conn_count: stats.plainRemote,
      non_mtlslocal_conn_count: stats.plainLocal,
    },
    client_response: sizes(stats.clientResponse),
    ...(leader === undefined ? {} : { proposal_stats: sizes(leader.proposalSizes) }),
    node_count: server.database?.tree.nodeCount ?? 0,
  };
}

function sizes(stats: SizeStats): Json {
  return { last_buffer_size: stats.last, min_buffer_size: stats.min, max_buffer_size: stats.max };
}

function monitor(context: AdminContext): LongMap {
  const parts: Iterable<readonly [name: string, value: Json]>[] = [];
  tellMonitorFields(context, {
    text: (name, value) => parts.push([[name, value]]),
    whole: (name, value) => parts.push([[name, value]]),
    real: (name, value) => parts.push([[name, new JavaDouble(value)]]),
    wholeByKey: (name, values) => parts.push(fieldsOf(name, values)),
  });
  return new LongMap(chained(parts));
}

/** There may be as many keys as namespaces with a quota. */
function* fieldsOf(name: string, values: ReadonlyMap<string, number>): Generator<readonly [name: string, value: Json]> {
  for (const [key, value] of atMost(values, values.size)) yield [`${key}_${name}`, value];
}

function* chained<T>(parts: readonly Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}
