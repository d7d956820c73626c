import { assert } from '../../base/assert.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { AckTracker } from '../../election/quorum/quorum-verifier.ts';
import {
  epochOf,
  isWholeHistory,
  MAX_EPOCH,
  makeZxid,
  ZXID_NONE,
  ZXID_ZERO,
  type Zxid,
  zxidHex,
} from '../../jute/zxid.ts';
import type { EpochFiles } from '../epoch-files.ts';
import { leaderInfoBody } from '../wire/leader-info.ts';
import {
  QuorumPacket as Packet,
  PacketType,
  packetName,
  type QuorumPacket,
  readEpoch,
  readIntBody,
} from '../wire/packets.ts';
import { type HistoryKind, HistoryVotes } from './history-votes.ts';
import type { History, LeaderOptions, LeaderRole } from './leader-ports.ts';
import { claimedSid } from './learner-claim.ts';
import type { LearnerLink } from './learner-link.ts';
import type { LearnerLinks } from './learner-links.ts';
import type { Memberships } from './memberships.ts';
import type { Proposals } from './proposals.ts';

/**
 * Finds the epoch of this leader, and whether its history is the one: the first phase of ZAB, and the first two packets
 * of every learner, however late it comes.
 *
 *   FOLLOWERINFO, OBSERVERINFO   who it is and the epoch it has accepted. The new epoch is above those of a quorum
 *   LEADERINFO                   the new epoch
 *   ACKEPOCH                     accepted, and how far its own history goes. None of a quorum may be more recent than
 *                                the leader's: one that is does not count, and ends a leader that has no quorum without it
 *
 * A learner that comes when that is settled goes the same way and changes nothing. The next phase (synchronization.ts)
 * begins behind ACKEPOCH; history-votes.ts says which voters' histories count.
 */
export interface NextPhase {
  /** A quorum was synchronised. */
  readonly isEstablished: boolean;
  /** The leader's history is the one. `emptyCount`: voters without a history are among those who said so. */
  begin(emptyCount: boolean): void;
  /** A learner that has accepted the epoch, from then on. */
  synchronise(link: LearnerLink): void;
}

/**
 * So much higher than the leader's may an epoch be that one server says to have accepted. A server gets ahead by one each
 * time that a leader had a quorum and lost it at once. Without a limit a single word would use up all epochs for good.
 */
const MAX_EPOCH_JUMP = 1000;

/**
 * So long the others have for making a quorum when one says that it is ahead of the leader. Without the wait the word of one,
 * said early, would end every attempt. With a quorum of others it is a learner that comes late, and follows their history.
 */
const AHEAD_HALF_TICKS = 2;

export class Discovery {
  private readonly options: LeaderOptions;
  private readonly members: Memberships;
  private readonly history: History;
  private readonly epochs: Pick<EpochFiles, 'setAccepted'>;
  private readonly log: Log;
  private readonly links: LearnerLinks;
  private readonly proposals: Proposals;
  private readonly next: NextPhase;
  private readonly stepDown: (reason: string) => void;

  private epochWanted: number;
  private ownEpoch: number | undefined = undefined;
  private readonly connected: AckTracker;
  private readonly histories: HistoryVotes;
  /** Members that were heard to look for a leader, and have not followed this one since; in half ticks. */
  private readonly lookedAt = new Map<number, number>();
  /** Those who say that they are ahead of the leader, in which words, and since which half tick. */
  private readonly ahead = new Map<LearnerLink, { readonly claim: string; readonly since: number }>();
  private isHistoryKnown = false;
  private isFirstStart = false;

  constructor(
    role: LeaderRole,
    links: LearnerLinks,
    proposals: Proposals,
    next: NextPhase,
    stepDown: (reason: string) => void,
  ) {
    this.options = role.options;
    this.members = role.members;
    this.history = role.ports.history;
    this.epochs = role.ports.epochs;
    this.log = role.log;
    this.links = links;
    this.proposals = proposals;
    this.next = next;
    this.stepDown = stepDown;
    this.epochWanted = role.ports.history.acceptedEpoch + 1;
    this.connected = new AckTracker(this.members.quorums);
    this.histories = new HistoryVotes(this.members.all, this.members.quorums);
  }

  /** undefined until a quorum is connected. */
  get epoch(): number | undefined {
    return this.ownEpoch;
  }

  get isOver(): boolean {
    return this.isHistoryKnown;
  }

  begin(): void {
    this.connected.add(this.options.self);
    this.maybeChooseEpoch();
  }

  onInfo(link: LearnerLink, packet: QuorumPacket): void {
    if (packet.type !== PacketType.followerInfo && packet.type !== PacketType.observerInfo) {
      throw new ProtocolError(`${packetName(packet.type)} instead of FOLLOWERINFO or OBSERVERINFO`);
    }
    link.sid = claimedSid(packet, this.options, this.members);
    link.observer = packet.type === PacketType.observerInfo;
    link.voter = !link.observer && this.members.isVoter(link.sid);
    link.acceptedEpoch = readEpoch(packet);
    const own = this.ownEpoch ?? this.history.acceptedEpoch;
    if (link.acceptedEpoch > own + MAX_EPOCH_JUMP) {
      throw new ProtocolError(`${this.claimOf(link, own)}, further ahead than one server is believed`);
    }
  }

  /** Nobody else has its id. */
  admit(link: LearnerLink): void {
    if (this.ownEpoch !== undefined) {
      this.offerEpoch(link, this.ownEpoch);
      return;
    }
    this.links.enter(link, 'epoch');
    if (this.links.isMember(link.sid)) this.epochWanted = Math.max(this.epochWanted, link.acceptedEpoch + 1);
    if (link.voter) this.connected.add(link.sid);
    this.maybeChooseEpoch();
  }

  onAckEpoch(link: LearnerLink, packet: QuorumPacket): void {
    if (packet.type !== PacketType.ackEpoch) throw new ProtocolError(`${packetName(packet.type)} instead of ACKEPOCH`);
    const currentEpoch = readIntBody(packet);
    const isEmpty = packet.zxid === ZXID_NONE;
    if (currentEpoch < -1 || (packet.zxid < 0 && !isEmpty)) {
      throw new ProtocolError(`ACKEPOCH with epoch ${currentEpoch} and zxid ${zxidHex(packet.zxid)}`);
    }
    // A server accepts an epoch before it has it for its own, or anything logged in it.
    const latest = Math.max(currentEpoch, epochOf(packet.zxid));
    if (latest > Math.max(link.acceptedEpoch, this.ownEpoch ?? 0)) {
      throw new ProtocolError(`ACKEPOCH speaks of epoch ${latest}, and ${link.acceptedEpoch} was accepted last`);
    }
    link.lastZxid = isEmpty ? ZXID_ZERO : packet.zxid;
    link.catchUp.needsSnapshot = isEmpty;
    link.isEmpty = !link.observer && (isEmpty || (currentEpoch !== -1 && historyKind(link, currentEpoch) === 'empty'));
    this.links.enter(link, 'history');
    if (this.isHistoryKnown) {
      if (link.voter && this.isFirstStart && !this.next.isEstablished && !isNew(link, currentEpoch)) {
        this.stepDown(`voter ${link.sid} has a history, this is no first start`);
        return;
      }
      link.isUnproven = link.isEmpty;
      this.next.synchronise(link);
      return;
    }
    if (currentEpoch === -1) {
      // Accepted this epoch before. It is synchronised, and not counted: it cannot promise the same twice.
      if (link.voter) this.histories.addUncounted(link.sid);
      return;
    }
    if (this.isMoreRecent(currentEpoch, link.lastZxid)) {
      const claim = `learner ${link.sid} is ahead of us: epoch ${currentEpoch}, zxid ${zxidHex(link.lastZxid)}`;
      if (!link.voter) throw new ProtocolError(claim);
      this.histories.addUncounted(link.sid);
      this.ahead.set(link, { claim, since: this.links.now });
      return;
    }
    if (link.voter) this.histories.add(link.sid, link.isEmpty ? 'empty' : historyKind(link, currentEpoch));
    this.maybeKnowHistory();
  }

  onGone(link: LearnerLink): void {
    this.ahead.delete(link);
    if (link.voter && link.rivalry === undefined) this.histories.left(link.sid);
  }

  /** It follows; what it says of an epoch later on needs another sign that it looks for a leader. */
  onServing({ sid }: LearnerLink): void {
    this.lookedAt.delete(sid);
  }

  /** The election heard that `sid` looks for a leader. */
  onLooking(sid: number): void {
    if (this.links.isMember(sid)) this.lookedAt.set(sid, this.links.now);
    const patience = this.options.maxEpochWaitHalfTicks;
    if (patience === undefined || this.ownEpoch !== undefined) return;
    if (!this.members.all.every((verifier) => verifier.voters.has(sid))) return;
    if (this.links.now > patience) this.stepDown(`voter ${sid} looks for another leader`);
  }

  /** The claim of one that is ahead, once the others have had their time. */
  get overtaken(): string | undefined {
    if (this.isHistoryKnown) return undefined;
    for (const { claim, since } of this.ahead.values()) {
      if (this.links.now - since >= AHEAD_HALF_TICKS) return claim;
    }
    return undefined;
  }

  /** The step that is waited for, and who is there; to be said by a leader that has waited long enough. */
  get missing(): string {
    return this.ownEpoch === undefined
      ? `no quorum of learners connected, only ${[...this.connected.acks].join(',')}`
      : `no quorum of voters with a history accepted the epoch, only ${this.histories.sids.join(',')}`;
  }

  /** Those who are here may be enough now. */
  recount(): void {
    if (this.ownEpoch === undefined) this.maybeChooseEpoch();
    else this.maybeKnowHistory();
  }

  private maybeChooseEpoch(): void {
    if (!this.connected.has(this.options.self) || !this.connected.hasAllQuorums()) return;
    const epoch = this.members.epochFrom(this.epochWanted, this.connected.acks);
    if (epoch > MAX_EPOCH) {
      this.stepDown(`epoch ${epoch} is beyond ${MAX_EPOCH}`);
      return;
    }
    this.ownEpoch = epoch;
    this.proposals.begin(makeZxid(epoch, 0));
    this.links.cameNearer();
    this.epochs.setAccepted(epoch);
    this.log.info({ epoch, connected: [...this.connected.acks].join(',') }, 'new epoch');
    this.histories.add(this.options.self, this.ownHistoryKind());
    for (const link of this.links.values()) {
      if (link.phase === 'epoch') this.offerEpoch(link, epoch);
    }
    this.maybeKnowHistory();
  }

  /**
   * A member that comes later with a higher accepted epoch can follow nobody until there is a higher one still; the
   * only cure is another election, and one is enough. Apache's leaders leave such a member outside. Anyone can say this
   * here, so it is believed of a member that was heard to look for a leader on the election port a moment ago.
   */
  private offerEpoch(link: LearnerLink, epoch: number): void {
    if (link.acceptedEpoch > epoch) {
      const looked = this.lookedAt.get(link.sid);
      const isLooking = looked !== undefined && this.links.now - looked <= this.options.initLimitTicks * 2;
      if (isLooking) this.stepDown(this.claimOf(link, epoch));
      else this.links.drop(link, this.claimOf(link, epoch));
      return;
    }
    this.links.enter(link, 'ackEpoch');
    link.wire.send(new Packet(PacketType.leaderInfo, makeZxid(epoch, 0), leaderInfoBody()));
  }

  private maybeKnowHistory(): void {
    if (!this.histories.hasQuorum(this.options.self)) return;
    assert(this.ownEpoch !== undefined, 'an epoch is accepted when there is one');
    this.isHistoryKnown = true;
    this.isFirstStart = this.histories.isFirstStart;
    this.next.begin(this.histories.countsEmpty);
  }

  private ownHistoryKind(): HistoryKind {
    if (this.options.initialize === true) return 'fresh';
    const { currentEpoch, lastZxid } = this.history;
    return !this.options.empty && isWholeHistory(currentEpoch, lastZxid) ? 'some' : 'empty';
  }

  private isMoreRecent(currentEpoch: number, lastZxid: Zxid): boolean {
    const own = this.history.currentEpoch;
    return currentEpoch > own || (currentEpoch === own && lastZxid > this.history.lastZxid);
  }

  private claimOf({ sid, acceptedEpoch }: LearnerLink, epoch: number): string {
    return `learner ${sid} has accepted epoch ${acceptedEpoch}, ours is ${epoch}`;
  }
}

/** Of a learner that does not call itself empty. */
function historyKind(link: LearnerLink, currentEpoch: number): HistoryKind {
  if (isWholeHistory(currentEpoch, link.lastZxid)) return 'some';
  return link.lastZxid === ZXID_ZERO && link.acceptedEpoch === 0 ? 'fresh' : 'empty';
}

function isNew(link: LearnerLink, currentEpoch: number): boolean {
  return currentEpoch === 0 && link.lastZxid === ZXID_ZERO;
}
