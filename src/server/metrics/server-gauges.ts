import { StatsTrack } from '../../datatree/quotas/stats-track.ts';
import { QUOTA_LIMITS_NAME, QUOTA_PATH, QUOTA_STATS_NAME } from '../../datatree/special-paths.ts';
import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
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
  metrics.setGauge('local_sessions', () => 0);

  metrics.setGauge('open_file_descriptor_count', () => host.openFileDescriptors());
  metrics.setGauge('max_file_descriptor_count', () => host.maxFileDescriptors());
  metrics.setGauge('last_client_response_size', () => stats.clientResponse.last);
  metrics.setGauge('max_client_response_size', () => stats.clientResponse.max);
  metrics.setGauge('min_client_response_size', () => stats.clientResponse.min);

  metrics.setGauge('quorum_size', () => info.quorum()?.quorumSize);
  metrics.setGauge('learners', () => info.leader()?.learners);
  metrics.setGauge('synced_followers', () => info.leader()?.syncedFollowers);
  metrics.setGauge('synced_non_voting_followers', () => info.leader()?.syncedNonVotingFollowers);
  metrics.setGauge('synced_observers', () => info.leader()?.syncedObservers);
  metrics.setGauge('pending_syncs', () => info.leader()?.pendingSyncs);
  metrics.setGauge('leader_uptime', () => wholeMs(info.leader()?.uptimeMs));
  metrics.setGauge('last_proposal_size', () => info.leader()?.proposalSizes.last);
  metrics.setGauge('max_proposal_size', () => info.leader()?.proposalSizes.max);
  metrics.setGauge('min_proposal_size', () => info.leader()?.proposalSizes.min);

  const quota = (name: string, nodeName: string, pick: (track: StatsTrack) => bigint): void =>
    metrics.setGaugeSet(name, () => quotasByNamespace(server.database?.tree, nodeName, pick));
  quota('quota_count_limit_per_namespace', QUOTA_LIMITS_NAME, (track) => hardOr(track.countHardLimit, track.count));
  quota('quota_bytes_limit_per_namespace', QUOTA_LIMITS_NAME, (track) => hardOr(track.byteHardLimit, track.bytes));
  quota('quota_count_usage_per_namespace', QUOTA_STATS_NAME, (track) => track.count);
  quota('quota_bytes_usage_per_namespace', QUOTA_STATS_NAME, (track) => track.bytes);
}

/** Tools read a whole number, as Apache's clock gives. */
function wholeMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms);
}

function hardOr(hard: bigint, soft: bigint): bigint {
  return hard > -1n ? hard : soft;
}

/** Summed over the quotas below one first path component. */
function quotasByNamespace(
  tree: ReadableTree | undefined,
  nodeName: string,
  pick: (track: StatsTrack) => bigint,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  tree?.forEachLeaf(QUOTA_PATH, (path) => {
    if (!path.endsWith(`/${nodeName}`)) return;
    const namespace = path.slice(QUOTA_PATH.length).split('/')[1];
    const data = tree.dataOf(tree.lookup(path));
    const track = data === undefined ? undefined : StatsTrack.parse(data.toString('utf8'));
    if (namespace === undefined || track === undefined) return;
    sums.set(namespace, (sums.get(namespace) ?? 0) + Number(pick(track)));
  });
  return sums;
}
