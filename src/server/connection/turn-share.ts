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
  /** Requests, and kilobytes of theirs and their answers, since the last look at the clock. */
  private sinceLook = 0;

  constructor(turnEnd: TurnEnd) {
    this.turnEnd = turnEnd;
  }

  look(): void {
    this.turnEnd.look();
  }

  /** After each request, `bytes` with its answer: whether the next one has to wait for a later turn. */
  isSpentAfterOne(bytes: number): boolean {
    const { turnEnd } = this;
    if (this.turn !== turnEnd.turn) {
      this.turn = turnEnd.turn;
      this.requests = 0;
      this.sinceLook = 0;
      this.beganMs = turnEnd.nowMs;
    }
    this.requests++;
    this.sinceLook += 1 + (bytes >>> 10);
    if (this.sinceLook >= LOOK_AFTER) {
      this.sinceLook = 0;
      turnEnd.look();
    }
    return this.requests >= SHARE_REQUESTS || turnEnd.nowMs - this.beganMs >= SHARE_MS || turnEnd.isSpent;
  }
}

/** So many requests take some ten microseconds, and so many kilobytes no more. */
export const LOOK_AFTER = 16;
