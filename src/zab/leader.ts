import { assert, unreachable } from '../base/assert.ts';
import { ProtocolError, protocolError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { AckTracker, type QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import { OpCode } from '../jute/codes.ts';
import {
  counterOf,
  epochOf,
  MAX_COUNTER,
  MAX_EPOCH,
  makeZxid,
  ZXID_NONE,
  ZXID_ZERO,
  type Zxid,
  zxidHex,
} from '../jute/zxid.ts';
import { type Barrier, Barriers } from './barriers.ts';
import { Broadcast } from './broadcast.ts';
import { type HistoryKind, HistoryVotes, wasSynchronised } from './history-votes.ts';
import type { Entry, History, LeaderHost, LeaderOptions } from './leader-host.ts';
import { LearnerLink, type LinkLimits, type LinkPhase } from './learner-link.ts';
import {
  bodyReader,
  intBody,
  QuorumPacket as Packet,
  PacketType,
  PROTOCOL_VERSION,
  packetName,
  type QuorumPacket,
  readEpoch,
  readIntBody,
  readLearnerInfo,
  readRequest,
  readRevalidate,
  revalidatedBody,
} from './packets.ts';
import { planSync, type SyncPlan } from './sync-plan.ts';
import { SyncSource } from './sync-source.ts';

/**
 * The leader's side of ZAB, as ZooKeeper 3.4 and later speak it ("Zab 1.0"):
 *
 *   discovery         a quorum says which epochs it has accepted; the next one is accepted by a quorum, which shows
 *                     its history with that, and none of it may be more recent than the leader's
 *   synchronization   every learner gets the leader's history; a quorum has it on disk and acknowledges NEWLEADER
 *   broadcast         proposals, in zxid order, committed when a quorum has them on disk
 *
 * It decides and never does: what it wants is asked of the LeaderHost, in order. learner-link.ts is one learner's
 * progress, sync-plan.ts how a learner is brought up to date, broadcast.ts the proposals under way, barriers.ts what
 * `sync` waits for, history-votes.ts which voters' word about the past is taken.
 *
 * Rules that keep it safe, and are easily lost:
 *  - The own currentEpoch is durable before the first NEWLEADER goes out, and the own log before the role begins.
 *  - A learner's acknowledgements of proposals count only behind its acknowledgement of NEWLEADER: before that its
 *    currentEpoch may be the old one, and with it the proposal would lose the next election (ZOOKEEPER-4685 is about
 *    tolerating them, no more).
 *  - Planning a synchronisation, cutting the snapshot, queueing what is under way and joining those that get the rest
 *    are one step: nothing is committed in between (ZOOKEEPER-3104, ZOOKEEPER-3589; Zab specification, issues 1 to 3).
 *  - Only participants of the configuration that came with FOLLOWERINFO are counted (ZOOKEEPER-2959).
 */
export type ZabPhase = 'discovery' | 'synchronization' | 'broadcast' | 'ended';

export interface LinkInfo {
  readonly link: number;
  readonly sid: number;
  readonly observer: boolean;
  readonly voter: boolean;
  readonly phase: LinkPhase;
}

export class Leader {
  private readonly self: number;
  private readonly options: LeaderOptions;
  private readonly verifiers: readonly QuorumVerifier[];
  private readonly history: History;
  private readonly host: LeaderHost;
  private readonly log: Log;
  private readonly limits: LinkLimits;

  private stage: ZabPhase = 'discovery';
  /** Half ticks since the start. */
  private now = 0;
  /** When what is waited for now was begun, or last got nearer. */
  private waitingSince = 0;

  private epochWanted: number;
  private ownEpoch: number | undefined = undefined;
  private newLeaderZxid: Zxid = ZXID_ZERO;
  private readonly connected: AckTracker;
  private readonly histories: HistoryVotes;
  private isHistoryKnown = false;
  private isFirstStart = false;
  private readonly newLeaderAcks: AckTracker;

  private readonly links = new Map<number, LearnerLink>();
  private readonly sources = new Map<number, SyncSource>();
  /** Servers whose DIFF from disk broke off: they get a SNAP. */
  private readonly snapOnly = new Set<number>();

  private readonly inFlight: Broadcast;
  private proposed: Zxid = ZXID_ZERO;
  private committed: Zxid = ZXID_ZERO;

  private pingRound = 0;
  private readonly barriers: Barriers;

  constructor(options: LeaderOptions, history: History, host: LeaderHost, log: Log) {
    this.self = options.self;
    this.options = options;
    this.verifiers = options.verifiers;
    this.history = history;
    this.host = host;
    this.log = log;
    this.limits = { initHalfTicks: options.initLimitTicks * 2, syncHalfTicks: options.syncLimitTicks * 2 };
    this.epochWanted = history.acceptedEpoch + 1;
    this.connected = new AckTracker(options.verifiers);
    this.histories = new HistoryVotes(options.verifiers);
    this.newLeaderAcks = new AckTracker(options.verifiers);
    this.inFlight = new Broadcast(options.self, options.verifiers);
    this.barriers = new Barriers({
      isRoundAnswered: (round) => this.isRoundAnswered(round),
      beginRound: () => this.beginRound(),
      isReached: (barrier) => this.isReached(barrier),
      pass: (barrier) => this.pass(barrier),
    });
  }

  get phase(): ZabPhase {
    return this.stage;
  }

  /** undefined until a quorum is connected. */
  get epoch(): number | undefined {
    return this.ownEpoch;
  }

  get lastProposed(): Zxid {
    return this.proposed;
  }

  get lastCommitted(): Zxid {
    return this.committed;
  }

  /** Proposed and not committed. */
  get outstanding(): number {
    return this.inFlight.outstanding;
  }

  get pendingSyncs(): number {
    return this.barriers.pending;
  }

  linkInfos(): LinkInfo[] {
    const infos: LinkInfo[] = [];
    for (const { id, sid, observer, voter, phase } of this.links.values()) {
      infos.push({ link: id, sid, observer, voter, phase });
    }
    return infos;
  }

  start(): void {
    assert(this.now === 0 && this.stage === 'discovery', 'a leader starts once');
    this.connected.add(this.self);
    this.maybeChooseEpoch();
  }

  // Learners' connections.

  onLinkOpened(id: number): void {
    assert(!this.links.has(id), `link ${id} opened twice`);
    this.links.set(id, new LearnerLink(id, this.now));
  }

  onLinkClosed(id: number): void {
    const link = this.links.get(id);
    if (link !== undefined) this.forgetLink(link);
  }

  onPacket(id: number, packet: QuorumPacket): void {
    const link = this.links.get(id);
    if (link === undefined) return;
    link.heard(this.now);
    try {
      this.handle(link, packet);
    } catch (error) {
      this.dropLink(link, protocolError(error).message);
    }
  }

  /** The election heard that `sid` looks for a leader. */
  onVoterLooking(sid: number): void {
    const patience = this.options.maxEpochWaitHalfTicks;
    if (patience === undefined || this.stage !== 'discovery' || this.ownEpoch !== undefined) return;
    if (!this.verifiers.every((verifier) => verifier.voters.has(sid))) return;
    if (this.now > patience) this.stepDown(`voter ${sid} looks for another leader`);
  }

  onHalfTick(): void {
    this.now++;
    for (const link of this.links.values()) this.watchLink(link);
    if (this.stage === 'broadcast') this.tickBroadcast();
    else this.tickBeforeBroadcast();
  }

  // Proposals.

  /** The next proposal's zxid. undefined when this leader leads no more: its counter ran out (ZOOKEEPER-1277). */
  nextZxid(): Zxid | undefined {
    assert(this.stage === 'broadcast', 'only an established leader proposes');
    if (counterOf(this.proposed) >= MAX_COUNTER - 1) {
      this.stepDown('the counter of this epoch is used up; a new election starts a new epoch');
      return undefined;
    }
    return (this.proposed + 1) as Zxid;
  }

  propose(zxid: Zxid, payload: Buffer): void {
    assert(this.stage === 'broadcast', 'only an established leader proposes');
    if (zxid !== this.proposed + 1) unreachable(`proposal ${zxidHex(zxid)} after ${zxidHex(this.proposed)}`);
    this.proposed = zxid;
    this.inFlight.propose({ zxid, payload });
    const packet = new Packet(PacketType.proposal, zxid, payload);
    for (const link of this.links.values()) {
      if (!link.forwarding || link.observer) continue;
      this.host.send(link.id, packet);
      if (link.phase === 'serving') link.proposed(zxid, this.now);
    }
    this.host.append(zxid, payload);
  }

  /** The own log has everything up to `zxid` on disk. */
  onSynced(zxid: Zxid): void {
    this.inFlight.acknowledge(this.self, zxid);
    this.advance();
  }

  /** `LeaderHost.barrierPassed(token)` follows, at once or later. Not after the role is over. */
  barrier(token: number): void {
    assert(this.stage === 'broadcast', 'only an established leader has barriers');
    this.barriers.ask(this.inFlight.lastProposed, undefined, token);
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
        this.onInfo(link, packet);
        return;
      case 'ackEpoch':
        this.onAckEpoch(link, packet);
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

  private onInfo(link: LearnerLink, packet: QuorumPacket): void {
    if (packet.type !== PacketType.followerInfo && packet.type !== PacketType.observerInfo) {
      throw new ProtocolError(`${packetName(packet.type)} instead of FOLLOWERINFO or OBSERVERINFO`);
    }
    const info = readLearnerInfo(packet.data);
    if (info.sid === undefined || info.protocolVersion < PROTOCOL_VERSION) {
      throw new ProtocolError('the learner is older than ZooKeeper 3.4');
    }
    const ownVersion = this.configVersion;
    if (info.configVersion > ownVersion) {
      throw new ProtocolError(
        `learner ${info.sid} has configuration ${zxidHex(info.configVersion)}, ours is ${zxidHex(ownVersion)}`,
      );
    }
    if (info.sid === this.self) throw new ProtocolError(`the learner has our own id, ${info.sid}`);
    link.sid = info.sid;
    link.observer = packet.type === PacketType.observerInfo;
    link.voter = !link.observer && this.isVoter(info.sid);
    link.acceptedEpoch = readEpoch(packet);
    this.dropOlderLinks(link);
    if (this.ownEpoch !== undefined) {
      this.offerEpoch(link, this.ownEpoch);
      return;
    }
    link.enter('epoch', this.now);
    if (this.isMember(link.sid)) this.epochWanted = Math.max(this.epochWanted, link.acceptedEpoch + 1);
    if (link.voter) this.connected.add(link.sid);
    this.maybeChooseEpoch();
  }

  /**
   * A server has one connection. Should an older one still look open, whatever arrives on it was sent before the server
   * came again: an acknowledgement among it may be of what the server's log is about to lose.
   */
  private dropOlderLinks(newer: LearnerLink): void {
    if (newer.sid < 0) return;
    for (const link of this.links.values()) {
      if (link !== newer && link.sid === newer.sid) this.dropLink(link, 'the learner has connected again');
    }
  }

  private onAckEpoch(link: LearnerLink, packet: QuorumPacket): void {
    if (packet.type !== PacketType.ackEpoch) throw new ProtocolError(`${packetName(packet.type)} instead of ACKEPOCH`);
    const currentEpoch = readIntBody(packet);
    const isEmpty = packet.zxid === ZXID_NONE;
    if (currentEpoch < -1 || (packet.zxid < 0 && !isEmpty)) {
      throw new ProtocolError(`ACKEPOCH with epoch ${currentEpoch} and zxid ${zxidHex(packet.zxid)}`);
    }
    link.lastZxid = isEmpty ? ZXID_ZERO : packet.zxid;
    link.needsSnapshot = isEmpty;
    link.isEmpty = link.voter && (isEmpty || (currentEpoch !== -1 && historyKind(link, currentEpoch) === 'empty'));
    link.enter('history', this.now);
    if (this.isHistoryKnown) {
      if (link.voter && this.isFirstStart && this.stage === 'synchronization' && !isNew(link, currentEpoch)) {
        this.stepDown(`voter ${link.sid} has a history, this is no first start`);
        return;
      }
      link.isUnproven = link.isEmpty;
      this.synchronise(link);
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
      this.stepDown(claim);
      return;
    }
    if (link.voter) this.histories.add(link.sid, link.isEmpty ? 'empty' : historyKind(link, currentEpoch));
    this.maybeKnowHistory();
  }

  private onAck(link: LearnerLink, zxid: Zxid): void {
    if (zxid > this.proposed) {
      throw new ProtocolError(`ACK of ${zxidHex(zxid)}, the last proposal is ${zxidHex(this.proposed)}`);
    }
    if (link.phase === 'syncing' && zxid === this.newLeaderZxid) {
      this.onNewLeaderAck(link);
      return;
    }
    // The acknowledgement of UPTODATE repeats that of NEWLEADER, and older servers acknowledge what a DIFF brought.
    if (zxid <= this.newLeaderZxid) return;
    if (link.phase !== 'serving') {
      if (zxid > link.earlyAck) link.earlyAck = zxid;
      return;
    }
    link.acked(zxid, this.now);
    this.countAck(link, zxid);
  }

  private onNewLeaderAck(link: LearnerLink): void {
    this.log.info({ sid: link.sid, sync: link.syncKind, phase: this.stage }, 'learner synchronised');
    link.enter('synced', this.now);
    this.closeSource(link);
    this.snapOnly.delete(link.sid);
    this.waitingSince = this.now;
    if (this.stage === 'broadcast') {
      this.serveSynced();
      return;
    }
    if (link.voter && !link.isUnproven) this.newLeaderAcks.add(link.sid);
    this.maybeEstablish();
  }

  private countAck(link: LearnerLink, zxid: Zxid): void {
    if (!link.voter) return;
    this.inFlight.acknowledge(link.sid, zxid);
    this.advance();
  }

  /** A learner answers each PING behind UPTODATE, in order, with its zxid. */
  private onPing(link: LearnerLink, packet: QuorumPacket): void {
    const ping = link.pings.shift();
    if (ping === undefined || ping.zxid !== packet.zxid) {
      throw new ProtocolError(`answer to a PING that was not sent: ${zxidHex(packet.zxid)}`);
    }
    if (packet.data !== undefined && packet.data.length > 0) {
      const r = bodyReader(packet);
      while (r.remaining > 0) this.host.touched(link.sid, r.readLong(), r.readInt());
    }
    link.answeredRound = ping.round;
    this.serveSynced();
    this.barriers.advance();
  }

  private onRequest(link: LearnerLink, packet: QuorumPacket): void {
    expectServing(link, packet);
    const { sessionId, cxid, type, body } = readRequest(packet);
    if (type === OpCode.sync) {
      const proposed = this.inFlight.lastProposed;
      link.syncAsked(proposed ?? this.committed);
      this.barriers.ask(proposed, link.id, 0);
      return;
    }
    this.host.request(link.id, link.sid, sessionId, cxid, type, body, packet.authinfo ?? []);
  }

  // Discovery.

  private maybeChooseEpoch(): void {
    if (!this.connected.has(this.self) || !this.connected.hasAllQuorums()) return;
    if (this.epochWanted > MAX_EPOCH) {
      this.stepDown(`epoch ${this.epochWanted} is beyond ${MAX_EPOCH}`);
      return;
    }
    const epoch = this.epochWanted;
    this.ownEpoch = epoch;
    this.newLeaderZxid = makeZxid(epoch, 0);
    this.proposed = this.newLeaderZxid;
    this.waitingSince = this.now;
    this.host.setAcceptedEpoch(epoch);
    this.log.info({ epoch, connected: [...this.connected.acks].join(',') }, 'new epoch');
    this.histories.add(this.self, this.ownHistoryKind());
    for (const link of this.links.values()) {
      if (link.phase === 'epoch') this.offerEpoch(link, epoch);
    }
    this.maybeKnowHistory();
  }

  /**
   * A member that comes later with a higher accepted epoch can follow nobody until there is a higher one still; the
   * only cure is another election, and one is enough.
   */
  private offerEpoch(link: LearnerLink, epoch: number): void {
    if (link.acceptedEpoch > epoch) {
      const claim = `learner ${link.sid} has accepted epoch ${link.acceptedEpoch}, ours is ${epoch}`;
      if (this.isMember(link.sid)) this.stepDown(claim);
      else this.dropLink(link, claim);
      return;
    }
    link.enter('ackEpoch', this.now);
    this.host.send(link.id, new Packet(PacketType.leaderInfo, this.newLeaderZxid, intBody(PROTOCOL_VERSION)));
  }

  private ownHistoryKind(): HistoryKind {
    if (this.options.initialize === true) return 'fresh';
    const { currentEpoch, lastZxid } = this.history;
    return !this.options.empty && wasSynchronised(currentEpoch, lastZxid) ? 'some' : 'empty';
  }

  private isMoreRecent(currentEpoch: number, lastZxid: Zxid): boolean {
    const own = this.history.currentEpoch;
    return currentEpoch > own || (currentEpoch === own && lastZxid > this.history.lastZxid);
  }

  private maybeKnowHistory(): void {
    if (!this.histories.hasQuorum(this.self)) return;
    assert(this.ownEpoch !== undefined, 'an epoch is accepted when there is one');
    this.isHistoryKnown = true;
    this.isFirstStart = this.histories.isFirstStart;
    const emptyCount = this.histories.countsEmpty;
    this.stage = 'synchronization';
    this.waitingSince = this.now;
    this.host.setCurrentEpoch(this.ownEpoch);
    this.newLeaderAcks.add(this.self);
    for (const link of this.links.values()) {
      if (link.phase !== 'history') continue;
      link.isUnproven = link.isEmpty && !emptyCount;
      this.synchronise(link);
    }
    this.maybeEstablish();
  }

  // Synchronisation.

  private synchronise(link: LearnerLink): void {
    if (link.snapshotFrom === undefined) {
      // From here on nothing is committed with the help of what this learner's disk may be about to lose.
      this.inFlight.forget(link.sid);
      link.snapshotFrom = this.committed;
      link.provenBy = this.pingRound + 1;
    }
    const treeZxid = this.history.lastZxid;
    const plan = planSync(link.lastZxid, this.history, this.inFlight.decidedAbove(treeZxid), {
      forceSnapshotSync: this.options.forceSnapshotSync || link.needsSnapshot || this.snapOnly.has(link.sid),
      snapshotSizeFactor: this.options.snapshotSizeFactor,
    });
    // What is committed may be on this learner's disk and not yet on ours: a snapshot must not take it away from there.
    if (plan.kind === 'snap' && treeZxid < link.snapshotFrom) return;
    if (link.observer && !this.hasRoomFor(plan.kind)) {
      plan.disk?.cursor.close();
      this.dropLink(link, 'too many learners are being synchronised at the same time');
      return;
    }
    this.log.info(
      {
        sid: link.sid,
        sync: plan.kind,
        learner: zxidHex(link.lastZxid),
        to: zxidHex(plan.zxid),
        txns: plan.entries.length,
      },
      'synchronising a learner',
    );
    link.syncKind = plan.kind;
    link.enter('syncing', this.now);
    this.sendPlan(link, plan);
    const open: Entry[] = [];
    this.inFlight.forEachAbove(plan.reaches, (entry, isCommitted) => {
      if (isCommitted) this.forward(link, entry);
      else if (!link.observer) open.push(entry);
    });
    link.forwarding = true;
    const config = Buffer.from(this.history.configText(), 'utf8');
    this.host.send(link.id, new Packet(PacketType.newLeader, this.newLeaderZxid, config));
    // Apache's leaders send these before; its learners up to 3.9.2 then die of a COMMIT that comes before UPTODATE, and log
    // all of it again (ZOOKEEPER-4394).
    for (const entry of open) this.host.send(link.id, new Packet(PacketType.proposal, entry.zxid, entry.payload));
  }

  private sendPlan(link: LearnerLink, plan: SyncPlan): void {
    this.host.send(link.id, new Packet(PacketType[plan.kind], plan.zxid));
    if (plan.kind === 'snap') {
      this.host.streamSnapshot(link.id, plan.zxid);
      return;
    }
    if (plan.disk === undefined && plan.entries.length === 0) return;
    const source = new SyncSource(plan, (reason) => {
      this.snapOnly.add(link.sid);
      this.dropLink(link, reason);
    });
    this.sources.set(link.id, source);
    this.host.sendFrom(link.id, source);
  }

  private forward(link: LearnerLink, entry: Entry): void {
    this.host.send(link.id, new Packet(PacketType.proposal, entry.zxid, entry.payload));
    this.host.send(link.id, new Packet(PacketType.commit, entry.zxid));
  }

  private hasRoomFor(kind: SyncPlan['kind']): boolean {
    let busy = 0;
    for (const link of this.links.values()) {
      if (link.phase === 'syncing' && (link.syncKind === 'snap') === (kind === 'snap')) busy++;
    }
    return busy < (kind === 'snap' ? this.options.maxConcurrentSnapSyncs : this.options.maxConcurrentDiffSyncs);
  }

  private maybeEstablish(): void {
    if (this.stage !== 'synchronization' || !this.newLeaderAcks.hasAllQuorums()) return;
    this.stage = 'broadcast';
    this.committed = this.newLeaderZxid;
    this.proposed = (this.newLeaderZxid + this.options.initialCounter) as Zxid;
    this.log.info(
      { epoch: epochOf(this.newLeaderZxid), acks: [...this.newLeaderAcks.acks].join(',') },
      'a quorum has this history; leading',
    );
    this.host.established(this.newLeaderZxid);
    assert(this.history.lastZxid === this.newLeaderZxid, 'the tree stands at the start of the new epoch');
    this.serveSynced();
  }

  /** UPTODATE to everyone who can have it; what a learner acknowledged before counts with it. */
  private serveSynced(): void {
    let unproven = 0;
    for (const link of this.links.values()) {
      if (link.phase !== 'synced') continue;
      if (link.isUnproven && !(link.provenBy <= this.pingRound && this.isRoundAnswered(link.provenBy))) {
        if (link.provenBy > this.pingRound) unproven++;
        continue;
      }
      link.enter('serving', this.now);
      this.host.send(link.id, new Packet(PacketType.upToDate, ZXID_NONE));
      if (link.earlyAck > this.newLeaderZxid) this.countAck(link, link.earlyAck);
      this.barriers.neighboursChanged();
    }
    if (unproven > 0) this.beginRound();
  }

  // Broadcast.

  private advance(): void {
    for (let entry = this.inFlight.nextCommit(); entry !== undefined; entry = this.inFlight.nextCommit()) {
      this.committed = entry.zxid;
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
    for (const link of this.links.values()) {
      if (link.phase === 'history') this.synchronise(link);
    }
    this.barriers.advance();
  }

  private isRoundAnswered(round: number): boolean {
    const answered = new AckTracker(this.verifiers);
    answered.add(this.self);
    for (const link of this.links.values()) {
      if (link.phase === 'serving' && link.voter && link.answeredRound >= round) answered.add(link.sid);
    }
    return answered.hasAllQuorums();
  }

  private beginRound(): void {
    this.pingRound++;
    this.barriers.roundBegun(this.pingRound);
    for (const link of this.links.values()) {
      if (link.phase === 'serving' && link.mayPing) this.ping(link);
    }
  }

  private isReached(barrier: Barrier): boolean {
    if (barrier.zxid === undefined) return true;
    return (barrier.link === undefined ? this.history.lastZxid : this.committed) >= barrier.zxid;
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

  private ping(link: LearnerLink): void {
    link.pings.push({ round: this.pingRound, zxid: this.proposed });
    this.host.send(link.id, new Packet(PacketType.ping, this.proposed));
  }

  // Time.

  private tickBeforeBroadcast(): void {
    if (this.now - this.waitingSince <= this.limits.initHalfTicks) {
      // A learner that waits for others keeps its connection only while it hears something within syncLimit; it does not
      // answer yet.
      for (const link of this.links.values()) {
        if (link.phase === 'synced') this.host.send(link.id, new Packet(PacketType.ping, this.proposed));
      }
      return;
    }
    if (this.ownEpoch === undefined) {
      this.stepDown(`no quorum of learners connected, only ${[...this.connected.acks].join(',')}`);
    } else if (!this.isHistoryKnown) {
      this.stepDown(`no quorum of voters with a history accepted the epoch, only ${this.histories.sids.join(',')}`);
    } else {
      this.stepDown(`no quorum was synchronised, only ${[...this.newLeaderAcks.acks].join(',')}`);
    }
  }

  private tickBroadcast(): void {
    this.afterApply();
    if (this.now % 2 === 0 && !this.hasQuorumConnected()) {
      this.stepDown('no quorum of learners is connected and answers');
      return;
    }
    this.beginRound();
    this.barriers.advance();
  }

  private watchLink(link: LearnerLink): void {
    if (link.phase === 'syncing' && link.tookBytes(this.host.sentBytes(link.id), this.now) && link.voter) {
      this.waitingSince = this.now;
    }
    const reason =
      this.host.queuedBytes(link.id) > this.options.maxLinkQueueBytes
        ? 'the learner takes less than is sent to it'
        : link.overdue(this.now, this.limits);
    if (reason !== undefined) this.dropLink(link, reason);
  }

  /** A learner that is being synchronised is there, too; its own limits say for how long. */
  private hasQuorumConnected(): boolean {
    const connected = new AckTracker(this.verifiers);
    connected.add(this.self);
    for (const link of this.links.values()) {
      if (link.voter && !(link.isUnproven && link.phase !== 'serving')) connected.add(link.sid);
    }
    return connected.hasAllQuorums();
  }

  // Ends.

  private dropLink(link: LearnerLink, reason: string): void {
    this.forgetLink(link);
    this.log.warn({ sid: link.sid, phase: link.phase, reason }, 'closing the link to a learner');
    this.host.closeLink(link.id, reason);
  }

  private forgetLink(link: LearnerLink): void {
    this.links.delete(link.id);
    this.closeSource(link);
    if (link.voter) this.histories.left(link.sid);
    if (this.stage === 'broadcast') this.barriers.neighboursChanged();
  }

  private closeSource(link: LearnerLink): void {
    this.sources.get(link.id)?.close();
    this.sources.delete(link.id);
  }

  private stepDown(reason: string): void {
    this.stage = 'ended';
    for (const source of this.sources.values()) source.close();
    this.sources.clear();
    this.log.warn({ epoch: this.ownEpoch, reason }, 'not leading any more');
    this.host.stepDown(reason);
  }

  /** A membership that was only proposed before this epoch is in force with it. */
  private get configVersion(): Zxid {
    const inForce = this.stage === 'broadcast' ? this.verifiers.at(-1) : this.verifiers[0];
    return (inForce as QuorumVerifier).version;
  }

  private isVoter(sid: number): boolean {
    return this.verifiers.some((verifier) => verifier.voters.has(sid));
  }

  private isMember(sid: number): boolean {
    return this.verifiers.some((verifier) => verifier.members.has(sid));
  }
}

/** Of a learner that does not call itself empty. */
function historyKind(link: LearnerLink, currentEpoch: number): HistoryKind {
  if (wasSynchronised(currentEpoch, link.lastZxid)) return 'some';
  return link.lastZxid === ZXID_ZERO && link.acceptedEpoch === 0 ? 'fresh' : 'empty';
}

function isNew(link: LearnerLink, currentEpoch: number): boolean {
  return currentEpoch === 0 && link.lastZxid === ZXID_ZERO;
}

function expectServing(link: LearnerLink, packet: QuorumPacket): void {
  if (link.phase !== 'serving') throw new ProtocolError(`${packetName(packet.type)} before UPTODATE`);
}
