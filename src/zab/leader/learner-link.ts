import { ProtocolError } from '../../base/errors.ts';
import { ZXID_NONE, ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { LinkCounts } from '../wire/link-counts.ts';
import { PacketType, packetName, QuorumPacket, revalidatedBody } from '../wire/packets.ts';
import type { PacketSource, RawSource } from '../wire/sources.ts';
import { AckWatch } from './ack-watch.ts';
import { CommitOrder } from './commit-order.ts';
import { OpenPings } from './open-pings.ts';

/**
 * One learner as its leader sees it: the wire to it, what it said of itself, how far it has come, and when the leader has
 * waited long enough. It also stands for the sessions whose clients are connected there.
 *
 *   info       FOLLOWERINFO or OBSERVERINFO is due
 *   rival      another learner has its id, see rivals.ts
 *   epoch      the leader has no epoch yet
 *   ackEpoch   LEADERINFO is out, ACKEPOCH is due
 *   history    the leader does not know yet whether its history is the one
 *   syncing    DIFF, TRUNC or SNAP and NEWLEADER are out, the acknowledgement of NEWLEADER is due
 *   synced     acknowledged; the leader is not established yet, or has to prove itself first
 *   serving    UPTODATE is out
 */
export type LinkPhase = 'info' | 'rival' | 'epoch' | 'ackEpoch' | 'history' | 'syncing' | 'synced' | 'serving';

export interface LinkLimits {
  /** For the first packet: a learner sends it as soon as it is connected. */
  readonly firstPacketHalfTicks: number;
  readonly initHalfTicks: number;
  readonly syncHalfTicks: number;
}

/** The leader's end of the connection. The shape of a LinkStream. */
export interface LearnerWire {
  /** Address and port, and the address alone. */
  readonly remoteAddress: string;
  readonly remoteHost: string;
  /** Longer packets end the wire. */
  maxPacketBytes: number;
  /** Given to the wire and not yet taken by the network: what waits in memory. */
  readonly queuedBytes: number;
  readonly queuedPackets: number;
  readonly counts: LinkCounts;
  /** Of a packet that has not come in whole. */
  readonly heldBytes: number;
  /** Ever taken by the network from this wire: grows while the neighbour reads. */
  readonly sentBytes: number;
  /** In the order of the calls, now or when the neighbour takes it; never blocks, never drops while it is open. */
  send(packet: QuorumPacket): void;
  /** The packets of `source`, in the same order, pulled as the network takes them. `destroy` may come from inside `next`. */
  sendFrom(source: PacketSource): void;
  /** The raw bytes, then the string "BenWasHere", in the same order. */
  sendRaw(raw: RawSource): void;
  /** Nothing of it is delivered any more. */
  destroy(): void;
}

/** Another learner has its id. */
export interface Rivalry {
  readonly older: LearnerLink;
  /** The last round of PINGs when this one came; the answer to a later one proves that `older` lives. */
  readonly round: number;
  /** In half ticks. */
  readonly since: number;
}

/** From ACKEPOCH until the learner serves. */
interface CatchUp {
  kind: 'diff' | 'trunc' | 'snap' | undefined;
  /** It does not say where it stands, which may be anywhere: only a snapshot will do. */
  needsSnapshot: boolean;
  /** A snapshot for this learner has to have at least this; undefined until its way is planned. */
  snapshotFrom: Zxid | undefined;
  /** The round of PINGs, or a later one, that proves to it that the leader still leads. */
  provenBy: number;
  /** Where the transactions of a DIFF or TRUNC come from. */
  source: { close(): void } | undefined;
}

export class LearnerLink {
  readonly wire: LearnerWire;
  phase: LinkPhase = 'info';
  /** Negative until the learner has said who it is. */
  sid = -1;
  observer = false;
  /** A participant of the configuration that asked to follow: only those are ever counted. */
  voter = false;
  acceptedEpoch = 0;
  /** From ACKEPOCH. */
  lastZxid: Zxid = ZXID_ZERO;
  /** A voter without a history; and whether it counts in nothing until the leader has proved that it still leads. */
  isEmpty = false;
  isUnproven = false;
  /** Gets what is proposed and committed from now on. */
  forwarding = false;
  /** While it waits whether it is let in. */
  rivalry: Rivalry | undefined = undefined;
  readonly catchUp: CatchUp = {
    kind: undefined,
    needsSnapshot: false,
    snapshotFrom: undefined,
    provenBy: 0,
    source: undefined,
  };
  readonly pings = new OpenPings();
  readonly commits = new CommitOrder();
  readonly acks = new AckWatch();
  /** In half ticks. */
  heardAt: number;
  private sentBytes = 0;
  private hadBytesWaiting = false;

  constructor(wire: LearnerWire, now: number) {
    this.wire = wire;
    this.heardAt = now;
  }

  /** As the owner of sessions, and in log lines. */
  get ownerName(): string {
    return `learner ${this.wire.remoteAddress}`;
  }

  /** The answer to LeaderClients.revalidateFor, at once or later. */
  answerRevalidate(sessionId: bigint, valid: boolean): void {
    this.wire.send(new QuorumPacket(PacketType.revalidate, ZXID_NONE, revalidatedBody(sessionId, valid)));
  }

  /**
   * While it catches up, a neighbour that reads is alive, however long a large snapshot takes (ZOOKEEPER-1697). But a
   * place among those who catch up is not kept by a byte now and then. Whether it took enough since it was heard last.
   */
  tookBytes(now: number, leastPerHalfTick: number): boolean {
    const taken = this.wire.sentBytes - this.sentBytes;
    // The rest of what waited may be less than that. Packets sent since are no sign of life: for a time the kernel here
    // takes it in the name of a neighbour that is gone.
    const isRest = this.hadBytesWaiting && this.wire.queuedBytes === 0;
    this.hadBytesWaiting = this.wire.queuedBytes > 0;
    if (taken === 0 || (taken < leastPerHalfTick * (now - this.heardAt) && !isRest)) return false;
    this.sentBytes += taken;
    this.heardAt = now;
    return true;
  }

  /** Why this link should be given up, if it should. `now` counts half ticks. */
  overdue(now: number, limits: LinkLimits): string | undefined {
    const silent = now - this.heardAt;
    switch (this.phase) {
      case 'info':
        return silent > limits.firstPacketHalfTicks ? 'the learner was silent while joining' : undefined;
      case 'rival':
      case 'ackEpoch':
        return silent > limits.initHalfTicks ? 'the learner was silent while joining' : undefined;
      case 'syncing':
        return silent > limits.initHalfTicks ? 'synchronising made no progress' : undefined;
      case 'serving':
        if (silent > limits.syncHalfTicks) return 'the learner was silent';
        if (!this.observer && this.acks.isOverdue(now, limits.syncHalfTicks)) return 'a proposal was not acknowledged';
        return undefined;
      default:
        // It waits for the leader, whose own limits apply.
        return undefined;
    }
  }
}

/** Throws ProtocolError for a packet that only a learner with UPTODATE may send. */
export function expectServing(link: LearnerLink, packet: QuorumPacket): void {
  if (link.phase !== 'serving') throw new ProtocolError(`${packetName(packet.type)} before UPTODATE`);
}
