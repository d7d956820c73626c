import type { Zxid } from '../jute/zxid.ts';
import type { Request } from './request.ts';
import type { SessionChecks } from './sessions/session-tracker.ts';

/**
 * What a serving ZooKeeperServer stands on: the standalone role, the leader, or the link to a leader. src/quorum
 * implements it once per role; an Upstream lives as long as its role and is never used after `stop`.
 *
 * What comes back: `onApplied` for every transaction applied (own, foreign and failed ones alike, in zxid order);
 * `onSynced` for each submitSync in the order submitted, with what was committed when its answer came, among it the
 * writes that the session submitted before (it submits none while a sync of its is unanswered); `onRevalidated` for
 * each revalidate. A call may answer from inside itself.
 */
export interface Upstream {
  readonly mode: ServerMode;
  /** Voting members, 1 when standalone: with more than two, globalOutstandingLimit is divided by one less than this. */
  readonly quorumSize: number;
  /**
   * The newest transaction this peer has proposed, received or applied, committed or not. What is submitted now can
   * only become a later one: that tells an own write from one that an earlier connection of the session left behind.
   */
  readonly newestKnownZxid: Zxid;
  /** For reads: the tracker, or on a learner what lets all pass. */
  readonly sessions: SessionChecks;
  /** Also createSession (body: timeout int) and closeSession. Never fails here: a refused write is an error txn. */
  submitWrite(request: Request): void;
  submitSync(request: Request): void;
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
  readonly sessionIds: readonly bigint[];
}

export type ServerMode = 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only';
