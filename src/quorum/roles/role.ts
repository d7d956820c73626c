import type { LeaderInfo, ObserversInfo } from '../../server/monitoring/server-info.ts';
import type { LearnerState } from '../state-dump.ts';

export type PeerMode = RoleMode | 'looking' | 'read-only';
export type RoleMode = 'standalone' | 'leader' | 'follower' | 'observer';

/**
 * The part of a peer between two elections; a server that is alone has one for good. It ends by `stop`, or says through
 * its options that it is over.
 */
export interface Role {
  readonly mode: RoleMode;
  /** How far it has come, as `mntr` names it: discovery, synchronization or broadcast. Standalone has none. */
  readonly phase: string | undefined;
  /** Whether the next role, as a learner, has to ask for a snapshot. */
  readonly needsSnapshot: boolean;
  readonly leaderInfo: LeaderInfo | undefined;
  /** The observers that it serves, as a leader or in its place; undefined where none can come. */
  readonly observersInfo?: ObserversInfo | undefined;
  /** Its learners, where it leads or serves observers. */
  readonly learners: readonly LearnerState[];
  /** The leader, itself included. */
  readonly leader: number | undefined;
  /** A learner's: the one that it hears from, which for an observer may be a follower. */
  readonly learnsFrom?: number;
  /** Apart from the constructor, because the role may be over before it returns. */
  start(): void;
  /** Ended from inside or outside: nothing of it happens any more. */
  stop(): void;
  /** The election heard that `sid` is looking. */
  onVoterLooking(sid: number): void;
}
