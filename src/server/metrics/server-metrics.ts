import { Counter, CounterSet, Summary } from './counters.ts';

/**
 * The metrics of one peer under the names Apache ZooKeeper 3.9 gives them (ServerMetrics, and the gauges its servers
 * register). One instance per peer and never a global one: several peers live in one process. Whoever does the work
 * adds to the field; `mntr` and /metrics read everything through `visit`.
 *
 * Only what is measured here exists. The names that Apache has and this server has nothing to put behind (thread
 * pools, response caches, JVM pauses, throttles) are left out rather than shown as zero; docs/COMPATIBILITY.md lists them.
 */
export class ServerMetrics {
  private readonly counters: Counter[] = [];
  private readonly counterSets: CounterSet[] = [];
  private readonly summaries: Summary[] = [];
  private readonly gauges = new Map<string, Gauge>();
  private readonly gaugeSets = new Map<string, GaugeSetReader>();

  // the disk
  readonly fsyncTime = this.basic('fsynctime');
  readonly snapshotTime = this.basic('snapshottime');
  readonly snapshotErrors = this.counter('snapshot_error_count');
  readonly snapshotsRateLimited = this.counter('snapshot_rate_limited_count');
  readonly dbInitTime = this.basic('dbinittime');
  readonly syncRequestsQueued = this.counter('sync_processor_request_queued');
  readonly syncBatchSize = this.basic('sync_processor_batch_size');
  readonly syncFlushTime = this.advanced('sync_processor_queue_flush_time_ms');

  // requests
  readonly readLatency = this.advanced('readlatency');
  readonly updateLatency = this.advanced('updatelatency');
  readonly propagationLatency = this.advanced('propagation_latency');
  readonly bytesReceived = this.counter('bytes_received_count');
  readonly responseBytes = this.counter('response_bytes');
  readonly watchBytes = this.counter('watch_bytes');
  readonly requestsInSessionQueue = this.basic('requests_in_session_queue');
  readonly readsAfterWriteInSessionQueue = this.basic('reads_after_write_in_session_queue');
  readonly readsIssuedFromSessionQueue = this.basic('reads_issued_from_session_queue');
  readonly sessionQueuesDrained = this.basic('session_queues_drained');
  readonly commitsQueued = this.counter('request_commit_queued');
  readonly quotaExceededPerNamespace = this.counterSet('quota_exceeded_error_per_namespace');
  readonly digestMismatches = this.counter('digest_mismatches_count');

  // connections and sessions
  readonly connectionRequests = this.counter('connection_request_count');
  readonly connectionsRejected = this.counter('connection_rejected');
  readonly connectionDrops = this.counter('connection_drop_count');
  readonly connectionRevalidates = this.counter('connection_revalidate_count');
  readonly connectionsExpired = this.counter('sessionless_connections_expired');
  readonly closedWithoutServerRunning = this.counter('cnxn_closed_without_zk_server_running');
  readonly revalidates = this.counter('revalidate_count');
  readonly staleSessionsExpired = this.counter('stale_sessions_expired');

  // election, synchronisation, broadcast
  readonly electionTime = this.basic('election_time');
  readonly lookingCount = this.counter('looking_count');
  readonly followerSyncTime = this.basic('follower_sync_time');
  readonly observerSyncTime = this.basic('observer_sync_time');
  readonly diffCount = this.counter('diff_count');
  readonly snapCount = this.counter('snap_count');
  readonly unavailableTime = this.basic('unavailable_time');
  readonly leaderUnavailableTime = this.basic('leader_unavailable_time');
  readonly proposalCount = this.counter('proposal_count');
  readonly commitCount = this.counter('commit_count');
  readonly quorumAckLatency = this.advanced('quorum_ack_latency');
  readonly learnerProposalsReceived = this.counter('learner_proposal_received_count');
  readonly learnerCommitsReceived = this.counter('learner_commit_received_count');

  /**
   * A value read when asked for; undefined is not shown. `mntr` shows whole numbers without and `isReal` ones always
   * with a decimal point.
   */
  setGauge(name: string, read: GaugeReader, isReal = false): void {
    this.gauges.set(name, { read, isReal });
  }

  removeGauge(name: string): void {
    this.gauges.delete(name);
  }

  setGaugeSet(name: string, read: GaugeSetReader): void {
    this.gaugeSets.set(name, read);
  }

  removeGaugeSet(name: string): void {
    this.gaugeSets.delete(name);
  }

  visit(visitor: MetricsVisitor): void {
    for (const [name, gauge] of this.gauges) visitor.gauge(name, gauge.read(), gauge.isReal);
    for (const [name, read] of this.gaugeSets) visitor.gaugeSet(name, read());
    for (const counter of this.counters) visitor.counter(counter);
    for (const set of this.counterSets) visitor.counterSet(set);
    for (const summary of this.summaries) visitor.summary(summary);
  }

  /** `srst`: counters and summaries start again, gauges do not. */
  reset(): void {
    for (const counter of this.counters) counter.reset();
    for (const set of this.counterSets) set.reset();
    for (const summary of this.summaries) summary.reset();
  }

  /** Prometheus quantiles are of the last ten minutes; from now on those are kept, and `rotateWindows` moves them on. */
  keepWindows(): void {
    for (const summary of this.summaries) summary.keepWindow();
  }

  rotateWindows(): void {
    for (const summary of this.summaries) summary.rotateWindow();
  }

  private counter(name: string): Counter {
    const counter = new Counter(name);
    this.counters.push(counter);
    return counter;
  }

  private counterSet(name: string): CounterSet {
    const set = new CounterSet(name);
    this.counterSets.push(set);
    return set;
  }

  private basic(name: string): Summary {
    const summary = new Summary(name, false);
    this.summaries.push(summary);
    return summary;
  }

  private advanced(name: string): Summary {
    const summary = new Summary(name, true);
    this.summaries.push(summary);
    return summary;
  }
}

export type GaugeReader = () => number | undefined;
interface Gauge {
  readonly read: GaugeReader;
  readonly isReal: boolean;
}
export type GaugeSetReader = () => ReadonlyMap<string, number>;

export interface MetricsVisitor {
  gauge(name: string, value: number | undefined, isReal: boolean): void;
  gaugeSet(name: string, values: ReadonlyMap<string, number>): void;
  counter(counter: Counter): void;
  counterSet(set: CounterSet): void;
  summary(summary: Summary): void;
}
