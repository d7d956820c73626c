import { SHARE_MS, SHARE_REQUESTS } from './client-limits.ts';
import type { TurnEnd } from './turn-end.ts';

/**
 * How much of the present turn one connection has had. One connection's bytes come in pieces of up to 64 KiB, thousands
 * of requests each, and libuv hands over two megabytes before it looks at anybody else.
 *
 * Counted as well as timed: in a simulation no time passes within a turn.
 */
export class TurnShare {
  private readonly turnEnd: TurnEnd;
  private turn = -1;
  private requests = 0;
  private beganMs = 0;

  constructor(turnEnd: TurnEnd) {
    this.turnEnd = turnEnd;
  }

  /** After each request: whether the next one has to wait for a later turn. */
  isSpentAfterOne(beganMs: number, nowMs: number): boolean {
    if (this.turn !== this.turnEnd.turn) {
      this.turn = this.turnEnd.turn;
      this.requests = 0;
      this.beganMs = beganMs;
    }
    this.requests++;
    return this.requests >= SHARE_REQUESTS || nowMs - this.beganMs >= SHARE_MS || this.turnEnd.isSpent(nowMs);
  }
}
