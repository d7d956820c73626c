import { ErrorCode } from '../../jute/codes.ts';

/** Of a leader: those that it alone knows. */
interface KnownSessions {
  has(sessionId: bigint): boolean;
}

/**
 * Requests of sessions that a leader does not track, in an ensemble whose servers have local ones: they are let pass,
 * unless the session is known to be over. Follows LeaderSessionTracker.checkSession, which cannot tell the request of a
 * global session that has just ended from that of a local one, and carries it out. So ours remembers who ended.
 */
export class UntrackedSessions {
  private readonly serverId: number;
  private readonly local: KnownSessions;
  private readonly ended = new Set<bigint>();

  constructor(serverId: number, local: KnownSessions) {
    this.serverId = serverId;
    this.local = local;
  }

  /** 0 or sessionExpired. */
  check(sessionId: bigint): number {
    if (this.local.has(sessionId)) return ErrorCode.ok;
    const isOver = this.ended.has(sessionId) || BigInt.asUintN(64, sessionId) >> 56n === BigInt(this.serverId & 0xff);
    return isOver ? ErrorCode.sessionExpired : ErrorCode.ok;
  }

  /** Its closeSession was applied. Requests that were sent before are long here when so many others have ended. */
  onEnded(sessionId: bigint): void {
    this.ended.add(sessionId);
    if (this.ended.size <= ENDED_MAX) return;
    for (const oldest of this.ended) {
      this.ended.delete(oldest);
      return;
    }
  }
}

const ENDED_MAX = 100_000;
