import { SizeStats, Summary } from '../metrics/counters.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';

/** The numbers that `srvr` and `stat` tell and `srst` resets: ServerStats. Latencies are whole milliseconds. */
export class ServerStats {
  packetsReceived = 0;
  packetsSent = 0;
  /** Connections without TLS, or to a port that takes them too: from other machines, and from this one. */
  plainRemote = 0;
  plainLocal = 0;
  readonly requestLatency = new Summary('request_latency', false);
  readonly clientResponse = new SizeStats();
  /** Traces nothing here; kept so that what is set can be read back. 306 is Apache's default. */
  traceMask = 306n;
  /** Monotonic, when this server began. */
  readonly startedMs: number;
  private readonly metrics: ServerMetrics;

  constructor(metrics: ServerMetrics, nowMs: number) {
    this.metrics = metrics;
    this.startedMs = nowMs;
  }

  onAnswered(latencyMs: number, isWrite: boolean): void {
    this.requestLatency.add(latencyMs);
    if (isWrite) this.metrics.requests.updateLatency.add(latencyMs);
    else this.metrics.requests.readLatency.add(latencyMs);
  }

  countPlain(remoteAddress: string): void {
    if (/^127\.|^::1$/.test(remoteAddress)) this.plainLocal++;
    else this.plainRemote++;
  }

  reset(): void {
    this.requestLatency.reset();
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.plainRemote = 0;
    this.plainLocal = 0;
    this.clientResponse.reset();
    this.metrics.reset();
  }
}
