import type { Counter, CounterSet, Summary, SummarySet } from '../../metrics/counters.ts';
import type { MetricsVisitor } from '../../metrics/server-metrics.ts';
import { FULL_VERSION } from '../version.ts';
import { javaDouble } from './java-format.ts';
import type { WordContext } from './word-context.ts';

/**
 * `mntr`: who this peer is, then every metric as DefaultMetricsProvider dumps it. Averages and real gauges have a
 * decimal point, all else is whole.
 */
export function mntr({ server, info }: WordContext): string {
  const lines = new MonitorLines();
  lines.text('version', FULL_VERSION);
  lines.text('server_state', server.upstream?.mode ?? '');
  const quorum = info.quorum();
  if (quorum !== undefined) {
    lines.text('peer_state', quorum.peerState);
    if (quorum.observerMasterId !== undefined) lines.whole('observer_master_id', quorum.observerMasterId);
  }
  server.metrics.visit(lines);
  return lines.all;
}

class MonitorLines implements MetricsVisitor {
  all = '';

  text(name: string, value: string): void {
    this.all += `zk_${name}\t${value}\n`;
  }

  whole(name: string, value: number): void {
    this.text(name, String(value));
  }

  gauge(name: string, value: number | undefined, isReal: boolean): void {
    if (value !== undefined) this.text(name, isReal ? javaDouble(value) : String(value));
  }

  gaugeSet(name: string, values: ReadonlyMap<string, number>): void {
    for (const [key, value] of values) this.whole(`${key}_${name}`, value);
  }

  counter(counter: Counter): void {
    this.whole(counter.name, counter.value);
  }

  counterSet(set: CounterSet): void {
    for (const counter of set.byKey.values()) this.counter(counter);
  }

  summarySet(set: SummarySet): void {
    for (const summary of set.byKey.values()) this.summary(summary);
  }

  summary(summary: Summary): void {
    const { name } = summary;
    this.text(`avg_${name}`, javaDouble(summary.average));
    this.whole(`min_${name}`, summary.min);
    this.whole(`max_${name}`, summary.max);
    this.whole(`cnt_${name}`, summary.count);
    this.whole(`sum_${name}`, summary.total);
    if (!summary.percentiles) return;
    this.whole(`p50_${name}`, summary.quantile(0.5));
    this.whole(`p95_${name}`, summary.quantile(0.95));
    this.whole(`p99_${name}`, summary.quantile(0.99));
    this.whole(`p999_${name}`, summary.quantile(0.999));
  }
}
