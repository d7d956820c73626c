import type { Zxid } from '../../jute/zxid.ts';
import type { QuorumPacket } from '../wire/packets.ts';

/**
 * What a learner is told at its start, and what it asks of the one who runs it.
 *
 * The host's side of the bargain:
 *  - It carries obligations out in the order of the calls, and calls back into the learner only after the call returned.
 *  - A learner starts on a quiet store: what is logged is on the disk; nothing of an earlier role writes any more.
 *  - `sendWhenDurable` and `whenDurable` share one queue: an item runs when every append that came before it is on the
 *    disk, and after every item before it. When one runs, what is both committed and on the disk has been applied.
 *    When nothing is waiting for the disk it may run at once, inside the call.
 *  - After `leave`, or when it ends the role itself, the host calls no event any more and drops that queue: completions
 *    that were under way are dropped by their incarnation.
 *  - `onHalfTick` comes every half tickTime; all limits are counted in these.
 */
export interface LearnerOptions {
  readonly self: number;
  /** Asks for an observer's link: transactions come when committed, nothing is acknowledged. */
  readonly observer: boolean;
  /** Version of the configuration this peer uses. */
  readonly configVersion: Zxid;
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
}

export interface LearnerState {
  /** Last zxid logged, or of the snapshot if that is higher; everything up to it is on the disk. */
  readonly lastZxid: Zxid;
  readonly acceptedEpoch: number;
  /** 0 when there is none. */
  readonly currentEpoch: number;
  /**
   * The host knows that this voter must not help to decide what was committed: its disk is known to have lost the end of
   * the log. That a voter was never synchronised, the learner sees from the epochs and the last zxid by itself. Such a
   * voter says so in its ACKEPOCH (zxid -1, which Apache's leaders do not count either), gets a SNAP, and counts from the
   * moment it acknowledged NEWLEADER (ZOOKEEPER-261).
   */
  readonly empty: boolean;
  /**
   * This voter is meant to have no history, and counts: by the operator's word (the file `initialize`), or because the
   * election's rule let it vote (a first start). Without it a leader of Apache's would not count it even then.
   */
  readonly initialize?: boolean;
  /**
   * The last leader's TRUNC could not be carried out (`Learner.needsSnapshot` at its end): this time ask for a SNAP. Not
   * kept over a restart or another role.
   */
  readonly needsSnapshot?: boolean;
}

export interface LearnerHost {
  /** To the leader, now. */
  send(packet: QuorumPacket): void;
  sendWhenDurable(packet: QuorumPacket): void;
  whenDurable(task: () => void): void;

  /** Log it; ProtocolError, and nothing logged, when it is no transaction. */
  append(zxid: Zxid, payload: Buffer): void;
  /** Everything up to `zxid` is decided, in zxid order; applied when it is on the own disk as well. */
  commit(zxid: Zxid): void;
  /**
   * Cut everything above `zxid` from log and snapshots, durably, and make the tree again from what is left; then
   * `Learner.onTruncated(zxid)`. Where the history cannot be made to end exactly there (no such transaction in the log,
   * no such snapshot, nothing below to start from), change nothing, and `Learner.onTruncated(undefined)`. A cut that
   * fails half-way stops the peer (FatalError, exit code 13; ZOOKEEPER-3701).
   */
  truncate(zxid: Zxid): void;
  /**
   * The link carries a raw snapshot now: decode it aside, check the trailer "BenWasHere", then let it replace log and
   * tree, durably and in one step; `zxid` is what it is called, whatever it holds. Then `Learner.onSnapshotInstalled`.
   * Until that step neither disk nor tree has changed: a link that breaks leaves the peer as it was (ZOOKEEPER-3642).
   */
  receiveSnapshot(zxid: Zxid): void;
  /**
   * Both durable on return. A voter that was never synchronised calls `setCurrentEpoch(0)` before anything else is
   * logged: a restart must find that, and not take the epoch of its last transaction for one that it was synchronised in.
   */
  setAcceptedEpoch(epoch: number): void;
  setCurrentEpoch(epoch: number): void;

  /** The leader's configuration, from NEWLEADER: the one seen last, not yet decided. */
  configSeen(text: string): void;
  /** The same at UPTODATE: decided. false when with it this peer's role or the leader has changed: the role ends. */
  configActivated(text: string): boolean;
  /** A reconfiguration was proposed; its transaction was given to `append` just before. The one seen last, not yet decided. */
  reconfigProposed(zxid: Zxid, payload: Buffer): void;
  /** It is decided, its `commit` follows, and `leader` leads from now on. false: the role ends. */
  reconfigActivated(zxid: Zxid, payload: Buffer, leader: number): boolean;

  /** UPTODATE: serve clients. */
  serving(): void;
  /** Answers `Learner.revalidate`; answers may come in another order than the questions. */
  revalidated(sessionId: bigint, valid: boolean): void;
  /** Answers the oldest `Learner.sync` still open. */
  syncReplied(): void;
  /** Sessions heard from since the last call, with their timeouts in ms. */
  takeTouched(): Iterable<readonly [bigint, number]>;
  /** The role is over; back to LOOKING. */
  leave(reason: string): void;
}
