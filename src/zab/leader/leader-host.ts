import type { Log } from '../../base/log.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { Id } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { QuorumPacket } from '../wire/packets.ts';

/**
 * What a leader is told at its start, what it asks of the one who runs it, and what it may read of the history.
 *
 * The host's side of the bargain:
 *  - It carries obligations out in the order of the calls, and calls back into the leader only after the call returned.
 *  - A leader starts on a quiet store: everything logged is on the disk and applied to the tree (the last role's tail
 *    included), so `history.lastZxid` is the last zxid logged.
 *  - `append` and `commit`: the host applies a transaction once it is committed and on the own disk, in zxid order,
 *    pushes it to the history, and only then calls `onDurable` with the zxid that covers it.
 *  - After `stepDown`, or when it ends the role itself, the host calls no event any more: completions that were under
 *    way are dropped by their incarnation.
 *  - `onHalfTick` comes every half tickTime; all limits are counted in these, so that a peer which was paused does not
 *    judge its neighbours by a time in which it could not hear them.
 */
/** Limits that a test reaches only when they are lower. */
export interface LeaderLimits {
  /** Of the transactions of one epoch. */
  readonly maxCounter?: number | undefined;
  readonly maxLinkQueueBytes?: number | undefined;
}

export interface LeaderOptions {
  readonly limits?: LeaderLimits | undefined;
  readonly self: number;
  /** The present configuration; then the one proposed but not yet decided, if the peer has logged one: both must agree. */
  readonly verifiers: readonly QuorumVerifier[];
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  /** Both as in LearnerState: the disk is known to have lost something; this voter is meant to have no history. */
  readonly empty: boolean;
  readonly initialize?: boolean;
  /** How many half ticks the leader bears with a voter that went looking again while it waits for its epoch; undefined: no limit. */
  readonly maxEpochWaitHalfTicks: number | undefined;
  /** zookeeper.snapshotSizeFactor: a DIFF is read from disk while it is no larger than this share of a snapshot; negative: never. */
  readonly snapshotSizeFactor: number;
  /** zookeeper.leader.maxConcurrentSnapSyncs and maxConcurrentDiffSyncs: observers beyond are turned away for now. */
  readonly maxConcurrentSnapSyncs: number;
  readonly maxConcurrentDiffSyncs: number;
  /** zookeeper.forceSnapshotSync: everyone gets a SNAP. */
  readonly forceSnapshotSync: boolean;
  /** A link whose learner takes less than is sent to it is closed at this many bytes waiting. */
  readonly maxLinkQueueBytes: number;
  /** Counter of the last proposal before the first; 0 but in tests of the rollover. */
  readonly initialCounter: number;
}

export interface Entry {
  readonly zxid: Zxid;
  /** TxnHeader, txn and digest, as logged and as sent. */
  readonly payload: Buffer;
}

/** Entries in zxid order; `close` when not read to the end. */
export interface EntryCursor {
  next(): Entry | undefined;
  close(): void;
}

/**
 * The leader's own history, as it stands at the moment of asking. A live view, never a copy.
 */
export interface History {
  /** The tree's: everything up to here is applied, committed and on the own disk. An epoch's start while it is empty. */
  readonly lastZxid: Zxid;
  readonly acceptedEpoch: number;
  /** 0 when there is none. */
  readonly currentEpoch: number;
  /**
   * The newest committed transactions, kept in memory: consecutive, without a gap, the last one being the last that
   * was applied. Empty after the tree came from a snapshot, until the next transaction.
   */
  readonly minCommitted: Zxid | undefined;
  readonly maxCommitted: Zxid | undefined;
  /** All of them; a copy of references, valid whatever happens later. */
  allCommitted(): readonly Entry[];
  /**
   * The log on disk from `zxid` on: the first entry is the first at or above it. undefined when the oldest entry on
   * disk is above `zxid`, when there is more than `maxBytes` of it (0: no limit), or when it cannot be read.
   */
  diskFrom(zxid: Zxid, maxBytes: number): EntryCursor | undefined;
  /** Bytes of the newest snapshot file; 0 when there is none. */
  readonly snapshotBytes: number;
  /** What NEWLEADER carries: the configuration seen last, as text. */
  configText(): string;
}

/** Packets that are made when the link has room for them, in the link's order; undefined: the end. */
export interface PacketSource {
  next(): QuorumPacket | undefined;
}

export interface LeaderHost {
  /** In the link's order, now or when the neighbour takes it; never blocks, never drops. */
  send(link: number, packet: QuorumPacket): void;
  /** The packets of `source`, in the link's order, pulled as the link takes them. `closeLink` may come from inside `next`. */
  sendFrom(link: number, source: PacketSource): void;
  /**
   * The raw snapshot of the tree as it is now (exact at `zxid`, which is `history.lastZxid`), then the string
   * "BenWasHere", in the link's order. The cut is taken inside this call; the bytes follow as the link takes them.
   */
  streamSnapshot(link: number, zxid: Zxid): void;
  /** The leader has forgotten this link; nothing of it is delivered any more. */
  closeLink(link: number, reason: string): void;
  /** Given to the link by send, sendFrom and streamSnapshot, and not yet taken by the network: what waits in memory. */
  queuedBytes(link: number): number;
  /** Ever taken by the network from this link: grows while the neighbour reads. */
  sentBytes(link: number): number;

  /** Log it; `onDurable` follows when it is on disk. */
  append(zxid: Zxid, payload: Buffer): void;
  /** Decided, in zxid order. Applied when it is on the own disk as well. */
  commit(zxid: Zxid): void;
  /** Both durable on return. */
  setAcceptedEpoch(epoch: number): void;
  setCurrentEpoch(epoch: number): void;
  /**
   * A quorum has this leader's history: serve, and propose from `nextZxid` on. The tree's last zxid becomes
   * `epochStart` inside this call.
   */
  established(epochStart: Zxid): void;

  /** A learner's write, or its own session's opening or closing. SYNC requests do not come here. */
  request(
    link: number,
    sid: number,
    sessionId: bigint,
    cxid: number,
    type: number,
    body: Buffer,
    authIds: readonly Id[],
  ): void;
  /** Answered by `Leader.revalidated`. */
  revalidate(link: number, sid: number, sessionId: bigint, timeoutMs: number): void;
  /** A session heard from at learner `sid`. */
  touched(sid: number, sessionId: bigint, timeoutMs: number): void;
  /**
   * What was asked by `Leader.barrier(token)` holds: this leader led at some moment after the call, and the tree has
   * everything that was outstanding then. Tokens come back in the order of the calls.
   */
  barrierPassed(token: number): void;
  /** The role is over; back to LOOKING. */
  stepDown(reason: string): void;
}

/** What a leader is made of, and shares with its parts; each of them takes of the host what it needs. */
export interface LeaderRole {
  readonly options: LeaderOptions;
  readonly history: History;
  readonly host: LeaderHost;
  readonly log: Log;
}
