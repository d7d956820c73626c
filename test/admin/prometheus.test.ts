import { describe, expect, it } from 'vitest';
import { PrometheusMetrics } from '../../src/admin/prometheus-metrics.ts';
import { ServerMetrics } from '../../src/server/metrics/server-metrics.ts';

async function linesAbout(metrics: ServerMetrics, name: string, prometheus = new PrometheusMetrics(metrics)) {
  const text = await prometheus.text();
  return text.split('\n').filter((line) => new RegExp(`(^|\\s)${name}(_count|_sum)?(\\s|\\{)`).test(line));
}

describe('the registry of a peer', () => {
  it('shows a counter under its own name, without _total', async () => {
    const metrics = new ServerMetrics();
    metrics.connections.connectionRequests.add(3);
    expect(await linesAbout(metrics, 'connection_request_count')).toEqual([
      '# HELP connection_request_count connection_request_count',
      '# TYPE connection_request_count counter',
      'connection_request_count 3',
    ]);
  });

  it('shows a gauge read at the time, and none that has nothing to say', async () => {
    const metrics = new ServerMetrics();
    let size = 5;
    metrics.setGauge('znode_count', () => size);
    metrics.setGauge('learners', () => undefined);
    size = 6;
    expect((await linesAbout(metrics, 'znode_count'))[2]).toBe('znode_count 6');
    expect(await linesAbout(metrics, 'learners')).toEqual([]);
  });

  it('shows sets with the label key', async () => {
    const metrics = new ServerMetrics();
    metrics.setGaugeSet('quota_count_limit_per_namespace', () => new Map([['app', 10]]));
    metrics.requests.quotaExceededPerNamespace.add('app', 2);
    expect((await linesAbout(metrics, 'quota_count_limit_per_namespace'))[2]).toBe(
      'quota_count_limit_per_namespace{key="app"} 10',
    );
    expect((await linesAbout(metrics, 'quota_exceeded_error_per_namespace'))[2]).toBe(
      'quota_exceeded_error_per_namespace{key="app"} 2',
    );
  });

  it('shows a basic summary with its median, an advanced one with three quantiles', async () => {
    const metrics = new ServerMetrics();
    const prometheus = new PrometheusMetrics(metrics);
    for (const ms of [1, 2, 3, 4]) {
      metrics.disk.fsyncTime.add(ms);
      metrics.requests.readLatency.add(ms);
    }
    expect(await linesAbout(metrics, 'fsynctime', prometheus)).toEqual([
      '# HELP fsynctime fsynctime',
      '# TYPE fsynctime summary',
      'fsynctime{quantile="0.5"} 2',
      'fsynctime_count 4',
      'fsynctime_sum 10',
    ]);
    expect((await linesAbout(metrics, 'readlatency', prometheus)).slice(2)).toEqual([
      'readlatency{quantile="0.5"} 2',
      'readlatency{quantile="0.9"} 4',
      'readlatency{quantile="0.99"} 4',
      'readlatency_count 4',
      'readlatency_sum 10',
    ]);
  });

  it('keeps counting where nobody else does: two peers, two registries', async () => {
    const [a, b] = [new ServerMetrics(), new ServerMetrics()];
    a.broadcast.proposalCount.add(1);
    expect((await linesAbout(a, 'proposal_count'))[2]).toBe('proposal_count 1');
    expect((await linesAbout(b, 'proposal_count'))[2]).toBe('proposal_count 0');
  });

  it('is text that a scraper can read, and says what the process takes', async () => {
    const text = await new PrometheusMetrics(new ServerMetrics()).text();
    for (const line of text.split('\n')) {
      expect(line).toMatch(/^$|^# (HELP|TYPE) [a-z_0-9]+ .+$|^[a-z_0-9]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \S+$/);
    }
    expect(text).toContain('# TYPE process_resident_memory_bytes gauge');
    expect(text).toContain('# TYPE process_cpu_seconds_total counter');
  });
});
