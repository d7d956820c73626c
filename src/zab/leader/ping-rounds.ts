import { ProtocolError } from '../../base/errors.ts';
import { AckTracker } from '../../election/quorum/quorum-verifier.ts';
import { type Zxid, zxidHex } from '../../jute/zxid.ts';
import { bodyReader, QuorumPacket as Packet, PacketType, type QuorumPacket, readTimeout } from '../wire/packets.ts';
import type { LeaderClients, LinksRole } from './leader-ports.ts';
import type { LearnerLink } from './learner-link.ts';
import type { LearnerLinks } from './learner-links.ts';
import type { Memberships } from './memberships.ts';

/**
 * Whether this leader still led at a given moment: PINGs go out in numbered rounds. A round that a quorum answers
 * proves that this quorum had elected nobody else when the round was begun. See barriers.ts for why, and for which
 * question waits for which round. A voter without a history is told that it counts behind such a round as well.
 *
 * On the wire they are Apache's PINGs. A learner answers each one behind UPTODATE, in order and with its zxid, and adds
 * the sessions it has heard from.
 */
/** A leader, or a follower whose observers are asked for the sessions that they heard from. */
export interface AskingRole extends Pick<LinksRole, 'options' | 'members'> {
  readonly ports: { readonly clients: Pick<LeaderClients<never>, 'touched'> };
}

export class PingRounds {
  private readonly self: number;
  private readonly members: Memberships;
  private readonly clients: Pick<LeaderClients<never>, 'touched'>;
  private readonly links: LearnerLinks;
  /** The last zxid that was sent to learners. */
  private readonly sent: { readonly proposed: Zxid };
  private round = 0;

  constructor(role: AskingRole, links: LearnerLinks, sent: { readonly proposed: Zxid }) {
    this.self = role.options.self;
    this.members = role.members;
    this.clients = role.ports.clients;
    this.links = links;
    this.sent = sent;
  }

  /** The last one begun. */
  get lastRound(): number {
    return this.round;
  }

  begin(): void {
    this.round++;
    for (const link of this.links.values()) {
      if (link.phase === 'serving' && link.pings.mayPing) this.ping(link);
    }
  }

  /** Has a quorum, the leader included, answered this round or a later one? */
  isAnswered(round: number): boolean {
    const answered = new AckTracker(this.members.quorums);
    answered.add(this.self);
    for (const link of this.links.values()) {
      if (link.phase === 'serving' && link.voter && link.pings.answeredRound >= round) answered.add(link.sid);
    }
    return answered.hasAllQuorums();
  }

  onAnswer(link: LearnerLink, packet: QuorumPacket): void {
    if (!link.pings.onAnswer(packet.zxid)) {
      throw new ProtocolError(`answer to a PING that was not sent: ${zxidHex(packet.zxid)}`);
    }
    if (packet.data !== undefined && packet.data.length > 0) {
      const r = bodyReader(packet);
      while (r.remaining > 0) this.clients.touched(r.readLong(), readTimeout(r));
    }
  }

  /**
   * A learner that waits for others keeps its connection only while it hears something within syncLimit; it does not
   * answer yet, so this is no round.
   */
  comfort(): void {
    for (const link of this.links.values()) {
      if (link.phase === 'synced') link.wire.send(new Packet(PacketType.ping, this.sent.proposed));
    }
  }

  private ping(link: LearnerLink): void {
    link.pings.sent(this.round, this.sent.proposed);
    link.wire.send(new Packet(PacketType.ping, this.sent.proposed));
  }
}
