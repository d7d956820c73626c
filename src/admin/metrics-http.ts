import type { IncomingMessage, ServerResponse } from 'node:http';
import { FatalError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { WINDOW_ROTATION_MS } from '../server/metrics/counters.ts';
import type { ServerMetrics } from '../server/metrics/server-metrics.ts';
import { answerText, HttpListener } from './http-listener.ts';
import { PrometheusMetrics } from './prometheus-metrics.ts';

/** As Apache's exporter, which leaves an idle connection alone for so long. */
const IDLE_TIMEOUT_MS = 30_000;

/**
 * The peer's metrics at http://httpHost:httpPort/metrics, for metricsProvider.className=...PrometheusMetricsProvider.
 */
export class MetricsHttp {
  private readonly metrics: ServerMetrics;
  private readonly prometheus: PrometheusMetrics;
  private readonly log: Log;
  private listener: HttpListener | undefined = undefined;
  private rotation: NodeJS.Timeout | undefined = undefined;

  constructor(metrics: ServerMetrics, log: Log) {
    this.metrics = metrics;
    this.prometheus = new PrometheusMetrics(metrics);
    this.log = log;
  }

  /** Resolves with the bound port (`port` 0: any); a port that cannot be bound is a FatalError, as Apache has it. */
  async listen(host: string, port: number): Promise<number> {
    const options = { name: 'metrics', host, port, idleTimeoutMs: IDLE_TIMEOUT_MS };
    this.listener = new HttpListener(options, (request, response) => this.answer(request, response), this.log);
    let bound: number;
    try {
      bound = await this.listener.listen();
    } catch (error) {
      throw new FatalError(`metricsProvider: cannot listen on ${host}:${port}: ${messageOf(error)}`);
    }
    this.rotation = setInterval(() => this.metrics.rotateWindows(), WINDOW_ROTATION_MS);
    this.rotation.unref();
    this.log.info({ host, port: bound }, 'metrics are served at /metrics');
    return bound;
  }

  async close(): Promise<void> {
    clearInterval(this.rotation);
    await this.listener?.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0];
    const { method } = request;
    if (method === 'TRACE') return answerText(response, 403, 'TRACE is not allowed\n');
    if (path !== '/metrics') return answerText(response, 404, 'only /metrics is served here\n');
    if (method !== 'GET' && method !== 'HEAD') return answerText(response, 405, 'only GET is served here\n');
    const text = await this.prometheus.text();
    response.setHeader('Content-Type', this.prometheus.contentType);
    answerText(response, 200, text);
  }
}
