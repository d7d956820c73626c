import { assert } from '../../base/assert.ts';
import { ProtocolError, protocolError } from '../../base/errors.ts';
import { Fifo } from '../../base/fifo.ts';
import type { Log } from '../../base/log.ts';
import { Writer } from '../../jute/writer.ts';
import { epochOf, follows, makeZxid, ZXID_NONE, ZXID_ZERO, type Zxid, zxidHex, zxidText } from '../../jute/zxid.ts';
import { takesGroupAcks } from '../wire/leader-info.ts';
import {
  intBody,
  learnerInfo,
  PacketType,
  packetName,
  QuorumPacket,
  readDesignatedLeader,
  readEpoch,
  readIntBody,
  readRevalidated,
  writeTouched,
} from '../wire/packets.ts';
import { checkTxn, isReconfig } from '../wire/txn-header.ts';
import { claimFor } from './history-claim.ts';
import type { LearnerOptions, LearnerPorts, LearnerState } from './learner-ports.ts';
import { NamedMembers } from './named-members.ts';

/**
 * The learner's side of ZAB: a follower's, or an observer's, which differs in that transactions come when they are
 * committed (INFORM) and none is acknowledged. Apache's Learner, Follower and Observer in one, without their races.
 *
 *   registering     FOLLOWERINFO or OBSERVERINFO is out, LEADERINFO is due
 *   planning        ACKEPOCH is out, DIFF, TRUNC or SNAP is due
 *   truncating, receiving, installing      the log is cut; a snapshot comes in, and gets to the disk
 *   synchronising   what the leader has comes in; NEWLEADER ends it
 *   waiting         NEWLEADER is here; it is acknowledged when everything is on disk; UPTODATE is due
 *   serving
 *
 * The golden rule: at NEWLEADER, first everything that was synchronised is on disk, then currentEpoch, then the
 * acknowledgement goes out. Most of the lost data in ZooKeeper's history comes from breaking it (ZOOKEEPER-3911,
 * ZOOKEEPER-4646, ZOOKEEPER-4643). Here that is the order of one queue, WhenDurable. Transactions are logged as they
 * come, at any time, so nothing is ever in memory only (ZOOKEEPER-3023, ZOOKEEPER-4785, ZOOKEEPER-4394).
 *
 * A voter without a history (history-claim.ts, and history-votes.ts at the leader) takes the epoch for its own, and acknowledges proposals, only at
 * UPTODATE.
 *
 * A transaction that is sent twice is skipped (a snapshot may hold more than its zxid says). One that is left out ends
 * the role, for a log with a hole would be served to others one day (ZOOKEEPER-4925).
 */
export type LearnerPhase =
  | 'opening'
  | 'registering'
  | 'planning'
  | 'truncating'
  | 'receiving'
  | 'installing'
  | 'synchronising'
  | 'waiting'
  | 'serving'
  | 'ended';

export class Learner {
  private readonly options: LearnerOptions;
  private readonly state: LearnerState;
  private readonly ports: LearnerPorts;
  private readonly log: Log;
  private readonly w = new Writer(1024);

  private stage: LearnerPhase = 'opening';
  private silentHalfTicks = 0;
  private ownEpoch = 0;
  private newLeaderZxid: Zxid = ZXID_ZERO;
  private syncZxid: Zxid = ZXID_ZERO;
  /** Of the log, the snapshot installed, or what they were cut to: transactions follow it. */
  private lastZxid: Zxid;
  private committed: Zxid = ZXID_ZERO;
  /** Logged and not committed. */
  private readonly pending = new Fifo<Zxid>(64);
  private isNewLeaderAcked = false;
  private snapshotWanted = false;
  private isUnproven = false;
  private hidesZxid = false;
  private readonly members: NamedMembers;

  constructor(options: LearnerOptions, state: LearnerState, ports: LearnerPorts, log: Log) {
    this.options = options;
    this.state = state;
    this.ports = ports;
    this.log = log;
    this.lastZxid = state.lastZxid;
    this.members = new NamedMembers(ports.members);
  }

  get phase(): LearnerPhase {
    return this.stage;
  }

  /** The leader's; 0 before it is known. */
  get epoch(): number {
    return this.ownEpoch;
  }

  get lastLogged(): Zxid {
    return this.lastZxid;
  }

  get lastCommitted(): Zxid {
    return this.committed;
  }

  /** At the end of the role: to be passed on to the next one, as LearnerState.needsSnapshot. */
  get needsSnapshot(): boolean {
    return this.snapshotWanted;
  }

  /** The connection to the leader is open. */
  onOpen(): void {
    assert(this.stage === 'opening', 'a learner has one connection');
    this.enter('registering');
    const type = this.options.observer ? PacketType.observerInfo : PacketType.followerInfo;
    const info = learnerInfo(this.options.self, this.options.configVersion);
    this.ports.link.send(new QuorumPacket(type, makeZxid(this.state.acceptedEpoch, 0), info));
  }

  /** Whether the next packet may be given. false: not before onTruncated or onSnapshotInstalled, or never. */
  onPacket(packet: QuorumPacket): boolean {
    if (this.isOver()) return false;
    assert(!this.isBusy(), 'a packet is given only when it may be');
    this.silentHalfTicks = 0;
    try {
      this.handle(packet);
    } catch (error) {
      this.leave(protocolError(error).message);
    }
    return !this.isOver() && !this.isBusy();
  }

  /**
   * Answers LearnerHistory.truncate: the log ends at `lastZxid` now. undefined: it cannot end there, and is as it was.
   */
  onTruncated(lastZxid: Zxid | undefined): void {
    assert(this.stage === 'truncating', 'nothing was to be cut');
    if (lastZxid !== this.syncZxid) {
      this.snapshotWanted = true;
      const end = lastZxid === undefined ? 'it cannot be done' : `the log ends at ${zxidHex(lastZxid)}`;
      this.leave(`after TRUNC to ${zxidHex(this.syncZxid)} ${end}; a snapshot is needed`);
      return;
    }
    this.enter('synchronising');
    this.lastZxid = lastZxid;
    this.commitTo(lastZxid);
  }

  /** Bytes of the snapshot came in. */
  onSnapshotBytes(): void {
    this.silentHalfTicks = 0;
  }

  /** All of them: from here on it is this peer's disk that takes its time. */
  onSnapshotReceived(): void {
    assert(this.stage === 'receiving', 'no snapshot was coming in');
    this.enter('installing');
  }

  /** Answers LearnerHistory.receiveSnapshot: log and tree are what the snapshot is, on disk. */
  onSnapshotInstalled(): void {
    assert(this.stage === 'receiving' || this.stage === 'installing', 'no snapshot was coming in');
    this.enter('synchronising');
    this.lastZxid = this.syncZxid;
    this.committed = this.syncZxid;
  }

  onHalfTick(): void {
    if (this.stage === 'opening' || this.stage === 'truncating' || this.stage === 'installing') return;
    this.silentHalfTicks++;
    const limitTicks = this.stage === 'serving' ? this.options.syncLimitTicks : this.options.initLimitTicks;
    if (this.silentHalfTicks > limitTicks * 2) this.leave(`nothing heard from the leader for ${limitTicks} ticks`);
  }

  // Packets that arrive.

  private handle(packet: QuorumPacket): void {
    switch (this.stage) {
      case 'planning':
        this.onPlan(packet);
        return;
      case 'synchronising':
      case 'waiting':
        this.onSyncPacket(packet);
        return;
      case 'serving':
        this.onServingPacket(packet);
        return;
      default:
        this.onLeaderInfo(packet);
    }
  }

  private onLeaderInfo(packet: QuorumPacket): void {
    if (packet.type !== PacketType.leaderInfo)
      throw new ProtocolError(`${packetName(packet.type)} instead of LEADERINFO`);
    readIntBody(packet);
    const epoch = readEpoch(packet);
    const accepted = this.state.acceptedEpoch;
    if (epoch < accepted) throw new ProtocolError(`the leader's epoch ${epoch} is below the accepted one, ${accepted}`);
    this.ownEpoch = epoch;
    if (takesGroupAcks(packet)) this.ports.durable.groupAcks();
    this.newLeaderZxid = makeZxid(epoch, 0);
    const claim = claimFor(epoch, this.state, this.options.observer);
    if (epoch > accepted) this.ports.epochs.setAccepted(epoch);
    if (claim.isNew) this.ports.epochs.setCurrent(0);
    this.isUnproven = claim.isUnproven;
    this.hidesZxid = claim.lastZxid === ZXID_NONE;
    this.enter('planning');
    this.ports.link.send(new QuorumPacket(PacketType.ackEpoch, claim.lastZxid, intBody(claim.currentEpoch)));
  }

  private onPlan(packet: QuorumPacket): void {
    this.syncZxid = packet.zxid;
    if (packet.zxid < 0 || epochOf(packet.zxid) > this.ownEpoch) {
      throw new ProtocolError(`${packetName(packet.type)} with zxid ${zxidHex(packet.zxid)} in epoch ${this.ownEpoch}`);
    }
    if (this.hidesZxid && packet.type !== PacketType.snap) {
      throw new ProtocolError(`${packetName(packet.type)} for a learner that did not say what it has`);
    }
    this.log.info(
      {
        sync: packetName(packet.type),
        zxid: zxidText(packet.zxid),
        own: zxidText(this.lastZxid),
        epoch: this.ownEpoch,
      },
      'the leader synchronises us',
    );
    switch (packet.type) {
      case PacketType.diff:
        this.enter('synchronising');
        this.commitTo(this.lastZxid);
        return;
      case PacketType.trunc:
        this.enter('truncating');
        this.ports.history.truncate(packet.zxid);
        return;
      case PacketType.snap:
        this.enter('receiving');
        this.ports.history.receiveSnapshot(packet.zxid);
        return;
      default:
        throw new ProtocolError(`${packetName(packet.type)} instead of DIFF, TRUNC or SNAP`);
    }
  }

  private onSyncPacket(packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.newLeader:
        this.onNewLeader(packet);
        return;
      case PacketType.upToDate:
        this.onUpToDate();
        return;
      case PacketType.ping:
        // Not answered before UPTODATE, as Apache's learners do: the leader counts answers.
        return;
      default:
        this.onTxnPacket(packet);
    }
  }

  private onServingPacket(packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.ping:
        this.ports.link.send(
          new QuorumPacket(
            PacketType.ping,
            packet.zxid,
            writeTouched(this.w, this.ports.clients.takeTouched()),
            packet.authinfo,
          ),
        );
        return;
      case PacketType.revalidate: {
        const { sessionId, valid } = readRevalidated(packet);
        this.ports.clients.revalidated(sessionId, valid);
        return;
      }
      case PacketType.sync:
        this.ports.clients.syncReplied();
        return;
      case PacketType.handOver:
        this.onHandOver(packet);
        return;
      default:
        this.onTxnPacket(packet);
    }
  }

  /** A question when it has no zxid: the leader may name this server. */
  private onHandOver(packet: QuorumPacket): void {
    const { leader } = readDesignatedLeader(packet);
    if (packet.zxid === ZXID_ZERO) this.ports.link.send(packet);
    else this.leave('the leader hands over', leader);
  }

  private onTxnPacket(packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.proposal:
        this.onProposal(packet.zxid, checkTxn(packet, packet.data));
        return;
      case PacketType.commit:
        this.onCommit(packet.zxid);
        return;
      case PacketType.commitAndActivate:
        this.onCommitAndActivate(packet);
        return;
      case PacketType.inform:
        this.onInform(packet.zxid, checkTxn(packet, packet.data));
        return;
      case PacketType.informAndActivate:
        this.onInformAndActivate(packet);
        return;
      default:
        this.log.warn(
          { packet: packetName(packet.type), phase: this.stage },
          'the leader sent a packet not known here',
        );
    }
  }

  private onNewLeader(packet: QuorumPacket): void {
    if (packet.zxid !== this.newLeaderZxid || this.stage === 'waiting') {
      throw new ProtocolError(`NEWLEADER ${zxidHex(packet.zxid)} in epoch ${this.ownEpoch}`);
    }
    this.enter('waiting');
    this.ports.events.newLeader();
    if (packet.data !== undefined && packet.data.length > 1) this.members.seen(packet.data.toString('utf8'));
    this.ports.durable.run(() => {
      if (!this.isUnproven) this.ports.epochs.setCurrent(this.ownEpoch);
      this.isNewLeaderAcked = true;
    });
    this.ports.durable.send(new QuorumPacket(PacketType.ack, this.newLeaderZxid));
    // A leader that is established already waits for these as well. Never before NEWLEADER's: Apache's leaders take the
    // first acknowledgement for that one (ZOOKEEPER-4685).
    if (!this.isUnproven) this.acknowledgePending();
  }

  private onUpToDate(): void {
    if (!this.isNewLeaderAcked) throw new ProtocolError('UPTODATE before NEWLEADER was acknowledged');
    if (!this.members.activate(this.options.leader, this.ownEpoch, this.committed)) {
      this.leave('the configuration of the leader gives this server another role or leader');
      return;
    }
    if (this.isUnproven) {
      // The leader vouches for this epoch only now; what is in the log is on the disk, or acknowledged later.
      this.isUnproven = false;
      this.ports.epochs.setCurrent(this.ownEpoch);
      this.acknowledgePending();
    }
    this.enter('serving');
    this.log.info({ epoch: this.ownEpoch, zxid: zxidText(this.lastZxid) }, 'in sync with the leader');
    this.acknowledge(this.newLeaderZxid);
    this.ports.events.serving();
  }

  private onProposal(zxid: Zxid, payload: Buffer): void {
    if (this.stage === 'serving' && this.options.observer) return;
    if (this.accept(zxid, payload)) {
      this.pending.push(zxid);
      if (isReconfig(payload)) this.members.proposed(zxid, payload);
    }
    const isOpen = zxid > this.committed;
    if (isOpen && this.mayAcknowledge()) this.acknowledge(zxid);
  }

  private onCommit(zxid: Zxid): void {
    if (zxid <= this.committed) return;
    if (this.stage === 'serving' && this.options.observer) return;
    this.expectNext(zxid);
    this.pending.shift();
    this.commitTo(zxid);
  }

  private onCommitAndActivate(packet: QuorumPacket): void {
    if (packet.zxid <= this.committed) return;
    this.expectNext(packet.zxid);
    const { leader } = readDesignatedLeader(packet);
    const stays = this.activate(packet.zxid, leader);
    this.pending.shift();
    this.commitTo(packet.zxid, leader);
    if (!stays) this.leave('a reconfiguration gives this server another role or leader', leader);
  }

  /**
   * The observer's PROPOSAL and COMMIT in one; some leaders have sent it as a PROPOSAL already, while synchronising.
   */
  private onInform(zxid: Zxid, payload: Buffer): void {
    if (zxid <= this.committed) return;
    if (this.accept(zxid, payload)) this.pending.push(zxid);
    this.onInformed(zxid);
  }

  private onInformAndActivate(packet: QuorumPacket): void {
    const { leader, payload } = readDesignatedLeader(packet);
    checkTxn(packet, payload);
    if (packet.zxid <= this.committed) return;
    if (this.accept(packet.zxid, payload)) this.pending.push(packet.zxid);
    this.members.informed(packet.zxid, payload);
    this.expectNext(packet.zxid);
    const stays = this.activate(packet.zxid, leader);
    this.onInformed(packet.zxid);
    if (!stays) this.leave('a reconfiguration gives this server another role or leader', leader);
  }

  private onInformed(zxid: Zxid): void {
    this.expectNext(zxid);
    this.pending.shift();
    this.commitTo(zxid);
  }

  // The log.

  /** Logs what is new; false for what is here already. Behind a hole nothing is accepted. */
  private accept(zxid: Zxid, payload: Buffer): boolean {
    if (zxid <= this.lastZxid) return false;
    if (epochOf(zxid) > this.ownEpoch || !follows(this.lastZxid, zxid)) {
      throw new ProtocolError(`transaction ${zxidHex(zxid)} after ${zxidHex(this.lastZxid)} in epoch ${this.ownEpoch}`);
    }
    this.lastZxid = zxid;
    this.ports.log.append(zxid, payload);
    return true;
  }

  /** Commits come in the order of the proposals, each for one that is here (Zab specification, issues 1 and 3). */
  private expectNext(zxid: Zxid): void {
    const next = this.pending.peek();
    if (next === zxid) return;
    const expected = next === undefined ? 'none is open' : `${zxidHex(next)} is next`;
    throw new ProtocolError(`commit of ${zxidHex(zxid)}, ${expected}`);
  }

  private commitTo(zxid: Zxid, leads?: number): void {
    if (zxid <= this.committed) return;
    assert(zxid <= this.lastZxid, 'only what is logged is committed');
    this.committed = zxid;
    this.ports.log.commit(zxid, leads);
  }

  private activate(zxid: Zxid, leader: number): boolean {
    return this.members.committed(zxid) && leader === this.options.leader;
  }

  /** Proposals: not as an observer, not before NEWLEADER, and without a history not before UPTODATE. */
  private mayAcknowledge(): boolean {
    return !this.options.observer && this.stage !== 'synchronising' && !this.isUnproven;
  }

  private acknowledgePending(): void {
    if (!this.mayAcknowledge()) return;
    for (let i = 0; i < this.pending.length; i++) this.acknowledge(this.pending.at(i) as Zxid);
  }

  private acknowledge(zxid: Zxid): void {
    this.ports.durable.send(new QuorumPacket(PacketType.ack, zxid));
  }

  private enter(phase: LearnerPhase): void {
    this.stage = phase;
    this.silentHalfTicks = 0;
  }

  private isBusy(): boolean {
    return this.stage === 'truncating' || this.stage === 'receiving' || this.stage === 'installing';
  }

  private isOver(): boolean {
    return this.stage === 'ended';
  }

  private leave(reason: string, next?: number): void {
    this.stage = 'ended';
    this.log.warn({ epoch: this.ownEpoch, reason }, 'leaving the leader');
    this.ports.events.leave(reason, next);
  }
}
