import { EventType } from '../../jute/codes.ts';
import { Counter, CounterSet, Summary, SummarySet } from './counters.ts';
import { NamespaceMeter } from './namespace-meter.ts';

/** All that counts, in the order in which it is shown. */
class Meters {
  readonly counters: Counter[] = [];
  readonly counterSets: CounterSet[] = [];
  readonly summaries: Summary[] = [];
  readonly summarySets: SummarySet[] = [];

  counter(name: string): Counter {
    const counter = new Counter(name);
    this.counters.push(counter);
    return counter;
  }

  counterSet(name: string): CounterSet {
    const set = new CounterSet(name);
    this.counterSets.push(set);
    return set;
  }

  basic(name: string): Summary {
    const summary = new Summary(name, false);
    this.summaries.push(summary);
    return summary;
  }

  basicSet(name: string): SummarySet {
    const set = new SummarySet(name, false);
    this.summarySets.push(set);
    return set;
  }

  advancedSet(name: string): SummarySet {
    const set = new SummarySet(name, true);
    this.summarySets.push(set);
    return set;
  }

  advanced(name: string): Summary {
    const summary = new Summary(name, true);
    this.summaries.push(summary);
    return summary;
  }
}

/** The log, snapshots and the start. */
class DiskMetrics {
  readonly fsyncTime: Summary;
  readonly snapshotTime: Summary;
  readonly snapshotErrors: Counter;
  readonly snapshotsRateLimited: Counter;
  readonly restoreTime: Summary;
  readonly restoreErrors: Counter;
  readonly restoresRateLimited: Counter;
  readonly dbInitTime: Summary;
  readonly startupTxnsLoaded: Summary;
  readonly startupTxnsLoadTime: Summary;
  readonly startupSnapLoadTime: Summary;
  readonly syncRequestsQueued: Counter;
  readonly syncBatchSize: Summary;
  readonly syncFlushTime: Summary;
  /** Records that came while a group was written. */
  readonly syncQueueSize: Summary;
  /** Of the oldest record of a group, until the group is written; and until it is durable. */
  readonly syncQueueTime: Summary;
  readonly syncQueueAndFlushTime: Summary;

  constructor(meters: Meters) {
    this.fsyncTime = meters.basic('fsynctime');
    this.snapshotTime = meters.basic('snapshottime');
    this.snapshotErrors = meters.counter('snapshot_error_count');
    this.snapshotsRateLimited = meters.counter('snapshot_rate_limited_count');
    this.restoreTime = meters.basic('restore_time');
    this.restoreErrors = meters.counter('restore_error_count');
    this.restoresRateLimited = meters.counter('restore_rate_limited_count');
    this.dbInitTime = meters.basic('dbinittime');
    this.startupTxnsLoaded = meters.basic('startup_txns_loaded');
    this.startupTxnsLoadTime = meters.basic('startup_txns_load_time');
    this.startupSnapLoadTime = meters.basic('startup_snap_load_time');
    this.syncRequestsQueued = meters.counter('sync_processor_request_queued');
    this.syncBatchSize = meters.basic('sync_processor_batch_size');
    this.syncFlushTime = meters.advanced('sync_processor_queue_flush_time_ms');
    this.syncQueueSize = meters.basic('sync_processor_queue_size');
    this.syncQueueTime = meters.advanced('sync_processor_queue_time_ms');
    this.syncQueueAndFlushTime = meters.advanced('sync_processor_queue_and_flush_time_ms');
  }
}

/** Watchers that one change found, by the kind of event; changes that found none are not counted. */
class WatchMetrics {
  private readonly created: Summary;
  private readonly deleted: Summary;
  private readonly changed: Summary;
  private readonly children: Summary;

  constructor(meters: Meters) {
    this.created = meters.basic('node_created_watch_count');
    this.deleted = meters.basic('node_deleted_watch_count');
    this.changed = meters.basic('node_changed_watch_count');
    this.children = meters.basic('node_children_watch_count');
  }

  onFired(type: number, watchers: number): void {
    if (type === EventType.nodeDataChanged) this.changed.add(watchers);
    else if (type === EventType.nodeChildrenChanged) this.children.add(watchers);
    else if (type === EventType.nodeCreated) this.created.add(watchers);
    else this.deleted.add(watchers);
  }
}

/** Requests and their replies. */
class RequestMetrics {
  readonly readLatency: Summary;
  readonly updateLatency: Summary;
  readonly propagationLatency: Summary;
  readonly bytesReceived: Counter;
  /** Connections closed for a length that no frame has: HTTP, TLS, or more than jute.maxbuffer. */
  readonly refusedFrames: Counter;
  readonly responseBytes: Counter;
  readonly watchBytes: Counter;
  readonly requestsInSessionQueue: Summary;
  readonly readsAfterWriteInSessionQueue: Summary;
  readonly readsIssuedFromSessionQueue: Summary;
  readonly sessionQueuesDrained: Summary;
  readonly commitsQueued: Counter;
  readonly quotaExceededPerNamespace: CounterSet;
  readonly digestMismatches: Counter;
  readonly perNamespace: NamespaceMeter;
  /** Reads and four-letter words that failed for a reason of this server. */
  readonly failedAnswers: Counter;
  /** Longer than slowRequestMs; counted only when that is set. */
  readonly slowRequests: Counter;

  constructor(meters: Meters) {
    this.readLatency = meters.advanced('readlatency');
    this.updateLatency = meters.advanced('updatelatency');
    this.propagationLatency = meters.advanced('propagation_latency');
    this.bytesReceived = meters.counter('bytes_received_count');
    this.refusedFrames = meters.counter('refused_frames');
    this.responseBytes = meters.counter('response_bytes');
    this.watchBytes = meters.counter('watch_bytes');
    this.requestsInSessionQueue = meters.basic('requests_in_session_queue');
    this.readsAfterWriteInSessionQueue = meters.basic('reads_after_write_in_session_queue');
    this.readsIssuedFromSessionQueue = meters.basic('reads_issued_from_session_queue');
    this.sessionQueuesDrained = meters.basic('session_queues_drained');
    this.commitsQueued = meters.counter('request_commit_queued');
    this.quotaExceededPerNamespace = meters.counterSet('quota_exceeded_error_per_namespace');
    this.digestMismatches = meters.counter('digest_mismatches_count');
    this.perNamespace = new NamespaceMeter(
      meters.basicSet('read_per_namespace'),
      meters.basicSet('write_per_namespace'),
    );
    this.failedAnswers = meters.counter('failed_answers');
    this.slowRequests = meters.counter('slow_requests');
  }
}

/** Connections and sessions. */
class ConnectionMetrics {
  readonly connectionRequests: Counter;
  readonly connectionsRejected: Counter;
  readonly connectionDrops: Counter;
  /** Cut off because too much output waited for all clients together. */
  readonly droppedForOutput: Counter;
  readonly connectionRevalidates: Counter;
  readonly connectionsExpired: Counter;
  readonly closedWithoutServerRunning: Counter;
  readonly revalidates: Counter;
  readonly staleSessionsExpired: Counter;
  readonly authFailed: Counter;
  readonly unsuccessfulHandshakes: Counter;
  readonly tlsHandshakeExceeded: Counter;
  /** Connections without TLS to an admin port that takes both. */
  readonly insecureAdmin: Counter;
  readonly ensembleAuthSuccess: Counter;
  readonly ensembleAuthFail: Counter;
  readonly ensembleAuthSkip: Counter;
  readonly unauthenticatedRequests: Counter;
  readonly saslFailures: Counter;
  /** Logins by SASL between servers that failed, of either side. */
  readonly quorumLoginFailures: Counter;
  /** Of servers that dialled this one. */
  readonly quorumHandshakeFailures: Counter;

  constructor(meters: Meters) {
    this.connectionRequests = meters.counter('connection_request_count');
    this.connectionsRejected = meters.counter('connection_rejected');
    this.connectionDrops = meters.counter('connection_drop_count');
    this.droppedForOutput = meters.counter('connections_dropped_for_output');
    this.connectionRevalidates = meters.counter('connection_revalidate_count');
    this.connectionsExpired = meters.counter('sessionless_connections_expired');
    this.closedWithoutServerRunning = meters.counter('cnxn_closed_without_zk_server_running');
    this.revalidates = meters.counter('revalidate_count');
    this.staleSessionsExpired = meters.counter('stale_sessions_expired');
    this.authFailed = meters.counter('auth_failed_count');
    this.unsuccessfulHandshakes = meters.counter('unsuccessful_handshake');
    this.tlsHandshakeExceeded = meters.counter('tls_handshake_exceeded');
    this.insecureAdmin = meters.counter('insecure_admin_count');
    this.ensembleAuthSuccess = meters.counter('ensemble_auth_success');
    this.ensembleAuthFail = meters.counter('ensemble_auth_fail');
    this.ensembleAuthSkip = meters.counter('ensemble_auth_skip');
    this.unauthenticatedRequests = meters.counter('unauthenticated_request_count');
    this.saslFailures = meters.counter('sasl_failure_count');
    this.quorumLoginFailures = meters.counter('quorum_sasl_failure_count');
    this.quorumHandshakeFailures = meters.counter('quorum_unsuccessful_handshake');
  }
}

/** Connections and requests that are turned away, or made to wait, because there are too many. */
class ThrottleMetrics {
  readonly throttledOps: Counter;
  /** Answered THROTTLEDOP for the rate of an address or an identity, by its name. */
  readonly throttledByRate: CounterSet;
  readonly staleRequests: Counter;
  readonly staleRequestsDropped: Counter;
  /** Results for clients that are not there any more, or do not wait any longer. */
  readonly staleReplies: Counter;
  /** Of those that had to wait. */
  readonly queueTime: Summary;
  readonly waits: Counter;
  readonly tokenDeficit: Summary;
  readonly largeRequestsRejected: Counter;

  constructor(meters: Meters) {
    this.throttledOps = meters.counter('throttled_ops');
    this.throttledByRate = meters.counterSet('throttled_by_rate');
    this.staleRequests = meters.counter('stale_requests');
    this.staleRequestsDropped = meters.counter('stale_requests_dropped');
    this.staleReplies = meters.counter('stale_replies');
    this.queueTime = meters.advanced('request_throttle_queue_time_ms');
    this.waits = meters.counter('request_throttle_wait_count');
    this.tokenDeficit = meters.basic('connection_token_deficit');
    this.largeRequestsRejected = meters.counter('large_requests_rejected');
  }
}

/** The way to a leader that serves, and of learners to its history: election, discovery, synchronization. */
class EnsembleMetrics {
  readonly electionTime: Summary;
  readonly lookingCount: Counter;
  readonly followerSyncTime: Summary;
  readonly observerSyncTime: Summary;
  readonly diffCount: Counter;
  readonly inflightSnaps: Summary;
  readonly inflightDiffs: Summary;
  /** It was to lead, and a voter it counts on went looking for another one. */
  readonly quitLeading: Counter;
  readonly snapCount: Counter;
  readonly unavailableTime: Summary;
  readonly leaderUnavailableTime: Summary;

  constructor(meters: Meters) {
    this.electionTime = meters.basic('election_time');
    this.lookingCount = meters.counter('looking_count');
    this.followerSyncTime = meters.basic('follower_sync_time');
    this.observerSyncTime = meters.basic('observer_sync_time');
    this.diffCount = meters.counter('diff_count');
    this.inflightSnaps = meters.basic('inflight_snap_count');
    this.inflightDiffs = meters.basic('inflight_diff_count');
    this.quitLeading = meters.counter('quit_leading_due_to_disloyal_voter');
    this.snapCount = meters.counter('snap_count');
    this.unavailableTime = meters.basic('unavailable_time');
    this.leaderUnavailableTime = meters.basic('leader_unavailable_time');
  }
}

/** Proposals, their acknowledgements and commits, at the leader and at its learners. */
class BroadcastMetrics {
  readonly proposalCount: Counter;
  readonly commitCount: Counter;
  readonly quorumAckLatency: Summary;
  /** By server id; the leader's own among them. */
  readonly ackLatency: SummarySet;
  readonly ackCreationLatency: Summary;
  readonly learnerQueueSize: SummarySet;
  readonly learnerQueueTime: SummarySet;
  readonly learnerProposalsReceived: Counter;
  readonly learnerCommitsReceived: Counter;
  /** Until all observers of this follower were told of a transaction. */
  readonly observersToldTime: Summary;
  readonly proposalLatency: Summary;
  readonly commitPropagationLatency: Summary;

  constructor(meters: Meters) {
    this.proposalCount = meters.counter('proposal_count');
    this.commitCount = meters.counter('commit_count');
    this.quorumAckLatency = meters.advanced('quorum_ack_latency');
    this.ackLatency = meters.advancedSet('ack_latency');
    this.ackCreationLatency = meters.advanced('proposal_ack_creation_latency');
    this.learnerQueueSize = meters.basicSet('learner_handler_qp_size');
    this.learnerQueueTime = meters.advancedSet('learner_handler_qp_time_ms');
    this.learnerProposalsReceived = meters.counter('learner_proposal_received_count');
    this.learnerCommitsReceived = meters.counter('learner_commit_received_count');
    this.observersToldTime = meters.basic('om_commit_process_time_ms');
    this.proposalLatency = meters.advanced('proposal_latency');
    this.commitPropagationLatency = meters.advanced('commit_propagation_latency');
  }
}

/**
 * The metrics of one peer under the names Apache ZooKeeper 3.9 gives them (ServerMetrics, and the gauges its servers
 * register). One instance per peer and never a global one: several peers live in one process. The code that does the
 * work adds to the field; `mntr` and /metrics read everything through `visit`.
 *
 * Only what is measured here exists. The names that Apache has and this server has nothing to put behind (thread
 * pools, response caches, JVM pauses) are left out rather than shown as zero. docs/COMPATIBILITY.md lists
 * them.
 */
export class ServerMetrics {
  private readonly meters = new Meters();
  private readonly gauges = new Map<string, Gauge>();
  private readonly gaugeSets = new Map<string, GaugeSetReader>();

  readonly disk = new DiskMetrics(this.meters);
  readonly requests = new RequestMetrics(this.meters);
  readonly connections = new ConnectionMetrics(this.meters);
  readonly throttles = new ThrottleMetrics(this.meters);
  readonly watches = new WatchMetrics(this.meters);
  readonly ensemble = new EnsembleMetrics(this.meters);
  readonly broadcast = new BroadcastMetrics(this.meters);

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
    for (const counter of this.meters.counters) visitor.counter(counter);
    for (const set of this.meters.counterSets) visitor.counterSet(set);
    for (const summary of this.meters.summaries) visitor.summary(summary);
    for (const set of this.meters.summarySets) visitor.summarySet(set);
  }

  /** `srst`: counters and summaries start again, gauges do not. */
  reset(): void {
    for (const counter of this.meters.counters) counter.reset();
    for (const set of this.meters.counterSets) set.reset();
    for (const summary of this.meters.summaries) summary.reset();
    for (const set of this.meters.summarySets) set.reset();
  }

  /** Keeps the last ten minutes from now on, for Prometheus quantiles; `rotateWindows` moves them on. */
  keepWindows(): void {
    for (const summary of this.meters.summaries) summary.keepWindow();
    for (const set of this.meters.summarySets) set.keepWindow();
  }

  rotateWindows(): void {
    for (const summary of this.meters.summaries) summary.rotateWindow();
    for (const set of this.meters.summarySets) set.rotateWindow();
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
  summarySet(set: SummarySet): void;
}
