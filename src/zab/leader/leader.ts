import { assert } from '../../base/assert.ts';
import { ProtocolError, protocolError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { OpCode } from '../../jute/codes.ts';
import { counterOf, MAX_COUNTER, ZXID_NONE, ZXID_ZERO, type Zxid, zxidHex } from '../../jute/zxid.ts';
import {
  QuorumPacket as Packet,
  PacketType,
  packetName,
  type QuorumPacket,
  readRequest,
  readRevalidate,
  revalidatedBody,
} from '../wire/packets.ts';
import { type Barrier, Barriers } from './barriers.ts';
import { Broadcast } from './broadcast.ts';
import { Discovery } from './discovery.ts';
import type { History, LeaderHost, LeaderLimits, LeaderOptions } from './leader-host.ts';
import type { LearnerLink } from './learner-link.ts';
import { LearnerLinks, type LinkInfo } from './learner-links.ts';
import { PingRounds } from './ping-rounds.ts';
import { Synchronization } from './synchronization.ts';

/**
 * The leader's side of ZAB, as ZooKeeper 3.4 and later speak it ("Zab 1.0"):
 *
 *   discovery         a quorum says which epochs it has accepted; the next one is accepted by a quorum, which shows
 *                     its history with that, and none of it may be more recent than the leader's
 *   synchronization   every learner gets the leader's history; a quorum has it on disk and acknowledges NEWLEADER
 *   broadcast         proposals, in zxid order, committed when a quorum has them on disk
 *
 * It decides and never does: what it wants is asked of the LeaderHost, in order. discovery.ts and synchronization.ts
 * are the first two phases, and every learner goes through them; here is the third, and who is told of which event.
 * learner-links.ts knows the learners, broadcast.ts the proposals under way, ping-rounds.ts whether this leader still
 * leads, barriers.ts what `sync` waits for.
 *
 * A learner's acknowledgements of proposals count only behind its acknowledgement of NEWLEADER: before that its
 * currentEpoch may be the old one, and with it the proposal would lose the next election (ZOOKEEPER-4685 is about
 * tolerating them, no more).
 */
export type ZabPhase = 'discovery' | 'synchronization' | 'broadcast' | 'ended';

export class Leader {
  private readonly self: number;
  private readonly limits: LeaderLimits | undefined;
  private readonly history: History;
  private readonly host: LeaderHost;
  private readonly log: Log;

  private readonly links: LearnerLinks;
  private readonly inFlight: Broadcast;
  private readonly rounds: PingRounds;
  private readonly barriers: Barriers;
  private readonly synchronization: Synchronization;
  private readonly discovery: Discovery;
  private isOver = false;

  constructor(options: LeaderOptions, history: History, host: LeaderHost, log: Log) {
    this.self = options.self;
    this.limits = options.limits;
    this.history = history;
    this.host = host;
    this.log = log;
    const role = { options, history, host, log };
    this.links = new LearnerLinks(role, (link) => this.onGone(link));
    this.inFlight = new Broadcast(options.self, options.verifiers);
    this.rounds = new PingRounds(role, this.links, this.inFlight);
    this.barriers = new Barriers(this.rounds, {
      isReached: (barrier) => this.isReached(barrier),
      pass: (barrier) => this.pass(barrier),
    });
    this.synchronization = new Synchronization(role, this.links, this.inFlight, this.rounds, (link) =>
      this.onServing(link),
    );
    this.discovery = new Discovery(role, this.links, this.inFlight, this.synchronization, (reason) =>
      this.stepDown(reason),
    );
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
    return this.inFlight.proposed;
  }

  get lastCommitted(): Zxid {
    return this.inFlight.committed;
  }

  /** Proposed and not committed. */
  get outstanding(): number {
    return this.inFlight.outstanding;
  }

  get pendingSyncs(): number {
    return this.barriers.pending;
  }

  linkInfos(): LinkInfo[] {
    return this.links.infos();
  }

  start(): void {
    assert(this.links.now === 0 && this.phase === 'discovery', 'a leader starts once');
    this.discovery.begin();
  }

  // Learners' connections.

  onLinkOpened(id: number): void {
    this.links.open(id);
  }

  onLinkClosed(id: number): void {
    this.links.onClosed(id);
  }

  onPacket(id: number, packet: QuorumPacket): void {
    const link = this.links.get(id);
    if (link === undefined) return;
    link.heard(this.links.now);
    try {
      this.handle(link, packet);
    } catch (error) {
      this.links.drop(link, protocolError(error).message);
    }
  }

  /** The election heard that `sid` looks for a leader. */
  onVoterLooking(sid: number): void {
    if (this.phase === 'discovery') this.discovery.onVoterLooking(sid);
  }

  onHalfTick(): void {
    this.links.onHalfTick();
    if (this.phase === 'broadcast') this.tickBroadcast();
    else this.tickBeforeBroadcast();
  }

  // Proposals.

  /** The next proposal's zxid. undefined when this leader leads no more: its counter ran out (ZOOKEEPER-1277). */
  nextZxid(): Zxid | undefined {
    assert(this.phase === 'broadcast', 'only an established leader proposes');
    const { proposed } = this.inFlight;
    if (counterOf(proposed) >= (this.limits?.maxCounter ?? MAX_COUNTER - 1)) {
      this.stepDown('the counter of this epoch is used up; a new election starts a new epoch');
      return undefined;
    }
    return (proposed + 1) as Zxid;
  }

  propose(zxid: Zxid, payload: Buffer): void {
    assert(this.phase === 'broadcast', 'only an established leader proposes');
    this.inFlight.propose({ zxid, payload });
    const packet = new Packet(PacketType.proposal, zxid, payload);
    for (const link of this.links.values()) {
      if (!link.forwarding || link.observer) continue;
      this.host.send(link.id, packet);
      if (link.phase === 'serving') link.proposed(zxid, this.links.now);
    }
    this.host.append(zxid, payload);
  }

  /** The own log has everything up to `zxid` on disk. */
  onDurable(zxid: Zxid): void {
    this.inFlight.acknowledge(this.self, zxid);
    this.advance();
  }

  /** `LeaderHost.barrierPassed(token)` follows, at once or later. Not after the role is over. */
  barrier(token: number): void {
    assert(this.phase === 'broadcast', 'only an established leader has barriers');
    this.barriers.ask(this.inFlight.lastUnapplied, undefined, token);
  }

  /** Answers `LeaderHost.revalidate`. */
  revalidated(id: number, sessionId: bigint, valid: boolean): void {
    if (this.links.get(id)?.phase !== 'serving') return;
    this.host.send(id, new Packet(PacketType.revalidate, ZXID_NONE, revalidatedBody(sessionId, valid)));
  }

  // What arrives.

  private handle(link: LearnerLink, packet: QuorumPacket): void {
    switch (link.phase) {
      case 'info':
        this.discovery.onInfo(link, packet);
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
  }

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
      case PacketType.revalidate: {
        expectServing(link, packet);
        const { sessionId, timeoutMs } = readRevalidate(packet);
        this.host.revalidate(link.id, link.sid, sessionId, timeoutMs);
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
    const { epochStart, proposed } = this.inFlight;
    if (zxid > proposed) throw new ProtocolError(`ACK of ${zxidHex(zxid)}, the last proposal is ${zxidHex(proposed)}`);
    if (link.phase === 'syncing' && zxid === epochStart) {
      this.synchronization.onNewLeaderAck(link);
      return;
    }
    // The acknowledgement of UPTODATE repeats that of NEWLEADER, and older servers acknowledge what a DIFF brought.
    if (zxid <= epochStart) return;
    if (link.phase !== 'serving') {
      if (zxid > link.earlyAck) link.earlyAck = zxid;
      return;
    }
    link.acked(zxid, this.links.now);
    this.countAck(link, zxid);
  }

  private countAck(link: LearnerLink, zxid: Zxid): void {
    if (!link.voter) return;
    this.inFlight.acknowledge(link.sid, zxid);
    this.advance();
  }

  private onPing(link: LearnerLink, packet: QuorumPacket): void {
    this.rounds.onAnswer(link, packet);
    this.synchronization.serveSynced();
    this.barriers.advance();
  }

  private onRequest(link: LearnerLink, packet: QuorumPacket): void {
    expectServing(link, packet);
    const { sessionId, cxid, type, body } = readRequest(packet);
    if (type === OpCode.sync) {
      const proposed = this.inFlight.lastUnapplied;
      link.syncAsked(proposed ?? this.inFlight.committed);
      this.barriers.ask(proposed, link.id, 0);
      return;
    }
    this.host.request(link.id, link.sid, sessionId, cxid, type, body, packet.authinfo ?? []);
  }

  // Broadcast.

  /** What a learner acknowledged before UPTODATE counts with it. */
  private onServing(link: LearnerLink): void {
    if (link.earlyAck > this.inFlight.epochStart) this.countAck(link, link.earlyAck);
    this.barriers.neighboursChanged();
  }

  private advance(): void {
    for (let entry = this.inFlight.nextCommit(); entry !== undefined; entry = this.inFlight.nextCommit()) {
      const commit = new Packet(PacketType.commit, entry.zxid);
      let inform: QuorumPacket | undefined;
      for (const link of this.links.values()) {
        if (!link.forwarding) continue;
        if (link.observer) inform ??= new Packet(PacketType.inform, entry.zxid, entry.payload);
        const packet = link.observer ? (inform as QuorumPacket) : commit;
        if (!link.holds(packet)) this.host.send(link.id, packet);
      }
      this.host.commit(entry.zxid);
    }
    this.afterApply();
  }

  /** The own tree may have come further. */
  private afterApply(): void {
    this.inFlight.applied(this.history.lastZxid);
    this.synchronization.synchroniseThoseWhoWait();
    this.barriers.advance();
  }

  private isReached(barrier: Barrier): boolean {
    if (barrier.zxid === undefined) return true;
    return (barrier.link === undefined ? this.history.lastZxid : this.inFlight.committed) >= barrier.zxid;
  }

  private pass(barrier: Barrier): void {
    if (barrier.link === undefined) {
      this.host.barrierPassed(barrier.token);
      return;
    }
    const link = this.links.get(barrier.link);
    if (link === undefined) return;
    this.host.send(link.id, new Packet(PacketType.sync, ZXID_ZERO));
    link.syncAnswered();
    for (let packet = link.takeHeld(); packet !== undefined; packet = link.takeHeld()) this.host.send(link.id, packet);
  }

  // Time.

  private tickBeforeBroadcast(): void {
    if (!this.links.isStuck) this.rounds.comfort();
    else this.stepDown(this.discovery.isOver ? this.synchronization.missing : this.discovery.missing);
  }

  private tickBroadcast(): void {
    this.afterApply();
    if (this.links.now % 2 === 0 && !this.links.hasQuorum()) {
      this.stepDown('no quorum of learners is connected and answers');
      return;
    }
    this.rounds.begin();
    this.barriers.advance();
  }

  // Ends.

  private onGone(link: LearnerLink): void {
    this.synchronization.onGone(link);
    this.discovery.onGone(link);
    if (this.phase === 'broadcast') this.barriers.neighboursChanged();
  }

  private stepDown(reason: string): void {
    this.isOver = true;
    this.synchronization.close();
    this.log.warn({ epoch: this.epoch, reason }, 'not leading any more');
    this.host.stepDown(reason);
  }
}

function expectServing(link: LearnerLink, packet: QuorumPacket): void {
  if (link.phase !== 'serving') throw new ProtocolError(`${packetName(packet.type)} before UPTODATE`);
}
