import { ZXID_ZERO, type Zxid } from '../../../jute/zxid.ts';
import { designatedLeaderBody, QuorumPacket as Packet, PacketType } from '../../wire/packets.ts';
import type { LearnerLink } from '../learner-link.ts';
import type { LearnerLinks } from '../learner-links.ts';
import type { Memberships } from '../memberships.ts';
import type { Proposals } from '../proposals.ts';
import { successorAmong } from './successor.ts';

/**
 * A planned hand-over: no more is proposed, a follower that has everything takes over, and all others are told of it. So
 * the next epoch begins without an election, and nothing that was proposed is lost.
 *
 *   HANDOVER to followers    would you lead? They answer with the same. Apache's servers pass it over
 *   HANDOVER to all          the one named leads from now on
 *
 * The packet is ours. Where no server of ours follows there is no hand-over, and this leader leads on; the others wait for
 * an election when it is stopped, as they ever did.
 */
/** A question is answered at once; what was proposed is on disks soon. */
const ANSWER_HALF_TICKS = 2;
const CATCH_UP_HALF_TICKS = 4;

export class Transfer {
  private readonly links: LearnerLinks;
  private readonly proposals: Proposals;
  private readonly members: Memberships;
  private readonly willing = new Set<LearnerLink>();
  /** In half ticks; undefined: none is under way. */
  private since: number | undefined = undefined;
  private wanted: number | undefined = undefined;

  constructor(links: LearnerLinks, proposals: Proposals, members: Memberships) {
    this.links = links;
    this.proposals = proposals;
    this.members = members;
  }

  get isUnderWay(): boolean {
    return this.since !== undefined;
  }

  /** `to` undefined: whoever has the most. The reason why it cannot be, or undefined. */
  begin(to: number | undefined): string | undefined {
    if (this.members.all.length > 1) return 'a reconfiguration is not decided yet';
    const asked = this.candidates().filter((link) => to === undefined || link.sid === to);
    if (asked.length === 0) return to === undefined ? 'no voter follows' : `server ${to} is no voter that follows`;
    this.since = this.links.now;
    this.wanted = to;
    this.willing.clear();
    for (const link of asked)
      link.wire.send(new Packet(PacketType.handOver, ZXID_ZERO, designatedLeaderBody(link.sid)));
    return undefined;
  }

  onWilling(link: LearnerLink): void {
    if (this.isUnderWay) this.willing.add(link);
  }

  /** The follower that takes over, when one has everything that was proposed. */
  get successor(): number | undefined {
    if (this.since === undefined || this.proposals.outstanding > 0) return undefined;
    const ready = this.candidates().filter((link) => this.willing.has(link) && this.hasAll(link));
    return successorAmong(ready, this.proposals, this.members.inForce);
  }

  /** Why it came to nothing, when it took too long; it is over then. */
  takeFailure(): string | undefined {
    const { failure } = this;
    if (failure !== undefined) this.end();
    return failure;
  }

  private get failure(): string | undefined {
    if (this.since === undefined) return undefined;
    const took = this.links.now - this.since;
    if (this.willing.size === 0)
      return took >= ANSWER_HALF_TICKS ? 'no server of ours that follows has answered' : undefined;
    return took >= CATCH_UP_HALF_TICKS ? 'no follower has everything yet' : undefined;
  }

  /** Tells all learners who leads; those who have answered go by themselves then. */
  complete(leader: number): readonly LearnerLink[] {
    const servers = [...this.willing];
    this.end();
    for (const link of this.links.values()) {
      if (link.phase === 'serving')
        link.wire.send(new Packet(PacketType.handOver, this.proposals.committed, designatedLeaderBody(leader)));
    }
    return servers;
  }

  /** False: none is under way, or the others are told already. */
  giveUp(): boolean {
    const { isUnderWay } = this;
    this.end();
    return isUnderWay;
  }

  private end(): void {
    this.since = undefined;
    this.willing.clear();
  }

  private candidates(): LearnerLink[] {
    const { inForce } = this.members;
    return this.links
      .followers()
      .filter(
        (link) =>
          inForce.weightOf(link.sid) > 0 && (this.wanted === undefined || !this.isUnderWay || link.sid === this.wanted),
      );
  }

  /** It acknowledged the last proposal, or was synchronised behind it. */
  private hasAll({ sid, catchUp }: LearnerLink): boolean {
    const { proposed, opened } = this.proposals;
    return proposed === opened || Math.max(this.proposals.ackOf(sid), catchUp.snapshotFrom as Zxid) >= proposed;
  }
}
