import { ZXID_NONE, ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';

/**
 * The numbers that `cons` tells of one connection and `crst` resets: the counters of ServerCnxn. They do not begin
 * with the values a reset leaves. Times are in whole ms.
 */
export class ConnectionStats {
  /** Wall clock at accept. */
  readonly establishedMs: number;
  packetsReceived = 0;
  packetsSent = 0;
  lastOperation = 'null';
  lastCxid = 0;
  lastZxid: Zxid = ZXID_ZERO;
  /** Monotonic. */
  lastResponseMs = 0;
  lastLatencyMs = 0;
  maxLatencyMs = 0;
  private smallestMs = 0;
  private count = 0;
  private totalMs = 0;

  constructor(establishedMs: number) {
    this.establishedMs = establishedMs;
  }

  get minLatencyMs(): number {
    return this.count === 0 ? 0 : this.smallestMs;
  }

  get avgLatencyMs(): number {
    return this.count === 0 ? 0 : Math.floor(this.totalMs / this.count);
  }

  onAnswered(cxid: number, zxid: Zxid, operation: string, nowMs: number, latencyMs: number): void {
    // The special xids of pings and setWatches do not hide the client's last real request.
    if (cxid >= 0) this.lastCxid = cxid;
    this.lastZxid = zxid;
    this.lastOperation = operation;
    this.lastResponseMs = nowMs;
    this.lastLatencyMs = latencyMs;
    if (latencyMs < this.smallestMs) this.smallestMs = latencyMs;
    if (latencyMs > this.maxLatencyMs) this.maxLatencyMs = latencyMs;
    this.count++;
    this.totalMs += latencyMs;
  }

  reset(): void {
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.lastOperation = 'NA';
    this.lastCxid = -1;
    this.lastZxid = ZXID_NONE;
    this.lastResponseMs = 0;
    this.lastLatencyMs = 0;
    this.maxLatencyMs = 0;
    this.smallestMs = Number.POSITIVE_INFINITY;
    this.count = 0;
    this.totalMs = 0;
  }
}
