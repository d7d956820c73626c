import type { Log } from '../../base/log.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { Oracle } from '../quorum/oracle.ts';
import type { QuorumVerifier } from '../quorum/quorum-verifier.ts';
import type { Vote } from './vote.ts';

/**
 * The two sides of an election: what it is told at its start and answers with, and what it asks of its host, the one
 * who runs it. The host never calls back into the election from inside one of its calls.
 */
export interface Candidate {
  /** False for observers, who learn the outcome but have no part in it. */
  readonly participant: boolean;
  readonly zxid: Zxid;
  /** The current epoch of this server's history; 0 when it has none. */
  readonly peerEpoch: number;
  /** Not synchronised yet, even if zxid and epoch look like it: see history-roll.ts. */
  readonly empty: boolean;
  /** The operator left the file `initialize`. */
  readonly initialize: boolean;
}

export interface ElectionOptions {
  readonly finalizeWaitMs: number;
  readonly minNotificationMs: number;
  readonly maxNotificationMs: number;
  /** How long empty voters wait for those who are away before they take it for a first start. */
  readonly firstStartWaitMs: number;
  /** Newer members that a quorum sends are handed to the host; false where reconfiguration is switched off. */
  readonly adoptNewerConfig: boolean;
  readonly multiAddress: boolean;
  readonly standaloneEnabled: boolean;
}

export const ELECTION_DEFAULTS: ElectionOptions = {
  finalizeWaitMs: 200,
  minNotificationMs: 200,
  maxNotificationMs: 60_000,
  firstStartWaitMs: 3000,
  adoptNewerConfig: false,
  multiAddress: false,
  standaloneEnabled: true,
};

export interface Outcome {
  readonly vote: Vote;
  readonly state: SettledState;
  /**
   * An empty voter that history-roll.ts let count, and that voted for this leader: what it tells the leader may count
   * as well. False for every other voter, and for an empty one that only joins an ensemble.
   */
  readonly emptyButCounts: boolean;
}

export type SettledState = 'following' | 'leading' | 'observing';

export interface ElectionHost {
  send(sid: number, notification: Buffer): void;
  /** The election is over for this server; it answers with this vote from now on. */
  elected(outcome: Outcome): void;
  /** This server is settled, and `sid`, a voter, looks for a leader. */
  onLooking(sid: number): void;
  /** A looking server met a newer configuration: take it over, and `start` again unless only its version differs. */
  onNewerConfig(verifier: QuorumVerifier): void;
  readonly log: Log;
  /** Says when one of two voters may lead without the other one. */
  readonly oracle?: Oracle | undefined;
}
