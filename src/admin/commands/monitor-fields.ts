import type { Counter, CounterSet, Summary, SummarySet } from '../../server/metrics/counters.ts';
import type { MetricsVisitor } from '../../server/metrics/server-metrics.ts';
import { JavaDouble, type Json } from '../java-json.ts';

/** Every metric as a field of `monitor`: the names and kinds of `mntr`, without its prefix. */
export class MonitorFields implements MetricsVisitor {
  readonly all = new Map<string, Json>();

  set(name: string, value: Json): void {
    this.all.set(name, value);
  }

  gauge(name: string, value: number | undefined, isReal: boolean): void {
    if (value !== undefined) this.set(name, isReal ? new JavaDouble(value) : value);
  }

  gaugeSet(name: string, values: ReadonlyMap<string, number>): void {
    for (const [key, value] of values) this.set(`${key}_${name}`, value);
  }

  counter(counter: Counter): void {
    this.set(counter.name, counter.value);
  }

  counterSet(set: CounterSet): void {
    for (const counter of set.byKey.values()) this.counter(counter);
  }

  summarySet(set: SummarySet): void {
    for (const summary of set.byKey.values()) this.summary(summary);
  }

  summary(summary: Summary): void {
    const { name } = summary;
    this.set(`avg_${name}`, new JavaDouble(summary.average));
    this.set(`min_${name}`, summary.min);
    this.set(`max_${name}`, summary.max);
    this.set(`cnt_${name}`, summary.count);
    this.set(`sum_${name}`, summary.total);
    if (!summary.percentiles) return;
    this.set(`p50_${name}`, summary.quantile(0.5));
    this.set(`p95_${name}`, summary.quantile(0.95));
    this.set(`p99_${name}`, summary.quantile(0.99));
    this.set(`p999_${name}`, summary.quantile(0.999));
  }
}
