import { Fifo } from '../../base/fifo.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { QuorumPacket } from '../wire/packets.ts';

/**
 * How far one learner's connection has come, as its leader sees it, and when the leader has waited long enough.
 *
 *   info       FOLLOWERINFO or OBSERVERINFO is due
 *   epoch      the leader has no epoch yet
 *   ackEpoch   LEADERINFO is out, ACKEPOCH is due
 *   history    the leader does not know yet whether its history is the one
 *   syncing    DIFF, TRUNC or SNAP and NEWLEADER are out, the acknowledgement of NEWLEADER is due
 *   synced     acknowledged; the leader is not established yet, or has to prove itself first
 *   serving    UPTODATE is out
 */
export type LinkPhase = 'info' | 'epoch' | 'ackEpoch' | 'history' | 'syncing' | 'synced' | 'serving';

/** Beyond this many unanswered PINGs a link takes part only in the rounds of the half ticks. */
const MAX_OPEN_PINGS = 64;

export interface Ping {
  readonly round: number;
  readonly zxid: Zxid;
}

export interface LinkLimits {
  readonly initHalfTicks: number;
  readonly syncHalfTicks: number;
}

export class LearnerLink {
  readonly id: number;
  phase: LinkPhase = 'info';
  /** Negative until the learner has said who it is. */
  sid = -1;
  observer = false;
  /** A participant of the configuration that asked to follow: only those are ever counted. */
  voter = false;
  acceptedEpoch = 0;
  /** From ACKEPOCH. */
  lastZxid: Zxid = ZXID_ZERO;
  /** A voter without a history; and whether it counts in nothing until the leader has proved that it still leads, ... */
  isEmpty = false;
  isUnproven = false;
  /** ... by this round of PINGs or a later one. */
  provenBy = 0;
  /** It does not say where it stands, which may be anywhere: only a snapshot will do. */
  needsSnapshot = false;
  /** A snapshot for this learner has to have at least this; undefined until its synchronisation is planned. */
  snapshotFrom: Zxid | undefined = undefined;
  syncKind: 'diff' | 'trunc' | 'snap' | undefined = undefined;
  /** Gets what is proposed and committed from now on. */
  forwarding = false;
  /** The highest proposal acknowledged before acknowledgements count; before NEWLEADER's, even (ZOOKEEPER-4685). */
  earlyAck: Zxid = ZXID_ZERO;

  /** What was proposed last when each `sync` was asked that is not answered, and what waits for those answers. */
  private readonly syncs = new Fifo<Zxid>(8);
  private readonly held = new Fifo<QuorumPacket>(8);

  readonly pings = new Fifo<Ping>(8);
  answeredRound = 0;

  private heardAt: number;
  private sentBytes = 0;
  /** One proposal whose acknowledgement is waited for, and the last one sent; ZXID_ZERO: none. */
  private watched: Zxid = ZXID_ZERO;
  private watchedSince = 0;
  private lastSent: Zxid = ZXID_ZERO;

  constructor(id: number, now: number) {
    this.id = id;
    this.heardAt = now;
  }

  get mayPing(): boolean {
    return this.pings.length < MAX_OPEN_PINGS;
  }

  syncAsked(proposed: Zxid): void {
    this.syncs.push(proposed);
  }

  /**
   * A COMMIT or INFORM of what was proposed behind a `sync` goes out behind its answer. Apache's learners expect both in
   * the order in which they forwarded the requests: one that comes too early is not recognised as their own client's,
   * and none of that server's clients has an answer to a write from then on. False: to be sent now.
   */
  holds(commit: QuorumPacket): boolean {
    const asked = this.syncs.peek();
    if (asked === undefined || commit.zxid <= asked) return false;
    this.held.push(commit);
    return true;
  }

  /** The oldest `sync` is answered. */
  syncAnswered(): void {
    this.syncs.shift();
  }

  /** The next of what was held and may go. */
  takeHeld(): QuorumPacket | undefined {
    const commit = this.held.peek();
    if (commit === undefined) return undefined;
    const asked = this.syncs.peek();
    return asked === undefined || commit.zxid <= asked ? this.held.shift() : undefined;
  }

  enter(phase: LinkPhase, now: number): void {
    this.phase = phase;
    this.heardAt = now;
  }

  heard(now: number): void {
    this.heardAt = now;
  }

  /**
   * While synchronising, a neighbour that reads is alive, however long a large snapshot takes (ZOOKEEPER-1697).
   * Whether it took anything since the last time.
   */
  tookBytes(sentBytes: number, now: number): boolean {
    if (sentBytes === this.sentBytes) return false;
    this.sentBytes = sentBytes;
    this.heardAt = now;
    return true;
  }

  /** A proposal went out to a learner that serves; before, it has more to do than to acknowledge. */
  proposed(zxid: Zxid, now: number): void {
    this.lastSent = zxid;
    if (this.watched === ZXID_ZERO) this.watch(zxid, now);
  }

  acked(zxid: Zxid, now: number): void {
    if (this.watched === ZXID_ZERO || zxid < this.watched) return;
    this.watch(zxid < this.lastSent ? this.lastSent : ZXID_ZERO, now);
  }

  /** Why this link should be given up, if it should. `now` counts half ticks. */
  overdue(now: number, limits: LinkLimits): string | undefined {
    const silent = now - this.heardAt;
    switch (this.phase) {
      case 'info':
      case 'ackEpoch':
        return silent > limits.initHalfTicks ? 'the learner was silent while joining' : undefined;
      case 'syncing':
        return silent > limits.initHalfTicks ? 'synchronising made no progress' : undefined;
      case 'serving':
        if (silent > limits.syncHalfTicks) return 'the learner was silent';
        if (this.watched !== ZXID_ZERO && now - this.watchedSince > limits.syncHalfTicks && !this.observer) {
          return 'a proposal was not acknowledged';
        }
        return undefined;
      default:
        // It waits for the leader, whose own limits apply.
        return undefined;
    }
  }

  private watch(zxid: Zxid, now: number): void {
    this.watched = zxid;
    this.watchedSince = now;
  }
}
