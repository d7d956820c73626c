import { Counter as PromCounter, Gauge as PromGauge, Summary as PromSummary, Registry } from 'prom-client';
import { atMost } from '../base/pieces.ts';
import type { Counter, CounterSet, Summary, SummarySet } from '../server/metrics/counters.ts';
import type { MetricsVisitor, ServerMetrics } from '../server/metrics/server-metrics.ts';

/**
 * A peer's metrics in the 0.0.4 text format, by way of a registry that is made for this one scrape. Names and kinds are
 * those of PrometheusMetricsProvider: no prefix, counters without `_total`, sets as a label `key`, summaries with the
 * quantiles 0.5 or 0.5, 0.9 and 0.99 of the last ten minutes.
 */
export async function prometheusText(metrics: ServerMetrics): Promise<string> {
  const registry = new Registry();
  metrics.visit(new RegistryFiller(registry));
  addProcessMetrics(registry);
  // The library writes "Nan"; Apache, and the format's text, have "NaN".
  return (await registry.metrics()).replaceAll(' Nan\n', ' NaN\n');
}

/** A client may give a quota to any number of namespaces; a scrape tells of so many, `mntr` of all. */
const KEYS_MAX = 1000;

class RegistryFiller implements MetricsVisitor {
  private readonly registers: Registry[];

  constructor(registry: Registry) {
    this.registers = [registry];
  }

  gauge(name: string, value: number | undefined): void {
    if (value !== undefined) new PromGauge({ name, help: name, registers: this.registers }).set(value);
  }

  gaugeSet(name: string, values: ReadonlyMap<string, number>): void {
    const gauge = new PromGauge({ name, help: name, labelNames: ['key'], registers: this.registers });
    for (const [key, value] of atMost(values, Math.min(values.size, KEYS_MAX))) gauge.labels(key).set(value);
  }

  counter(counter: Counter): void {
    const { name } = counter;
    new PromCounter({ name, help: name, registers: this.registers }).inc(counter.value);
  }

  counterSet(set: CounterSet): void {
    const { name } = set;
    const counter = new PromCounter({ name, help: name, labelNames: ['key'], registers: this.registers });
    for (const [key, { value }] of set.byKey) counter.labels(key).inc(value);
  }

  summary(summary: Summary): void {
    new CountedSummary(summary.name, [['', summary]], this.registers);
  }

  summarySet(set: SummarySet): void {
    new CountedSummary(set.name, [...set.byKey], this.registers);
  }
}

const BASIC_QUANTILES = [0.5];
const ADVANCED_QUANTILES = [0.5, 0.9, 0.99];

/**
 * A summary whose counting is done, by the label `key` where it has one: prom-client's own would sort every observation
 * into a digest tree.
 */
class CountedSummary extends PromSummary<'quantile' | 'key'> {
  private readonly family: string;
  private readonly counted: readonly (readonly [key: string, summary: Summary])[];

  constructor(name: string, counted: CountedSummary['counted'], registers: Registry[]) {
    super({ name, help: name, registers });
    this.family = name;
    this.counted = counted;
  }

  override async get(): ReturnType<PromSummary<'quantile' | 'key'>['get']> {
    const described = await super.get();
    const values: typeof described.values = [];
    for (const [key, summary] of this.counted) {
      const labels = key === '' ? {} : { key };
      for (const quantile of summary.percentiles ? ADVANCED_QUANTILES : BASIC_QUANTILES) {
        values.push({ labels: { ...labels, quantile }, value: summary.recentQuantile(quantile) });
      }
      values.push({ metricName: `${this.family}_count`, labels, value: summary.count });
      values.push({ metricName: `${this.family}_sum`, labels, value: summary.total });
    }
    return { ...described, values };
  }
}

/** The metrics of a JVM that any process has. */
function addProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const { user, system } = process.cpuUsage();
  const cpu = 'Total user and system CPU time spent in seconds.';
  new PromCounter({ name: 'process_cpu_seconds_total', help: cpu, registers }).inc((user + system) / 1e6);
  const start = 'Start time of the process since unix epoch in seconds.';
  const startedSeconds = Math.round(Date.now() / 1000 - process.uptime());
  new PromGauge({ name: 'process_start_time_seconds', help: start, registers }).set(startedSeconds);
  const memory = process.memoryUsage();
  const resident = 'Resident memory size in bytes.';
  new PromGauge({ name: 'process_resident_memory_bytes', help: resident, registers }).set(memory.rss);
}
