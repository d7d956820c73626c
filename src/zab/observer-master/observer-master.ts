import { ProtocolError } from '../../base/errors.ts';
import { Fifo } from '../../base/fifo.ts';
import type { Log } from '../../base/log.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import { OpCode } from '../../jute/codes.ts';
import { counterOf, epochOf, makeZxid, ZXID_NONE, ZXID_ZERO, type Zxid, zxidHex } from '../../jute/zxid.ts';
import { CatchUps } from '../leader/catch-up/catch-ups.ts';
import { planSync } from '../leader/catch-up/sync-plan.ts';
import { claimedSid } from '../leader/learner-claim.ts';
import { expectServing, type LearnerLink, type LearnerWire } from '../leader/learner-link.ts';
import { LearnerLinks, type LinkInfo } from '../leader/learner-links.ts';
import { LoneLead } from '../leader/lone-lead.ts';
import { Memberships } from '../leader/memberships.ts';
import { PingRounds } from '../leader/ping-rounds.ts';
import { Rivals } from '../leader/rivals.ts';
import { leaderInfoBody } from '../wire/leader-info.ts';
import {
  designatedLeaderBody,
  QuorumPacket as Packet,
  PacketType,
  packetName,
  type QuorumPacket,
  readEpoch,
  readIntBody,
  readRequest,
  readRevalidate,
} from '../wire/packets.ts';
import { isReconfig } from '../wire/txn-header.ts';
import type { AnsweredSync, ObserverMasterOptions, ObserverMasterPorts } from './observer-master-ports.ts';
import { SessionHolders } from './session-holders.ts';

/** Questions of observers that the leader has not answered; the observer that asks one more is given up. */
const MAX_OPEN_QUESTIONS = 1 << 16;

/**
 * A follower that serves observers in its leader's place. They say the same words to it as to a leader; it has nothing to
 * find out, because its epoch and its history are decided, so each of them goes the way of one that comes late:
 *
 *   OBSERVERINFO, LEADERINFO, ACKEPOCH      as at a leader, with the leader's epoch
 *   DIFF, TRUNC or SNAP, NEWLEADER, UPTODATE      from this server's tree and log
 *   INFORM      for each transaction when it is applied here: committed, and on this server's disk
 *
 * Apache's sends INFORM with the COMMIT, and needs a buffer of proposals for that, and one of packets for those who join. Here
 * an observer has never more than its master shows, and one who joins is given the rest by the same step that informs it.
 *
 * What observers ask goes on to the leader over the follower's own link, and the answers come back in its order. The answer to
 * a `sync` waits until the tree here has all that was committed before it.
 */
export class ObserverMaster {
  private readonly options: ObserverMasterOptions;
  private readonly ports: ObserverMasterPorts;
  private readonly log: Log;
  private readonly members: Memberships;
  private readonly links: LearnerLinks;
  private readonly catchUps: CatchUps;
  private readonly rounds: PingRounds;
  private readonly rivals: Rivals;
  private readonly holders = new SessionHolders();
  private readonly epochStart: Zxid;
  private readonly syncs = new Fifo<AnsweredSync>(8);
  private openQuestions = 0;
  /** A reconfiguration that is committed and not applied, and who leads with it. */
  private designated: { readonly zxid: Zxid; readonly leader: number } | undefined = undefined;

  constructor(options: ObserverMasterOptions, ports: ObserverMasterPorts, log: Log) {
    this.options = options;
    this.ports = ports;
    this.log = log;
    this.epochStart = makeZxid(options.epoch, 0);
    this.members = new Memberships([options.verifier], new LoneLead(options.self, undefined, log));
    const role = { options, members: this.members, log, ports: { clients: ports.clients } };
    this.links = new LearnerLinks(role, (link) => this.onGone(link));
    this.catchUps = new CatchUps(role, ports.history, ports.events, this.links);
    const history = ports.history;
    const { epochStart } = this;
    const sent = {
      get proposed(): Zxid {
        return history.lastZxid > epochStart ? history.lastZxid : epochStart;
      },
    };
    this.rounds = new PingRounds(role, this.links, sent);
    this.rivals = new Rivals(this.links, this.rounds, (link) => this.admit(link));
  }

  linkInfos(): LinkInfo[] {
    return this.links.infos();
  }

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

  onHalfTick(): void {
    this.links.onHalfTick();
    this.rivals.onHalfTick();
    this.synchroniseThoseWhoWait();
    this.rounds.begin();
  }

  /** Of a reconfiguration that is committed: who leads from then on. `applied` follows. */
  designates(zxid: Zxid, leader: number): void {
    this.designated = { zxid, leader };
  }

  /** In force here. */
  membersAre(verifier: QuorumVerifier): void {
    this.members.propose(verifier);
    this.members.decide();
  }

  /** Applied here. */
  applied(zxid: Zxid, payload: Buffer): void {
    const inform = this.informOf(zxid, payload);
    for (const link of this.links.values()) if (link.forwarding) link.wire.send(inform);
    this.answerSyncs();
    this.synchroniseThoseWhoWait();
  }

  /** A session ended. */
  sessionClosed(sessionId: bigint): void {
    this.holders.forget(sessionId);
  }

  /** The leader has answered this observer's REVALIDATE. */
  revalidated(link: LearnerLink, sessionId: bigint, valid: boolean): void {
    this.openQuestions--;
    if (valid) this.holders.set(sessionId, link);
    if (this.links.has(link)) link.answerRevalidate(sessionId, valid);
  }

  /** The session's client has come to this server itself. */
  isHere(sessionId: bigint): void {
    this.holders.set(sessionId, undefined);
  }

  /** The leader has answered this observer's `sync`, having committed everything up to `committed`. */
  syncAnswered(link: LearnerLink, committed: Zxid): void {
    this.openQuestions--;
    this.syncs.push({ link, zxid: committed });
    this.answerSyncs();
  }

  close(): void {
    this.catchUps.close();
    this.links.closeAll();
    this.syncs.clear();
  }

  // Packets that arrive.

  private readonly handle = (link: LearnerLink, packet: QuorumPacket): void => {
    switch (link.phase) {
      case 'info':
        this.onInfo(link, packet);
        return;
      case 'ackEpoch':
        this.onAckEpoch(link, packet);
        return;
      case 'syncing':
      case 'serving':
        this.onObserverPacket(link, packet);
        return;
      default:
        throw new ProtocolError(`${packetName(packet.type)} before this server has answered`);
    }
  };

  private onInfo(link: LearnerLink, packet: QuorumPacket): void {
    if (packet.type !== PacketType.observerInfo) {
      throw new ProtocolError(`${packetName(packet.type)} instead of OBSERVERINFO, on the port for observers`);
    }
    link.sid = claimedSid(packet, this.options, this.members);
    link.observer = true;
    link.acceptedEpoch = readEpoch(packet);
    this.rivals.meet(link);
  }

  /** Nobody else has its id. */
  private admit(link: LearnerLink): void {
    const { epoch } = this.options;
    if (link.acceptedEpoch > epoch) {
      this.links.drop(link, `learner ${link.sid} has accepted epoch ${link.acceptedEpoch}, our leader's is ${epoch}`);
      return;
    }
    this.links.enter(link, 'ackEpoch');
    link.wire.send(new Packet(PacketType.leaderInfo, this.epochStart, leaderInfoBody()));
  }

  private onAckEpoch(link: LearnerLink, packet: QuorumPacket): void {
    if (packet.type !== PacketType.ackEpoch) throw new ProtocolError(`${packetName(packet.type)} instead of ACKEPOCH`);
    const currentEpoch = readIntBody(packet);
    const hidesZxid = packet.zxid === ZXID_NONE;
    const { epoch } = this.options;
    if (currentEpoch < -1 || (packet.zxid < 0 && !hidesZxid) || Math.max(currentEpoch, epochOf(packet.zxid)) > epoch) {
      throw new ProtocolError(`ACKEPOCH with epoch ${currentEpoch} and zxid ${zxidHex(packet.zxid)}`);
    }
    link.lastZxid = hidesZxid ? ZXID_ZERO : packet.zxid;
    link.catchUp.needsSnapshot = hidesZxid;
    this.links.enter(link, 'history');
    this.synchronise(link);
  }

  private onObserverPacket(link: LearnerLink, packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.ack:
        this.onAck(link, packet.zxid);
        return;
      case PacketType.ping:
        if (link.phase === 'serving') this.rounds.onAnswer(link, packet);
        return;
      case PacketType.request:
        this.onRequest(link, packet);
        return;
      case PacketType.revalidate: {
        expectServing(link, packet);
        const { sessionId, timeoutMs } = readRevalidate(packet);
        this.countQuestion();
        this.ports.clients.revalidateFor(link, sessionId, timeoutMs);
        return;
      }
      default:
        this.log.warn(
          { sid: link.sid, packet: packetName(packet.type) },
          'an observer sent a packet of a kind not known here',
        );
    }
  }

  /** Of NEWLEADER, and the same once more behind UPTODATE. Observers acknowledge nothing else. */
  private onAck(link: LearnerLink, zxid: Zxid): void {
    if (zxid > this.ports.history.lastZxid && zxid !== this.epochStart) {
      throw new ProtocolError(`ACK of ${zxidHex(zxid)} by an observer`);
    }
    if (link.phase !== 'syncing' || zxid !== this.epochStart) return;
    this.links.enter(link, 'synced');
    this.catchUps.finished(link);
    this.links.enter(link, 'serving');
    link.wire.maxPacketBytes = this.options.maxLearnerPacketBytes;
    link.wire.send(new Packet(PacketType.upToDate, ZXID_NONE));
    this.log.info({ sid: link.sid, sync: link.catchUp.kind }, 'observer synchronised');
  }

  private onRequest(link: LearnerLink, packet: QuorumPacket): void {
    expectServing(link, packet);
    const { sessionId, type } = readRequest(packet);
    link.wire.counts.requests++;
    if (type === OpCode.sync) {
      this.countQuestion();
      this.ports.clients.sync(link, packet);
      return;
    }
    if (type === OpCode.createSession) this.holders.set(sessionId, link);
    // Its client has gone elsewhere behind this server, and what it asks there must not be followed by this.
    if (this.holders.mayAsk(sessionId, link)) this.ports.clients.request(packet);
  }

  private countQuestion(): void {
    if (this.openQuestions >= MAX_OPEN_QUESTIONS) throw new ProtocolError('too many questions wait for the leader');
    this.openQuestions++;
  }

  // What goes out.

  /**
   * Puts it off, in phase `history`, while the log on disk is looked through, or the learner is ahead: what it has of the
   * leader's own epoch is the leader's, and comes here too. Of an earlier epoch all is here that was ever decided.
   */
  private synchronise(link: LearnerLink): void {
    if (this.isAhead(link)) return;
    const { history } = this.ports;
    const plan = planSync(link.lastZxid, history, [], this.catchUps.rulesFor(link));
    if (plan === 'later' || !this.catchUps.begin(link, plan)) return;
    link.forwarding = true;
    const config = Buffer.from(this.members.inForce.text(), 'utf8');
    link.wire.send(new Packet(PacketType.newLeader, this.epochStart, config));
  }

  private isAhead({ lastZxid }: LearnerLink): boolean {
    return (
      lastZxid > this.ports.history.lastZxid && epochOf(lastZxid) === this.options.epoch && counterOf(lastZxid) > 0
    );
  }

  private synchroniseThoseWhoWait(): void {
    for (const link of this.links.values()) if (link.phase === 'history') this.synchronise(link);
  }

  private informOf(zxid: Zxid, payload: Buffer): QuorumPacket {
    if (!isReconfig(payload)) return new Packet(PacketType.inform, zxid, payload);
    const leader = this.designated?.zxid === zxid ? this.designated.leader : this.options.leader;
    return new Packet(PacketType.informAndActivate, zxid, designatedLeaderBody(leader, payload));
  }

  private answerSyncs(): void {
    const { lastZxid } = this.ports.history;
    for (let head = this.syncs.peek(); head !== undefined && head.zxid <= lastZxid; head = this.syncs.peek()) {
      this.syncs.shift();
      if (this.links.has(head.link)) head.link.wire.send(new Packet(PacketType.sync, ZXID_ZERO));
    }
  }

  private onGone(link: LearnerLink): void {
    this.catchUps.onGone(link);
    this.rivals.onGone(link);
  }
}
