import type { Clock } from '../../io/clock.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';

/** The numbers that the admin command `observers` tells of a link and `observer_connection_stat_reset` resets. */
export class LinkCounts {
  /** Wall clock. */
  readonly establishedMs: number;
  packetsReceived = 0;
  packetsSent = 0;
  /** Of the packets received: what its clients asked the leader for. */
  requests = 0;
  /** Of the last packet sent that has one. */
  lastZxid: Zxid = ZXID_ZERO;

  constructor(establishedMs: number) {
    this.establishedMs = establishedMs;
  }

  onSent(zxid: Zxid): void {
    this.packetsSent++;
    if (zxid > ZXID_ZERO) this.lastZxid = zxid;
  }

  reset(): void {
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.requests = 0;
    this.lastZxid = ZXID_ZERO;
  }
}

/** How long what is given to a link waits until it is sent: one at a time is watched, so that it costs nearly nothing. */
export class QueueWatch {
  private readonly clock: Clock;
  private readonly onWaited: (ms: number) => void;
  /** To be taken until the watched one is. */
  private ahead = 0;
  private sinceMs = 0;

  constructor(clock: Clock, onWaited: (ms: number) => void) {
    this.clock = clock;
    this.onWaited = onWaited;
  }

  /** `length` with it. */
  onQueued(length: number): void {
    if (this.ahead > 0) return;
    this.ahead = length;
    this.sinceMs = this.clock.nowMs();
  }

  onTaken(): void {
    if (this.ahead === 0 || --this.ahead > 0) return;
    this.onWaited(this.clock.nowMs() - this.sinceMs);
  }
}
