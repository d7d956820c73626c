import type { Counter, CounterSet, Summary, SummarySet } from '../metrics/counters.ts';
import type { MetricsVisitor } from '../metrics/server-metrics.ts';
import type { ServerInfo } from './server-info.ts';
import type { ServerView } from './server-view.ts';
import { FULL_VERSION } from './version.ts';

/**
 * The fields of `mntr` and of the admin command `monitor`, in order: who this peer is, then every metric as
 * DefaultMetricsProvider dumps it.
 */
export interface FieldSink {
  text(name: string, value: string): void;
  whole(name: string, value: number): void;
  /** A Java double. */
  real(name: string, value: number): void;
  /** A whole field for each key, named `<key>_<name>`; the map goes on changing. */
  wholeByKey(name: string, values: ReadonlyMap<string, number>): void;
}

export function tellMonitorFields({ server, info }: { server: ServerView; info: ServerInfo }, to: FieldSink): void {
  to.text('version', FULL_VERSION);
  to.text('server_state', server.upstream?.mode ?? '');
  const quorum = info.quorum();
  if (quorum !== undefined && server.upstream?.mode !== 'read-only') {
    to.text('peer_state', quorum.peerState);
    if (quorum.observerMasterId !== undefined) to.whole('observer_master_id', quorum.observerMasterId);
  }
  server.metrics.visit(new MetricFields(to));
}

class MetricFields implements MetricsVisitor {
  private readonly to: FieldSink;

  constructor(to: FieldSink) {
    this.to = to;
  }

  gauge(name: string, value: number | undefined, isReal: boolean): void {
    if (value === undefined) return;
    if (isReal) this.to.real(name, value);
    else this.to.whole(name, value);
  }

  gaugeSet(name: string, values: ReadonlyMap<string, number>): void {
    this.to.wholeByKey(name, values);
  }

  counter(counter: Counter): void {
    this.to.whole(counter.name, counter.value);
  }

  counterSet(set: CounterSet): void {
    for (const counter of set.byKey.values()) this.counter(counter);
  }

  summarySet(set: SummarySet): void {
    for (const summary of set.byKey.values()) this.summary(summary);
  }

  summary(summary: Summary): void {
    const { name } = summary;
    this.to.real(`avg_${name}`, summary.average);
    this.to.whole(`min_${name}`, summary.min);
    this.to.whole(`max_${name}`, summary.max);
    this.to.whole(`cnt_${name}`, summary.count);
    this.to.whole(`sum_${name}`, summary.total);
    if (!summary.percentiles) return;
    this.to.whole(`p50_${name}`, summary.quantile(0.5));
    this.to.whole(`p95_${name}`, summary.quantile(0.95));
    this.to.whole(`p99_${name}`, summary.quantile(0.99));
    this.to.whole(`p999_${name}`, summary.quantile(0.999));
  }
}
