import type { Log } from '../../base/log.ts';
import type { Oracle } from '../../election/quorum/oracle.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { Id } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { EpochFiles } from '../epoch-files.ts';
import type { LearnerRequest } from '../wire/packets.ts';
import type { RawSource } from '../wire/sources.ts';
import type { LearnerLink } from './learner-link.ts';
import type { Memberships } from './memberships.ts';

/**
 * The options of a leader, and the narrow ports through which it reads, decides and asks. A port is what it says and no
 * more: the history that is read, the log that is written, the epochs, those who ask, and the role itself.
 * The links to learners come one by one (learner-link.ts).
 *
 * The other side of the bargain:
 *  - Obligations are carried out in the order of the calls, and nobody calls back into the leader before the call
 *    returned. A client that asks in that moment waits (event-turn.ts in src/quorum).
 *  - A leader starts on a quiet store: everything logged is on the disk and applied to the tree (the last role's tail
 *    included), so `history.lastZxid` is the last zxid logged.
 * - `append` and `commit`: a transaction is applied once it is committed and durable here, in zxid order, and is then
 * part of the history. Only after that `Leader.onDurable` is called with the zxid that covers it.
 *  - After `stepDown`, or when the role is ended from outside, no event comes any more: completions that were under way
 *    are dropped by their incarnation.
 *  - `onHalfTick` comes every half tickTime; all limits are counted in these, so that a peer which was paused does not
 *    judge its neighbours by a time in which it could not hear them.
 */
/** The care of links, which is the same for a leader and for a follower that serves observers. */
export interface LinkOptions {
  readonly limits?: LeaderLimits | undefined;
  readonly self: number;
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  /** leader.membersOnly: a learner whose id no member has is turned away, which Apache's leaders never do. */
  readonly membersOnly?: boolean;
  /** zookeeper.snapshotSizeFactor: a DIFF is read from disk while it is no larger than this share of a snapshot; negative: never. */
  readonly snapshotSizeFactor: number;
  /** zookeeper.leader.maxConcurrentSnapSyncs and maxConcurrentDiffSyncs: observers beyond are turned away for now. */
  readonly maxConcurrentSnapSyncs: number;
  readonly maxConcurrentDiffSyncs: number;
  /** zookeeper.forceSnapshotSync: everyone gets a SNAP. */
  readonly forceSnapshotSync: boolean;
  /** A link whose learner takes less than is sent to it is closed at this many bytes waiting. */
  readonly maxLinkQueueBytes: number;
  /** The same for all links together, with what came in of packets that are not whole. */
  readonly maxBytes: number;
  /** A learner that catches up and takes less in half a tick, over the whole of initLimit, loses its place. */
  readonly leastCatchUpBytes: number;
  /** Of a learner that serves; before, it has nothing long to say. */
  readonly maxLearnerPacketBytes: number;
}

export interface LeaderOptions extends LinkOptions {
  /** The present configuration; then the one proposed but not yet decided, if the peer has logged one: both must agree. */
  readonly verifiers: readonly QuorumVerifier[];
  /** Both as in LearnerState: the disk is known to have lost something; this voter is meant to have no history. */
  readonly empty: boolean;
  readonly initialize?: boolean;
  /** How many half ticks the leader bears with a voter that went looking again while it waits for its epoch; undefined: no limit. */
  readonly maxEpochWaitHalfTicks: number | undefined;
  /** reconfigEnabled: members get a version, and may be others while this leader leads. */
  readonly mayReconfigure: boolean;
  /** The last counter of an epoch, when it is not the last that a zxid has room for: testingonly.initialZxid. */
  readonly maxCounter?: number;
  /** Counter of the last proposal before the first; 0 but in tests of the rollover. */
  readonly initialCounter: number;
}

/** Limits that a test reaches only when they are lower. */
export interface LeaderLimits {
  /** Of the transactions of one epoch. */
  readonly maxCounter?: number | undefined;
  /** Of requests that wait for a hand-over. */
  readonly maxHeldBytes?: number | undefined;
  readonly maxLinkQueueBytes?: number | undefined;
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
  /** The tree's: everything up to here is applied, committed and durable here. An epoch's start while it is empty. */
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
   * The log on disk from `zxid` on: the first entry is the first at or above it. It is undefined when the oldest entry
   * on disk is above `zxid`, when there is more than `maxBytes` of it (0: no limit), or when it cannot be read.
   * 'later': it takes a while to get there, and is begun.
   */
  diskFrom(zxid: Zxid, maxBytes: number): EntryCursor | 'later' | undefined;
  /** Bytes of the newest snapshot file; 0 when there is none. */
  readonly snapshotBytes: number;
  /** The tree as it is inside this call, exact at `lastZxid`. */
  startCut(): RawSource;
}

export interface LeaderLog {
  /** `Leader.onDurable` follows when it is on disk. */
  append(zxid: Zxid, payload: Buffer): void;
  /** Decided, in zxid order. Applied when it is durable here as well. */
  commit(zxid: Zxid): void;
}

/** Makes the transaction of what was asked, under the zxid given: the bytes that are logged and sent. */
export interface TxnMaker<Asked> {
  makeTxn(asked: Asked, zxid: Zxid): Buffer;
}

/** Those who ask: learners for their clients, and whoever asked for a barrier with a `Question`. */
export interface LeaderClients<Question> {
  /** A learner's write, or its own session's opening or closing. SYNC requests do not come here. */
  request(learner: LearnerLink, request: LearnerRequest, authIds: readonly Id[]): void;
  /** Answered by `LearnerLink.answerRevalidate`. */
  revalidateFor(learner: LearnerLink, sessionId: bigint, timeoutMs: number): void;
  /** A session was heard from at a learner. */
  touched(sessionId: bigint, timeoutMs: number): void;
  /**
   * The answer to `Leader.barrier(question)`: this leader led at some moment after the call, and the tree has
   * everything that was outstanding then. Questions come back in the order of the calls.
   */
  barrierPassed(question: Question): void;
}

export interface LeaderEvents {
  /** A learner is about to get the history in this way, which leads it to `zxid`. */
  catchingUp(learner: LearnerLink, kind: CatchUpKind, zxid: Zxid): void;
  /**
   * A quorum has this leader's history: serve, and propose from the next zxid on. The tree's last zxid becomes
   * `epochStart` inside this call.
   */
  established(epochStart: Zxid): void;
  /** This server has proposal `zxid` on disk. Of those under way at once one is told of. */
  acknowledged(sid: number, zxid: Zxid): void;
  /** A hand-over that was under way came to nothing; writes that waited may be asked again. */
  transferFailed(reason: string): void;
  /** The role is over; back to LOOKING, or to the leader that it was handed over to. */
  stepDown(reason: string, next?: number): void;
}

/** The members as this peer keeps them, in files as well. */
export interface LeaderMembers {
  /** The transaction of a reconfiguration, before it is logged or sent; the members it proposes. */
  proposed(payload: Buffer): QuorumVerifier;
  /** It is decided. */
  activated(payload: Buffer): void;
  /** The members have a version now: proposed with NEWLEADER, and in force once this leader is established. */
  renumbered(verifier: QuorumVerifier): void;
}

export type CatchUpKind = 'diff' | 'trunc' | 'snap';

export interface LeaderPorts<Question> {
  readonly history: History;
  readonly log: LeaderLog;
  readonly epochs: EpochFiles;
  readonly clients: LeaderClients<Question>;
  readonly events: LeaderEvents;
  readonly members: LeaderMembers;
  /** Says when one of two voters may lead without the other one. */
  readonly oracle?: Oracle | undefined;
}

/** Whose links they are: a leader's, or those of a follower that serves observers. */
export interface LinksRole {
  readonly options: LinkOptions;
  readonly members: Memberships;
  readonly log: Log;
}

/** Shared by a leader with its parts; each of them takes of the ports what it needs. */
export interface LeaderRole extends LinksRole {
  readonly options: LeaderOptions;
  readonly ports: LeaderPorts<never>;
}
