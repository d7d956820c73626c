import { ProtocolError } from '../../base/errors.ts';
import { AckTracker } from '../../election/quorum/quorum-verifier.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { bodyReader, QuorumPacket as Packet, PacketType, type QuorumPacket } from '../wire/packets.ts';
import type { Broadcast } from './broadcast.ts';
import type { LeaderHost, LeaderOptions, LeaderRole } from './leader-host.ts';
import type { LearnerLink } from './learner-link.ts';
import type { LearnerLinks } from './learner-links.ts';

/**
 * Whether this leader still led at a given moment: PINGs go out in numbered rounds, and a round that a quorum answers
 * proves that nobody else had been elected by it when the round was begun. barriers.ts says why, and which question
 * waits for which round; a voter without a history is told that it counts behind such a round as well.
 *
 * On the wire they are Apache's PINGs. A learner answers each one behind UPTODATE, in order and with its zxid, and adds
 * the sessions it has heard from.
 */
export class PingRounds {
  private readonly options: LeaderOptions;
  private readonly host: Pick<LeaderHost, 'send' | 'touched'>;
  private readonly links: LearnerLinks;
  private readonly inFlight: Broadcast;
  private round = 0;

  constructor(role: LeaderRole, links: LearnerLinks, inFlight: Broadcast) {
    this.options = role.options;
    this.host = role.host;
    this.links = links;
    this.inFlight = inFlight;
  }

  /** The last one begun. */
  get lastRound(): number {
    return this.round;
  }

  begin(): void {
    this.round++;
    for (const link of this.links.values()) {
      if (link.phase === 'serving' && link.mayPing) this.ping(link);
    }
  }

  /** Has a quorum, the leader included, answered this round or a later one? */
  isAnswered(round: number): boolean {
    const answered = new AckTracker(this.options.verifiers);
    answered.add(this.options.self);
    for (const link of this.links.values()) {
      if (link.phase === 'serving' && link.voter && link.answeredRound >= round) answered.add(link.sid);
    }
    return answered.hasAllQuorums();
  }

  onAnswer(link: LearnerLink, packet: QuorumPacket): void {
    const ping = link.pings.shift();
    if (ping === undefined || ping.zxid !== packet.zxid) {
      throw new ProtocolError(`answer to a PING that was not sent: ${zxidHex(packet.zxid)}`);
    }
    if (packet.data !== undefined && packet.data.length > 0) {
      const r = bodyReader(packet);
      while (r.remaining > 0) this.host.touched(link.sid, r.readLong(), r.readInt());
    }
    link.answeredRound = ping.round;
  }

  /**
   * A learner that waits for others keeps its connection only while it hears something within syncLimit; it does not
   * answer yet, so this is no round.
   */
  comfort(): void {
    for (const link of this.links.values()) {
      if (link.phase === 'synced') this.host.send(link.id, new Packet(PacketType.ping, this.inFlight.proposed));
    }
  }

  private ping(link: LearnerLink): void {
    link.pings.push({ round: this.round, zxid: this.inFlight.proposed });
    this.host.send(link.id, new Packet(PacketType.ping, this.inFlight.proposed));
  }
}
