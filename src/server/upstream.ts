import type { Zxid } from '../jute/zxid.ts';
import type { Request } from './request.ts';
import type { LocalSessions } from './sessions/local-sessions.ts';
import type { SessionChecks } from './sessions/session-tracker.ts';

/**
 * The role below a serving ZooKeeperServer: the standalone role, the leader, or the link to a leader. src/quorum
 * implements it once per role. An Upstream lives as long as its role and is never used after `stop`.
 *
 * Three calls come back. `onApplied` comes for every transaction applied, in zxid order: ours, foreign and failed ones
 * alike. `onSynced` comes for each submitSync in the order submitted, with the writes committed when its answer came.
 * Among them are those the session submitted before; it submits none while one of its syncs is unanswered.
 * `onRevalidated` comes for each revalidate. A call may answer from inside itself.
 */
export interface Upstream {
  readonly mode: ServerMode;
  /** Voting members, 1 when standalone: with more than two, globalOutstandingLimit is divided by one less than this. */
  readonly quorumSize: number;
  /**
   * The newest transaction this peer has proposed, received or applied, committed or not. A write submitted now
   * can only become a later one. That tells this connection's write from one that an earlier connection of the session
   * left behind.
   */
  readonly newestKnownZxid: Zxid;
  /** The check for reads: the tracker, or on a learner a check that lets all pass. */
  readonly sessions: SessionChecks;
  /** Takes createSession (body: timeout int) and closeSession. It never fails here: a refused write is an error txn. */
  submitWrite(request: Request): void;
  submitSync(request: Request): void;
  /** The sessions that this server alone knows; undefined: it makes every session known to all. */
  readonly localSessions?: LocalSessions | undefined;
  /** An id for a session about to be created; where expiry is decided it is tracked from now on. */
  newSessionId(timeoutMs: number): bigint;
  /** Is the session alive? If so this server owns it from here on. The password has been checked. */
  revalidate(sessionId: bigint, timeoutMs: number): void;
  /** The client was heard. False: the session is closing or gone. A learner that cannot know says true. */
  touch(sessionId: bigint, timeoutMs: number): boolean;
  /** When sessions expire, in order of time; undefined where that is not decided. */
  expirySets(): readonly ExpirySet[] | undefined;
}

export interface ExpirySet {
  /** Monotonic. */
  readonly endMs: number;
  readonly size: number;
  /** To be taken in pieces, once: those that are still in the set. */
  readonly sessionIds: Iterable<bigint>;
}

export type ServerMode = 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only';
