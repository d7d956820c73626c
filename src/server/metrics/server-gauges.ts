import type { NamespaceSums, QuotaSums } from '../../datatree/quotas/quota-sums.ts';
import type { HostInfo, ServerInfo } from '../monitoring/server-info.ts';
import type { ServerView } from '../monitoring/server-view.ts';

/**
 * The gauges that ZooKeeperServer, QuorumZooKeeperServer and LeaderZooKeeperServer register, read when asked for.
 * Apache registers them as roles begin and end; here one of a role that is not on says undefined.
 */
export function registerServerGauges(server: ServerView, info: ServerInfo, host: HostInfo): void {
  const { metrics, stats } = server;
  metrics.setGauge('avg_latency', () => stats.requestLatency.average, true);
  metrics.setGauge('max_latency', () => stats.requestLatency.max);
  metrics.setGauge('min_latency', () => stats.requestLatency.min);
  metrics.setGauge('packets_received', () => stats.packetsReceived);
  metrics.setGauge('packets_sent', () => stats.packetsSent);
  metrics.setGauge('num_alive_connections', () => server.connections.size);
  metrics.setGauge('outstanding_requests', () => server.outstanding);
  metrics.setGauge('uptime', () => Math.floor(server.clock.nowMs() - stats.startedMs));

  metrics.setGauge('znode_count', () => server.database?.tree.nodeCount);
  metrics.setGauge('watch_count', () => server.database?.tree.watches.count);
  metrics.setGauge('ephemerals_count', () => server.database?.tree.ephemeralCount);
  metrics.setGauge('approximate_data_size', () => server.database?.tree.dataSizeApprox);
  metrics.setGauge('global_sessions', () => server.database?.sessions.size);
  metrics.setGauge('local_sessions', () => server.upstream?.localSessions?.size ?? 0);

  metrics.setGauge('open_file_descriptor_count', () => host.openFileDescriptors());
  metrics.setGauge('max_file_descriptor_count', () => host.maxFileDescriptors());
  metrics.setGauge('last_client_response_size', () => stats.clientResponse.last);
  metrics.setGauge('max_client_response_size', () => stats.clientResponse.max);
  metrics.setGauge('min_client_response_size', () => stats.clientResponse.min);

  metrics.setGauge('connection_drop_probability', () => server.connectionDropProbability, true);
  metrics.setGauge('outstanding_tls_handshake', () => server.outstandingHandshakes);
  metrics.setGauge('non_mtls_remote_conn_count', () => stats.plainRemote);
  metrics.setGauge('non_mtls_local_conn_count', () => stats.plainLocal);

  metrics.setGauge('quorum_size', () =>
    server.upstream?.mode === 'read-only' ? undefined : info.quorum()?.quorumSize,
  );
  metrics.setGauge('learners', () => info.leader()?.learners);
  metrics.setGauge('synced_followers', () => info.leader()?.syncedFollowers);
  metrics.setGauge('synced_non_voting_followers', () => info.leader()?.syncedNonVotingFollowers);
  metrics.setGauge('synced_observers', () => info.observers()?.observers.length);
  metrics.setGauge('pending_syncs', () => info.leader()?.pendingSyncs);
  metrics.setGauge('leader_uptime', () => wholeMs(info.leader()?.uptimeMs));
  metrics.setGauge('last_proposal_size', () => info.leader()?.proposalSizes.last);
  metrics.setGauge('max_proposal_size', () => info.leader()?.proposalSizes.max);
  metrics.setGauge('min_proposal_size', () => info.leader()?.proposalSizes.min);

  const none: NamespaceSums = new Map();
  const quotas = (): QuotaSums | undefined => server.database?.tree.quotaSums;
  metrics.setGaugeSet('quota_count_limit_per_namespace', () => quotas()?.countLimit ?? none);
  metrics.setGaugeSet('quota_bytes_limit_per_namespace', () => quotas()?.bytesLimit ?? none);
  metrics.setGaugeSet('quota_count_usage_per_namespace', () => quotas()?.countUsage ?? none);
  metrics.setGaugeSet('quota_bytes_usage_per_namespace', () => quotas()?.bytesUsage ?? none);
}

/** Tools read a whole number, as Apache's clock gives. */
function wholeMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms);
}
