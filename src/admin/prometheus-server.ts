import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Clock, Timer } from '../io/clock.ts';
import type { ServerMetrics } from '../server/metrics.ts';
import { type Counter, type CounterSet, type Summary, type SummarySet, WINDOW_ROTATION_MS } from '../server/stats.ts';

/**
 * /metrics in the text format 0.0.4, with the names and the shapes of Apache's PrometheusMetricsProvider, which
 * existing dashboards are made for: counters without `_total`, labels ending in a comma, quantiles of the last ten
 * minutes. What prom-client knows of the process stands behind it.
 *
 * It is not worth the service: a port that is taken is an error in the log, and the peer goes on.
 */
export class PrometheusServer {
  private readonly metrics: ServerMetrics;
  private readonly log: Log;
  private readonly process = new Registry();
  private readonly rotation: Timer;
  private readonly server: Server;

  constructor(metrics: ServerMetrics, clock: Clock, log: Log) {
    this.metrics = metrics;
    this.log = log;
    metrics.keepWindows();
    this.rotation = clock.every(WINDOW_ROTATION_MS, () => metrics.rotateWindows());
    collectDefaultMetrics({ register: this.process });
    this.server = createServer((request, response) => {
      if (request.url?.split('?')[0] !== '/metrics') {
        response.writeHead(404).end('metrics are at /metrics\n');
        return;
      }
      this.text().then(
        (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
        (error: unknown) => response.writeHead(500).end(`${messageOf(error)}\n`),
      );
    });
  }

  listen(host: string, port: number): void {
    this.server.on('error', (error) => {
      this.log.error({ host, port }, `metrics are not served: ${error.message}`);
    });
    this.server.listen({ host, port }, () => this.log.info({ host, port }, 'metrics are served at /metrics'));
  }

  close(): void {
    this.rotation.cancel();
    this.server.close();
    this.server.closeAllConnections();
  }

  private async text(): Promise<string> {
    return renderMetrics(this.metrics) + (await this.process.metrics());
  }
}

const BASIC_QUANTILES = [0.5];
const ADVANCED_QUANTILES = [0.5, 0.9, 0.99];

export function renderMetrics(metrics: ServerMetrics): string {
  const lines: string[] = [];
  const head = (name: string, kind: string): void => {
    lines.push(`# HELP ${name} ${name}`, `# TYPE ${name} ${kind}`);
  };
  const value = (name: string, labels: string, number: number): void => {
    lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${realText(number)}`);
  };
  const summaryValues = (name: string, labels: string, summary: Summary): void => {
    for (const q of summary.percentiles ? ADVANCED_QUANTILES : BASIC_QUANTILES) {
      value(name, `${labels}quantile="${q}",`, summary.recentQuantile(q));
    }
    value(`${name}_count`, labels, summary.count);
    value(`${name}_sum`, labels, summary.total);
  };
  metrics.visit({
    gauge: (name, number) => {
      head(name, 'gauge');
      value(name, '', number ?? 0);
    },
    gaugeSet: (name, values) => {
      head(name, 'gauge');
      for (const [key, number] of values) value(name, keyLabel(key), number);
    },
    counter: (counter: Counter) => {
      head(counter.name, 'counter');
      value(counter.name, '', counter.value);
    },
    counterSet: (set: CounterSet) => {
      head(set.name, 'counter');
      for (const [key, counter] of set.byKey) value(set.name, keyLabel(key), counter.value);
    },
    summary: (summary: Summary) => {
      head(summary.name, 'summary');
      summaryValues(summary.name, '', summary);
    },
    summarySet: (set: SummarySet) => {
      head(set.name, 'summary');
      for (const [key, summary] of set.byKey) summaryValues(set.name, keyLabel(key), summary);
    },
  });
  return `${lines.join('\n')}\n`;
}

function keyLabel(key: string): string {
  return `key="${key.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}",`;
}

/** Java's Double.toString for the values there are: always with a decimal point. */
function realText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e7 ? `${value}.0` : exponentText(value);
}

function exponentText(value: number): string {
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}
