import { ErrorCode } from '../../jute/codes.ts';
import type { SessionChecks } from './session-tracker.ts';

/**
 * Sessions on a learner: expiry is the leader's, so all there is to keep is who was heard since the leader's last
 * ping; the answer to the next ping carries it. Follows LearnerSessionTracker without local sessions.
 */
export class LearnerSessionTracker implements SessionChecks {
  private touched = new Map<bigint, number>();

  /** Only the leader knows whether the session is still alive, so the answer is always yes. */
  touch(sessionId: bigint, timeoutMs: number): boolean {
    this.touched.set(sessionId, timeoutMs);
    return true;
  }

  /** A session of any server was created: its first touch, in case the leader has just changed. */
  onCreated(sessionId: bigint, timeoutMs: number): void {
    this.touched.set(sessionId, timeoutMs);
  }

  remove(sessionId: bigint): void {
    this.touched.delete(sessionId);
  }

  /** Session id -> timeout in ms of those heard since the last call. */
  takeTouched(): ReadonlyMap<bigint, number> {
    const touched = this.touched;
    this.touched = new Map();
    return touched;
  }

  /** Reads are the learner's own; the leader checks the writes. */
  check(): number {
    return ErrorCode.ok;
  }
}
