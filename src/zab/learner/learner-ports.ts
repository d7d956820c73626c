import type { Zxid } from '../../jute/zxid.ts';
import type { EpochFiles } from '../epoch-files.ts';
import type { QuorumPacket } from '../wire/packets.ts';

/**
 * The options and the state that a learner begins with, and the narrow ports through which it sends, logs and tells.
 *
 * The other side of the bargain:
 *  - Obligations are carried out in the order of the calls, and nobody calls back into the learner before the call
 *    returned, but for `onTruncated`.
 *  - A learner starts on a quiet store: what is logged is on the disk; nothing of an earlier role writes any more.
 *  - An item of `durable` runs when every append that came before it is on the disk, and after every item before it. When
 *    one runs, what is both committed and durable has been applied. When nothing is waiting for the disk it may run at
 *    once, inside the call.
 *  - After `leave`, or when the role is ended from outside, no event comes any more and that queue is dropped: completions
 *    that were under way are dropped by their incarnation.
 *  - `onHalfTick` comes every half tickTime; all limits are counted in these.
 */
export interface LearnerOptions {
  readonly self: number;
  readonly leader: number;
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
   * It is known that this voter must not help to decide what was committed: its disk is known to have lost the end of
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

/** The connection to the leader. */
export interface ToLeader {
  /** Now, in the order of the calls. */
  send(packet: QuorumPacket): void;
}

/** For whatever may happen only when everything appended before is durable: one queue, in the order of the calls. */
export interface WhenDurable {
  send(packet: QuorumPacket): void;
  /** From here on, of ACKs of proposals that may go at the same moment, the last one goes for all. */
  groupAcks(): void;
  run(task: () => void): void;
}

export interface LearnerLog {
  /** Log it; ProtocolError, and nothing logged, when it is no transaction. */
  append(zxid: Zxid, payload: Buffer): void;
  /**
   * Everything up to `zxid` is decided, in zxid order; applied when it is durable here as well. `leads`: with a
   * reconfiguration, who leads from then on.
   */
  commit(zxid: Zxid, leads?: number): void;
}

export interface LearnerHistory {
  /**
   * Cut everything above `zxid` from log and snapshots, durably, and make the tree again from what is left; then
   * `Learner.onTruncated(zxid)`, from inside this call or later. Where the history cannot be made to end exactly there (no
   * such transaction in the log, no such snapshot, nothing below to start from), change nothing, and
   * `Learner.onTruncated(undefined)`. A cut that fails half-way stops the peer (FatalError, exit code 13; ZOOKEEPER-3701).
   */
  truncate(zxid: Zxid): void;
  /**
   * The link carries a raw snapshot now: decode it aside, check the trailer "BenWasHere", then let it replace log and
   * tree, durably and in one step; `zxid` is what it is called, whatever it holds. Then `Learner.onSnapshotInstalled`.
   * Until that step neither disk nor tree has changed: a link that breaks leaves the peer as it was (ZOOKEEPER-3642).
   */
  receiveSnapshot(zxid: Zxid): void;
}

/** The members, as they are known here. */
export interface Membership {
  /** A configuration that is not decided: a leader's that has not finished synchronising us. */
  seen(text: string): void;
  /**
   * It is decided. False when with it this peer's role is another, or `leader` is none any more: the role ends.
   * `epoch` is the leader's: a proposal of an earlier one that it does not have was never decided, and is forgotten.
   */
  activate(text: string, leader: number, epoch: number): boolean;
  /** The same two for a reconfiguration, whose transaction was given to `append` just before. */
  seenInTxn(payload: Buffer): void;
  activateTxn(payload: Buffer): boolean;
}

export interface LearnerClients {
  /** Answers a REVALIDATE; answers may come in another order than the questions. */
  revalidated(sessionId: bigint, valid: boolean): void;
  /** Answers the oldest `sync` still open. */
  syncReplied(): void;
  /** Sessions heard from since the last call, with their timeouts in ms. */
  takeTouched(): Iterable<readonly [bigint, number]>;
}

export interface LearnerEvents {
  /** NEWLEADER: all that was committed before was sent. */
  newLeader(): void;
  /** UPTODATE: serve clients. */
  serving(): void;
  /** The role is over; back to LOOKING, or to the leader that was named. */
  leave(reason: string, next?: number): void;
}

export interface LearnerPorts {
  readonly link: ToLeader;
  readonly durable: WhenDurable;
  readonly log: LearnerLog;
  readonly history: LearnerHistory;
  /**
   * A voter that was never synchronised calls `setCurrent(0)` before anything else is logged. A restart must find that,
   * and not take the epoch of its last transaction for one that it was synchronised in.
   */
  readonly epochs: EpochFiles;
  readonly members: Membership;
  readonly clients: LearnerClients;
  readonly events: LearnerEvents;
}
