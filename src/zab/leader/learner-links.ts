import { assert } from '../../base/assert.ts';
import { protocolError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { AckTracker } from '../../election/quorum/quorum-verifier.ts';
import type { QuorumPacket } from '../wire/packets.ts';
import type { CatchUpKind, LinkOptions, LinksRole } from './leader-ports.ts';
import { LearnerLink, type LearnerWire, type LinkLimits, type LinkPhase } from './learner-link.ts';
import { displacedBy } from './link-places.ts';
import type { Memberships } from './memberships.ts';

/**
 * The connections of all learners, and the leader's patience: which of them are given up and why. It says whether those
 * that are left make a quorum, and for how long nothing has come nearer. Time is counted in half ticks, see
 * LeaderPorts.
 *
 * Only participants of a membership that came with FOLLOWERINFO are counted (ZOOKEEPER-2959).
 */
export interface LinkInfo {
  readonly sid: number;
  readonly observer: boolean;
  readonly voter: boolean;
  readonly phase: LinkPhase;
  /** Being synchronised, in this way. */
  readonly catchingUp: CatchUpKind | undefined;
  readonly wire: LearnerWire;
}

/** Two ticks. */
const FIRST_PACKET_HALF_TICKS = 4;

export class LearnerLinks {
  private readonly options: LinkOptions;
  private readonly members: Memberships;
  private readonly log: Log;
  private readonly limits: LinkLimits;
  /** A link is not in the book any more, whichever side closed it. */
  private readonly onGone: (link: LearnerLink) => void;
  private readonly links = new Set<LearnerLink>();
  /** Connections that made room or found none, since the last half tick. */
  private turnedAway = 0;
  private halfTicks = 0;
  private nearerAt = 0;

  constructor(role: LinksRole, onGone: (link: LearnerLink) => void) {
    const { options } = role;
    this.options = options;
    this.members = role.members;
    this.log = role.log;
    const initHalfTicks = options.initLimitTicks * 2;
    this.limits = {
      firstPacketHalfTicks: Math.min(FIRST_PACKET_HALF_TICKS, initHalfTicks),
      initHalfTicks,
      syncHalfTicks: options.syncLimitTicks * 2,
    };
    this.onGone = onGone;
  }

  /** Half ticks since the leader's start. */
  get now(): number {
    return this.halfTicks;
  }

  has(link: LearnerLink): boolean {
    return this.links.has(link);
  }

  values(): IterableIterator<LearnerLink> {
    return this.links.values();
  }

  infos(): LinkInfo[] {
    const infos: LinkInfo[] = [];
    for (const { sid, observer, voter, phase, wire, catchUp } of this.links) {
      const catchingUp = phase === 'syncing' ? catchUp.kind : undefined;
      infos.push({ sid, observer, voter, phase, catchingUp, wire });
    }
    return infos;
  }

  /** undefined: there is no place for it, and the wire is closed. */
  open(wire: LearnerWire): LearnerLink | undefined {
    const displaced = displacedBy(wire.remoteHost, this.links, (sid) => this.isMember(sid));
    if (displaced === 'newcomer') {
      this.turnedAway++;
      wire.destroy();
      return undefined;
    }
    if (displaced !== undefined) {
      this.turnedAway++;
      this.forget(displaced);
      displaced.wire.destroy();
    }
    const link = new LearnerLink(wire, this.now);
    this.links.add(link);
    return link;
  }

  /** `handle` takes the packet of a learner; what it throws ends the link. */
  receive(link: LearnerLink, packet: QuorumPacket, handle: (link: LearnerLink, packet: QuorumPacket) => void): void {
    if (!this.has(link)) return;
    // While it catches up, it is taking what is sent that shows life, not words that nobody asked for.
    if (link.phase !== 'syncing') link.heardAt = this.now;
    try {
      handle(link, packet);
    } catch (error) {
      this.drop(link, protocolError(error).message);
    }
  }

  enter(link: LearnerLink, phase: LinkPhase): void {
    assert(isAhead(link.phase, phase), 'a link goes forward only');
    link.phase = phase;
    link.heardAt = this.now;
    if (phase === 'serving' && link.voter) this.members.voterFollows();
  }

  /** Its wire is closed, and not by us. */
  onClosed(link: LearnerLink): void {
    if (this.links.has(link)) this.forget(link);
  }

  drop(link: LearnerLink, reason: string): void {
    this.forget(link);
    const { ownerName: learner, sid, phase } = link;
    this.log.warn({ learner, sid, phase, reason }, 'closing the link to a learner');
    link.wire.destroy();
  }

  /** The role is over. */
  closeAll(): void {
    for (const link of this.links) link.wire.destroy();
    this.links.clear();
  }

  isMember(sid: number): boolean {
    return this.members.isMember(sid);
  }

  /** Other members count from now on. */
  membersChanged(): void {
    for (const link of this.links) link.voter = link.sid >= 0 && !link.observer && this.members.isVoter(link.sid);
  }

  /** Servers that follow, are synchronised, and acknowledge; observers do not. */
  followers(): LearnerLink[] {
    return [...this.links].filter((link) => link.phase === 'serving' && !link.observer);
  }

  /** Before a quorum was synchronised whoever is connected is waited for; later on only those that follow count. */
  askOracle(isEstablished: boolean): void {
    const isHere = [...this.links].some(({ voter, phase }) => voter && (!isEstablished || phase === 'serving'));
    if (isHere) this.members.voterFollows();
    else this.members.askOracle(this.now);
  }

  /** To all that follow what is proposed. `inform` is for observers, who have not seen the proposal. */
  tellCommitted(commit: QuorumPacket, makeInform: () => QuorumPacket): void {
    let inform: QuorumPacket | undefined;
    for (const link of this.links) {
      if (!link.forwarding) continue;
      if (link.observer) inform ??= makeInform();
      const packet = link.observer ? (inform as QuorumPacket) : commit;
      if (!link.commits.holds(packet)) link.wire.send(packet);
    }
  }

  /** The leader's next step has come nearer, or is another one now. */
  cameNearer(): void {
    this.nearerAt = this.now;
  }

  /** Nothing has come nearer for longer than initLimit. */
  get isStuck(): boolean {
    return this.now - this.nearerAt > this.limits.initHalfTicks;
  }

  onHalfTick(): void {
    this.halfTicks++;
    // One line for all of them: a host that opens connections as fast as it can should not fill the log as well.
    if (this.turnedAway > 0) {
      this.log.warn({ connections: this.turnedAway }, 'more connections to the quorum port than there are places');
      this.turnedAway = 0;
    }
    for (const link of this.links) this.watch(link);
    this.boundMemory();
  }

  /** A learner that is being synchronised is there, too; its own limits say for how long. */
  hasQuorum(): boolean {
    const connected = new AckTracker(this.members.quorums);
    connected.add(this.options.self);
    for (const link of this.links) {
      if (link.voter && !(link.isUnproven && link.phase !== 'serving')) connected.add(link.sid);
    }
    return connected.hasAllQuorums();
  }

  private watch(link: LearnerLink): void {
    if (link.phase === 'syncing' && link.tookBytes(this.now, this.options.leastCatchUpBytes) && link.voter) {
      this.cameNearer();
    }
    const reason =
      link.wire.queuedBytes > (this.options.limits?.maxLinkQueueBytes ?? this.options.maxLinkQueueBytes)
        ? 'the learner takes less than is sent to it'
        : link.overdue(this.now, this.limits);
    if (reason !== undefined) this.drop(link, reason);
  }

  /** Each link has its limits; all of them together have another, and the largest goes first, a voter last. */
  private boundMemory(): void {
    let total = 0;
    for (const link of this.links) total += memoryOf(link);
    while (total > this.options.maxBytes) {
      let largest: LearnerLink | undefined;
      for (const link of this.links) {
        if (largest === undefined || goesBefore(link, largest)) largest = link;
      }
      if (largest === undefined) return;
      total -= memoryOf(largest);
      this.drop(largest, 'too much waits for all learners together');
    }
  }

  private forget(link: LearnerLink): void {
    this.links.delete(link);
    this.onGone(link);
  }
}

const PHASES: readonly LinkPhase[] = ['info', 'rival', 'epoch', 'ackEpoch', 'history', 'syncing', 'synced', 'serving'];

function isAhead(from: LinkPhase, to: LinkPhase): boolean {
  return PHASES.indexOf(to) > PHASES.indexOf(from);
}

function goesBefore(link: LearnerLink, other: LearnerLink): boolean {
  if (link.voter !== other.voter) return other.voter;
  return memoryOf(link) > memoryOf(other);
}

/** Waiting in either direction. */
function memoryOf({ wire }: LearnerLink): number {
  return wire.queuedBytes + wire.heldBytes;
}
