import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FatalError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { WINDOW_ROTATION_MS } from '../server/metrics/counters.ts';
import type { ServerMetrics } from '../server/metrics/server-metrics.ts';
import { PrometheusMetrics } from './prometheus-metrics.ts';

/**
 * What metricsProvider.className=...PrometheusMetricsProvider asks for: the peer's metrics at
 * http://httpHost:httpPort/metrics.
 */
export class MetricsHttp {
  private readonly metrics: ServerMetrics;
  private readonly prometheus: PrometheusMetrics;
  private readonly log: Log;
  private readonly server: Server;
  private rotation: NodeJS.Timeout | undefined = undefined;

  constructor(metrics: ServerMetrics, log: Log) {
    this.metrics = metrics;
    this.prometheus = new PrometheusMetrics(metrics);
    this.log = log;
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  /** Resolves with the bound port (`port` 0: any); a port that cannot be bound is a FatalError, as Apache has it. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => {
        reject(new FatalError(`metricsProvider: cannot listen on ${host}:${port}: ${messageOf(error)}`, 1));
      });
      this.server.listen(port, host, () => {
        const address = this.server.address();
        const bound = address === null || typeof address === 'string' ? port : address.port;
        this.rotation = setInterval(() => this.metrics.rotateWindows(), WINDOW_ROTATION_MS);
        this.rotation.unref();
        this.log.info({ host, port: bound }, 'metrics are served at /metrics');
        resolve(bound);
      });
    });
  }

  close(): Promise<void> {
    clearInterval(this.rotation);
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0];
    const { method } = request;
    if (method === 'TRACE') return end(response, 403, 'TRACE is not allowed\n');
    if (path !== '/metrics') return end(response, 404, 'only /metrics is served here\n');
    if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'only GET is served here\n');
    try {
      const text = await this.prometheus.text();
      response.setHeader('Content-Type', this.prometheus.contentType);
      end(response, 200, text);
    } catch (error) {
      this.log.error({ reason: messageOf(error) }, 'metrics could not be read');
      end(response, 500, 'metrics could not be read\n');
    }
  }
}

function end(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(body);
}
