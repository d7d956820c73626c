import { afterEach, describe, expect, it } from 'vitest';
import { MetricsHttp } from '../../src/admin/metrics-http.ts';
import { FatalError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { ServerMetrics } from '../../src/server/metrics/server-metrics.ts';

const open: MetricsHttp[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function endpoint(metrics = new ServerMetrics()): MetricsHttp {
  const http = new MetricsHttp(metrics, silentLog);
  open.push(http);
  return http;
}

describe('the metrics endpoint', () => {
  it('serves the text format at /metrics and nothing elsewhere', async () => {
    const metrics = new ServerMetrics();
    metrics.broadcast.proposalCount.add(7);
    const port = await endpoint(metrics).listen('127.0.0.1', 0);
    const scraped = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(scraped.status).toBe(200);
    expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await scraped.text()).toContain('\nproposal_count 7\n');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'DELETE' })).status).toBe(405);
  });

  it('refuses to start on a port that is taken', async () => {
    const port = await endpoint().listen('127.0.0.1', 0);
    await expect(endpoint().listen('127.0.0.1', port)).rejects.toThrow(FatalError);
  });
});
