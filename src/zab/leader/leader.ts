import { assert } from '../../base/assert.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { leadsOn } from '../../election/quorum/leads-on.ts';
import { OpCode } from '../../jute/codes.ts';
import { counterOf, MAX_COUNTER, ZXID_ZERO, type Zxid, zxidHex } from '../../jute/zxid.ts';
import {
  designatedLeaderBody,
  QuorumPacket as Packet,
  PacketType,
  packetName,
  type QuorumPacket,
  readRequest,
  readRevalidate,
} from '../wire/packets.ts';
import { isReconfig } from '../wire/txn-header.ts';
import { AckWatch } from './ack-watch.ts';
import { type Barrier, Barriers } from './barriers.ts';
import { Discovery } from './discovery.ts';
import { HandOver } from './hand-over/hand-over.ts';
import { successorAmong } from './hand-over/successor.ts';
import { Transfer } from './hand-over/transfer.ts';
import type { Entry, LeaderLimits, LeaderOptions, LeaderPorts, TxnMaker } from './leader-ports.ts';
import { expectServing, type LearnerLink, type LearnerWire } from './learner-link.ts';
import { LearnerLinks, type LinkInfo } from './learner-links.ts';
import { LoneLead } from './lone-lead.ts';
import { Memberships } from './memberships.ts';
import { PingRounds } from './ping-rounds.ts';
import { Proposals } from './proposals.ts';
import { Rivals } from './rivals.ts';
import { Synchronization } from './synchronization.ts';

/**
 * The leader's side of ZAB, as ZooKeeper 3.4 and later speak it ("Zab 1.0"):
 *
 *   discovery         a quorum says which epochs it has accepted; the next one is accepted by a quorum, which shows
 *                     its history with that, and none of it may be more recent than the leader's
 *   synchronization   every learner gets the leader's history; a quorum has it on disk and acknowledges NEWLEADER
 *   broadcast         proposals, in zxid order, committed when a quorum has them on disk
 *
 * It decides and never does: it asks its ports for what it wants, in order. The first two phases are in discovery.ts
 * and synchronization.ts, and every learner goes through them. The third is here, and who is told of which event. The
 * learners are in learner-links.ts, and the proposals under way in proposals.ts. Whether this leader still leads is in
 * ping-rounds.ts, what `sync` waits for in barriers.ts, and how another server comes to lead in hand-over/.
 *
 * A learner's acknowledgements of proposals count only behind its acknowledgement of NEWLEADER. Before that its
 * currentEpoch may be the old one, and with it the proposal would lose the next election. (ZOOKEEPER-4685 is about
 * tolerating them, no more.)
 *
 * A reconfiguration is a proposal that says who acknowledges it (memberships.ts). The leader that is none in the new
 * membership names another one when it is decided, decides nothing behind it, and ends when its learners have left.
 */
export type ZabPhase = 'discovery' | 'synchronization' | 'broadcast' | 'ended';

/** So many transactions are left of an epoch when the next one is to begin. */
const ROLL_OVER_AT = 2 ** 16;

/** `Question`: of whoever asks for a barrier; it is handed back. */
export class Leader<Question> {
  private readonly self: number;
  private readonly limits: LeaderLimits | undefined;
  private readonly lastCounter: number;
  private readonly syncHalfTicks: number;
  private readonly ports: LeaderPorts<Question>;
  private readonly log: Log;

  private readonly members: Memberships;
  private readonly links: LearnerLinks;
  private readonly proposals: Proposals;
  private readonly rounds: PingRounds;
  private readonly barriers: Barriers<Question>;
  private readonly synchronization: Synchronization;
  private readonly discovery: Discovery;
  private readonly rivals: Rivals;
  private readonly planned: Transfer;
  /** The leader's disk is held to what every learner's is. */
  private readonly ownAcks = new AckWatch();
  private isOver = false;
  private hasRolledOver = false;
  /** Another one leads from now on. */
  private handedOver: HandOver | undefined = undefined;

  constructor(options: LeaderOptions, ports: LeaderPorts<Question>, log: Log) {
    this.self = options.self;
    this.limits = options.limits;
    this.lastCounter = options.maxCounter ?? MAX_COUNTER - 1;
    this.syncHalfTicks = options.syncLimitTicks * 2;
    this.ports = ports;
    this.log = log;
    this.members = new Memberships(options.verifiers, new LoneLead(options.self, ports.oracle, log));
    const role = { options, ports, members: this.members, log };
    this.links = new LearnerLinks(role, (link) => this.onGone(link));
    this.proposals = new Proposals(options.self, this.members);
    this.rounds = new PingRounds(role, this.links, this.proposals);
    this.barriers = new Barriers(this.rounds, {
      isReached: (barrier) => this.isReached(barrier),
      pass: (barrier) => this.pass(barrier),
    });
    this.synchronization = new Synchronization(role, this.links, this.proposals, this.rounds, (link) =>
      this.onServing(link),
    );
    this.discovery = new Discovery(role, this.links, this.proposals, this.synchronization, (reason) =>
      this.stepDown(reason),
    );
    this.planned = new Transfer(this.links, this.proposals, this.members);
    this.rivals = new Rivals(this.links, this.rounds, (link) => this.discovery.admit(link));
  }

  get phase(): ZabPhase {
    if (this.isOver) return 'ended';
    if (this.synchronization.isEstablished) return 'broadcast';
    return this.discovery.isOver ? 'synchronization' : 'discovery';
  }

  /** undefined until a quorum is connected. */
  get epoch(): number | undefined {
    return this.discovery.epoch;
  }

  get lastProposed(): Zxid {
    return this.proposals.proposed;
  }

  get lastCommitted(): Zxid {
    return this.proposals.committed;
  }

  get pendingSyncs(): number {
    return this.barriers.pending;
  }

  /** Those that are synchronised and serve, and this leader. */
  get following(): ReadonlySet<number> {
    return new Set([this.self, ...this.links.followers().map(({ sid }) => sid)]);
  }

  linkInfos(): LinkInfo[] {
    return this.links.infos();
  }

  start(): void {
    assert(this.links.now === 0 && this.phase === 'discovery', 'a leader starts once');
    this.discovery.begin();
  }

  // Learners' connections.

  /** undefined: it was refused, and is closed. */
  onLinkOpened(wire: LearnerWire): LearnerLink | undefined {
    return this.links.open(wire);
  }

  onLinkClosed(link: LearnerLink): void {
    this.links.onClosed(link);
  }

  onPacket(link: LearnerLink, packet: QuorumPacket): void {
    this.links.receive(link, packet, this.handle);
  }

  /** The election heard that `sid` looks for a leader. */
  onVoterLooking(sid: number): void {
    this.discovery.onLooking(sid);
  }

  onHalfTick(): void {
    this.links.onHalfTick();
    this.rivals.onHalfTick();
    if (this.isOver) return;
    if (this.phase === 'broadcast') this.tickBroadcast();
    else this.tickBeforeBroadcast();
  }

  // Proposals.

  /** The next zxid goes to `maker`, and the bytes that come back to the log and to every learner. */
  propose<Asked>(maker: TxnMaker<Asked>, asked: Asked): void {
    assert(this.phase === 'broadcast', 'only an established leader proposes');
    if (this.handedOver !== undefined) return;
    const zxid = this.nextZxid();
    if (zxid === undefined) return;
    const payload = maker.makeTxn(asked, zxid);
    if (isReconfig(payload)) {
      this.members.propose(this.ports.members.proposed(payload));
      this.links.membersChanged();
    }
    this.proposals.propose({ zxid, payload });
    const packet = new Packet(PacketType.proposal, zxid, payload);
    for (const link of this.links.values()) {
      if (!link.forwarding || link.observer) continue;
      link.wire.send(packet);
      if (link.phase === 'serving') link.acks.onProposed(zxid, this.links.now);
    }
    this.ownAcks.onProposed(zxid, this.links.now);
    this.ports.log.append(zxid, payload);
    this.maybeRollOver(zxid);
  }

  /** Before the counter of this epoch is used up, another one begins, without an election. */
  private maybeRollOver(zxid: Zxid): void {
    const left = this.maxCounter - counterOf(zxid);
    if (this.hasRolledOver || left > Math.min(ROLL_OVER_AT, this.maxCounter >>> 3)) return;
    this.hasRolledOver = true;
    const refused = this.transfer();
    this.log.info({ epoch: this.epoch, left, refused }, 'the counter of this epoch is nearly used up');
  }

  private get maxCounter(): number {
    return this.limits?.maxCounter ?? this.lastCounter;
  }

  /** Nothing is to be proposed meanwhile. */
  get isTransferring(): boolean {
    return this.planned.isUnderWay || this.handedOver !== undefined;
  }

  /** The leadership goes to `to`, or to whoever has the most. Undefined: it begins; else the reason why it cannot. */
  transfer(to?: number): string | undefined {
    if (this.phase !== 'broadcast') return 'this leader is not established';
    if (this.isTransferring) return 'it is handed over already';
    return this.planned.begin(to);
  }

  /** False: no hand-over is under way, or it cannot be taken back, for the others are told. */
  keepLeadership(reason: string): boolean {
    if (!this.planned.giveUp()) return false;
    this.ports.events.transferFailed(reason);
    return true;
  }

  private maybeTransfer(): void {
    const { successor } = this.planned;
    if (successor !== undefined) this.handOver(successor, this.planned.complete(successor));
  }

  /** Everything up to `zxid` is durable here. */
  onDurable(zxid: Zxid): void {
    this.tellAck(this.self, this.ownAcks.onAck(zxid, this.links.now));
    this.proposals.acknowledge(this.self, zxid);
    this.advance();
  }

  /** `LeaderClients.barrierPassed(question)` follows, at once or later. Not after the role is over. */
  barrier(question: Question): void {
    assert(this.phase === 'broadcast', 'only an established leader has barriers');
    this.barriers.ask(this.proposals.lastUnapplied, question);
  }

  /** The role is ended from outside. */
  close(): void {
    this.synchronization.close();
    this.links.closeAll();
  }

  /** undefined when this leader leads no more: its counter ran out (ZOOKEEPER-1277). */
  private nextZxid(): Zxid | undefined {
    const { proposed } = this.proposals;
    if (counterOf(proposed) >= this.maxCounter) {
      this.stepDown('the counter of this epoch is used up; a new election starts a new epoch');
      return undefined;
    }
    return (proposed + 1) as Zxid;
  }

  // Packets that arrive.

  private readonly handle = (link: LearnerLink, packet: QuorumPacket): void => {
    switch (link.phase) {
      case 'info':
        this.discovery.onInfo(link, packet);
        this.rivals.meet(link);
        return;
      case 'ackEpoch':
        this.discovery.onAckEpoch(link, packet);
        return;
      case 'syncing':
      case 'synced':
      case 'serving':
        this.onLearnerPacket(link, packet);
        return;
      default:
        throw new ProtocolError(`${packetName(packet.type)} before the leader has answered`);
    }
  };

  private onLearnerPacket(link: LearnerLink, packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.ack:
        this.onAck(link, packet.zxid);
        return;
      case PacketType.ping:
        if (link.phase === 'serving') this.onPing(link, packet);
        return;
      case PacketType.request:
        this.onRequest(link, packet);
        return;
      case PacketType.handOver:
        this.planned.onWilling(link);
        this.maybeTransfer();
        return;
      case PacketType.revalidate: {
        expectServing(link, packet);
        const { sessionId, timeoutMs } = readRevalidate(packet);
        this.ports.clients.revalidateFor(link, sessionId, timeoutMs);
        return;
      }
      default:
        this.log.warn(
          { sid: link.sid, packet: packetName(packet.type) },
          'a learner sent a packet of a kind not known here',
        );
    }
  }

  private onAck(link: LearnerLink, zxid: Zxid): void {
    const { epochStart, proposed } = this.proposals;
    if (zxid > proposed) throw new ProtocolError(`ACK of ${zxidHex(zxid)}, the last proposal is ${zxidHex(proposed)}`);
    if (link.phase === 'syncing' && zxid === epochStart) {
      this.synchronization.onNewLeaderAck(link);
      return;
    }
    // The acknowledgement of UPTODATE repeats that of NEWLEADER, and older servers acknowledge what a DIFF brought.
    if (zxid <= epochStart) return;
    if (link.phase !== 'serving') {
      if (zxid > link.acks.early) link.acks.early = zxid;
      return;
    }
    this.tellAck(link.sid, link.acks.onAck(zxid, this.links.now));
    this.countAck(link, zxid);
  }

  private tellAck(sid: number, zxid: Zxid): void {
    if (zxid !== ZXID_ZERO) this.ports.events.acknowledged(sid, zxid);
  }

  private countAck(link: LearnerLink, zxid: Zxid): void {
    if (link.observer) return;
    this.proposals.acknowledge(link.sid, zxid);
    this.advance();
  }

  private onPing(link: LearnerLink, packet: QuorumPacket): void {
    this.rounds.onAnswer(link, packet);
    this.synchronization.serveSynced();
    this.barriers.advance();
  }

  private onRequest(link: LearnerLink, packet: QuorumPacket): void {
    expectServing(link, packet);
    const request = readRequest(packet);
    link.wire.counts.requests++;
    if (request.type === OpCode.sync) {
      const proposed = this.proposals.lastUnapplied;
      link.commits.syncAsked(proposed ?? this.proposals.committed);
      this.barriers.askFor(link, proposed);
      return;
    }
    this.ports.clients.request(link, request, packet.authinfo ?? []);
  }

  // Broadcast.

  /** Acknowledgements from before UPTODATE count with it. */
  private onServing(link: LearnerLink): void {
    if (link.acks.early > this.proposals.epochStart) this.countAck(link, link.acks.early);
    this.discovery.onServing(link);
    this.barriers.neighboursChanged();
  }

  private advance(): void {
    this.commitNext();
    this.afterApply();
    this.maybeTransfer();
  }

  private commitNext(): void {
    while (this.handedOver === undefined) {
      const entry = this.proposals.nextCommit();
      if (entry === undefined) break;
      if (isReconfig(entry.payload)) {
        this.commitReconfig(entry);
        continue;
      }
      const { zxid, payload } = entry;
      this.links.tellCommitted(new Packet(PacketType.commit, zxid), () => new Packet(PacketType.inform, zxid, payload));
      this.ports.log.commit(zxid);
    }
  }

  /** Both memberships have it on a quorum of disks. From here on the new one decides alone. */
  private commitReconfig({ zxid, payload }: Entry): void {
    const { inForce, newest } = this.members;
    this.members.decide();
    this.links.membersChanged();
    this.ports.members.activated(payload);
    const isLeader = leadsOn(this.self, inForce, newest);
    const next = isLeader ? this.self : successorAmong(this.links.followers(), this.proposals, newest);
    this.links.tellCommitted(
      new Packet(PacketType.commitAndActivate, zxid, designatedLeaderBody(next ?? this.self)),
      () => new Packet(PacketType.informAndActivate, zxid, designatedLeaderBody(next ?? this.self, payload)),
    );
    this.ports.log.commit(zxid);
    if (!isLeader) this.handOver(next);
  }

  private handOver(to: number | undefined, told?: readonly LearnerLink[]): void {
    this.handedOver = new HandOver(this.links, to, told);
    this.log.info({ epoch: this.epoch, to }, 'handing over the leadership');
  }

  private maybeLeave(handedOver: HandOver): void {
    if (this.isOver) return;
    if (handedOver.isComplete) this.stepDown(handedOver.reason, handedOver.to);
  }

  /** The leader's tree may have come further. */
  private afterApply(): void {
    this.proposals.applied(this.ports.history.lastZxid);
    this.synchronization.synchroniseThoseWhoWait();
    this.barriers.advance();
  }

  private isReached({ zxid, learner }: Barrier<Question>): boolean {
    if (zxid === undefined) return true;
    return (learner === undefined ? this.ports.history.lastZxid : this.proposals.committed) >= zxid;
  }

  private pass({ learner, question }: Barrier<Question>): void {
    if (learner === undefined) {
      this.ports.clients.barrierPassed(question as Question);
      return;
    }
    if (!this.links.has(learner)) return;
    learner.wire.send(new Packet(PacketType.sync, ZXID_ZERO));
    learner.commits.syncAnswered(learner.wire);
  }

  // Time.

  private tickBeforeBroadcast(): void {
    this.links.askOracle(false);
    if (this.discovery.isOver) this.synchronization.onHalfTick();
    else this.discovery.recount();
    const overtaken = this.discovery.overtaken;
    if (overtaken !== undefined) this.stepDown(overtaken);
    else if (!this.links.isStuck) this.rounds.comfort();
    else this.stepDown(this.discovery.isOver ? this.synchronization.missing : this.discovery.missing);
  }

  private tickBroadcast(): void {
    this.links.askOracle(true);
    this.advance();
    if (this.handedOver !== undefined) {
      this.maybeLeave(this.handedOver);
      return;
    }
    const late = this.planned.takeFailure();
    if (late !== undefined) this.ports.events.transferFailed(late);
    if (this.links.now % 2 === 0 && !this.links.hasQuorum()) {
      this.stepDown('no quorum of learners is connected and answers');
      return;
    }
    if (this.ownAcks.isOverdue(this.links.now, this.syncHalfTicks)) {
      this.stepDown('the disk here does not answer; others may lead on');
      return;
    }
    this.rounds.begin();
    this.barriers.advance();
  }

  // Ends.

  private onGone(link: LearnerLink): void {
    this.synchronization.onGone(link);
    this.discovery.onGone(link);
    this.rivals.onGone(link);
    if (this.phase !== 'broadcast') return;
    if (this.handedOver === undefined) this.barriers.neighboursChanged();
    else this.maybeLeave(this.handedOver);
  }

  private stepDown(reason: string, next?: number): void {
    this.isOver = true;
    this.synchronization.close();
    this.log.warn({ epoch: this.epoch, reason }, 'not leading any more');
    this.ports.events.stepDown(reason, next);
  }
}
