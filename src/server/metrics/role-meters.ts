import type { Clock } from '../../io/clock.ts';
import { ZXID_NONE, type Zxid } from '../../jute/zxid.ts';
import type { ServerMetrics } from './server-metrics.ts';

/** Meters for work outside this directory: the code that does it says when, these work out what to count. */

/** The counts of the transaction log since it was opened. */
export interface LogCounts {
  readonly syncs: number;
  readonly lastSyncMs: number;
  /** Until the last group was written, of the first of it. */
  readonly lastQueueMs: number;
  /** Appended since the last group. */
  readonly waiting: number;
  readonly records: number;
}

export class LogMeter {
  private readonly metrics: ServerMetrics;
  private syncs = 0;
  private records = 0;

  constructor(metrics: ServerMetrics) {
    this.metrics = metrics;
  }

  /** After each sync. */
  onDurable(counts: LogCounts): void {
    if (counts.syncs === this.syncs) return;
    const batch = counts.records - this.records;
    this.syncs = counts.syncs;
    this.records = counts.records;
    const ms = Math.round(counts.lastSyncMs);
    this.metrics.disk.fsyncTime.add(ms);
    this.metrics.disk.syncFlushTime.add(ms);
    this.metrics.disk.syncBatchSize.add(batch);
    this.metrics.disk.syncRequestsQueued.add(batch);
    this.metrics.disk.syncQueueSize.add(counts.waiting);
    this.metrics.disk.syncQueueTime.add(Math.round(counts.lastQueueMs));
    this.metrics.disk.syncQueueAndFlushTime.add(Math.round(counts.lastQueueMs + counts.lastSyncMs));
  }
}

/** The start: what was read, and how long that and all of it took. */
export function countRecovery(disk: ServerMetrics['disk'], read: RecoveryTimes, ms: number): void {
  disk.dbInitTime.add(Math.round(ms));
  disk.startupSnapLoadTime.add(Math.round(read.snapshotMs));
  disk.startupTxnsLoadTime.add(Math.round(read.logMs));
  disk.startupTxnsLoaded.add(read.transactions);
}

export interface RecoveryTimes {
  readonly snapshotMs: number;
  readonly logMs: number;
  readonly transactions: number;
}

/** One at a time is written. */
export class SnapshotMeter {
  private readonly metrics: ServerMetrics;
  private readonly clock: Clock;
  private startedMs = 0;

  constructor(metrics: ServerMetrics, clock: Clock) {
    this.metrics = metrics;
    this.clock = clock;
  }

  onStarted(): void {
    this.startedMs = this.clock.nowMs();
  }

  onFinished(error: Error | undefined): void {
    if (error !== undefined) this.metrics.disk.snapshotErrors.add(1);
    else this.metrics.disk.snapshotTime.add(Math.round(this.clock.nowMs() - this.startedMs));
  }
}

/** Proposals outstanding at most, for what this tells; the time of one more is forgotten. */
const REMEMBERED = 8192;

/** How long it takes from the making of a transaction until this server's disk has it: of one at a time. */
export class AckMeter {
  private readonly metrics: ServerMetrics;
  private readonly clock: Clock;
  private watched: Zxid = ZXID_NONE;
  private madeMs = 0;

  constructor(metrics: ServerMetrics, clock: Clock) {
    this.metrics = metrics;
    this.clock = clock;
  }

  /** `wallMs`: as the transaction says; undefined: it is made now. */
  onAppended(zxid: Zxid, wallMs?: number): void {
    if (this.watched !== ZXID_NONE) return;
    this.watched = zxid;
    this.madeMs = wallMs ?? this.clock.wallMs();
  }

  onDurable(zxid: Zxid): void {
    if (this.watched === ZXID_NONE || zxid < this.watched) return;
    this.watched = ZXID_NONE;
    this.metrics.broadcast.ackCreationLatency.add(Math.max(0, this.clock.wallMs() - this.madeMs));
  }
}

/** How long a leader's proposals take until a quorum has them. */
export class ProposalMeter {
  private readonly metrics: ServerMetrics;
  private readonly clock: Clock;
  private readonly zxids = new Float64Array(REMEMBERED);
  private readonly proposedMs = new Float64Array(REMEMBERED);

  constructor(metrics: ServerMetrics, clock: Clock) {
    this.metrics = metrics;
    this.clock = clock;
  }

  onProposed(zxid: Zxid): void {
    this.metrics.broadcast.proposalCount.add(1);
    const at = zxid % REMEMBERED;
    this.zxids[at] = zxid;
    this.proposedMs[at] = this.clock.nowMs();
  }

  onCommitted(zxid: Zxid): void {
    this.metrics.broadcast.commitCount.add(1);
    const ms = this.sinceProposed(zxid);
    if (ms !== undefined) this.metrics.broadcast.quorumAckLatency.add(ms);
  }

  onAcknowledged(sid: number, zxid: Zxid): void {
    const ms = this.sinceProposed(zxid);
    if (ms === undefined) return;
    this.metrics.broadcast.ackLatency.add(String(sid), ms);
  }

  private sinceProposed(zxid: Zxid): number | undefined {
    const at = zxid % REMEMBERED;
    if (this.zxids[at] !== zxid) return undefined;
    return Math.round(this.clock.nowMs() - (this.proposedMs[at] as number));
  }
}
