import type { ServerMetrics } from '../server/metrics/server-metrics.ts';

/**
 * A peer's metrics for Prometheus. Counting happens elsewhere, in plain numbers. prom-client is loaded with the first
 * scrape: four megabytes that a server without a scraper does not need.
 */
export class PrometheusMetrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  private readonly metrics: ServerMetrics;

  constructor(metrics: ServerMetrics) {
    this.metrics = metrics;
    metrics.keepWindows();
  }

  async text(): Promise<string> {
    const { prometheusText } = await import('./prometheus-text.ts');
    return prometheusText(this.metrics);
  }
}
