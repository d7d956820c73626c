import type { LeaderInfo } from '../../server/monitoring/server-info.ts';
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
  /** Its learners, where it leads. */
  readonly learners: readonly LearnerState[];
  /** The leader, itself included. */
  readonly leader: number | undefined;
  /** Apart from the constructor, because the role may be over before it returns. */
  start(): void;
  /** Ended from inside or outside: nothing of it happens any more. */
  stop(): void;
  /** The election heard that `sid` is looking. */
  onVoterLooking(sid: number): void;
}
