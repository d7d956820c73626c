import { Fifo } from '../../base/fifo.ts';
import type { ApplyResult } from '../../datatree/database.ts';
import type { MembershipForecast } from '../../election/quorum/membership-forecast.ts';
import type { Timer } from '../../io/clock.ts';
import type { ReconfigRequest } from '../../jute/client-records.ts';
import type { Txn } from '../../jute/txns.ts';
import { epochOf, MAX_COUNTER, type Zxid, zxidText } from '../../jute/zxid.ts';
import { SizeStats } from '../../server/metrics/counters.ts';
import { AckMeter, ProposalMeter } from '../../server/metrics/role-meters.ts';
import type { LeaderInfo } from '../../server/monitoring/server-info.ts';
import { Leader } from '../../zab/leader/leader.ts';
import type { CatchUpKind, LeaderEvents, LeaderLog, LeaderOptions } from '../../zab/leader/leader-ports.ts';
import type { LearnerLink } from '../../zab/leader/learner-link.ts';
import { PacketType, QuorumPacket } from '../../zab/wire/packets.ts';
import type { ConfigBook } from '../config-book.ts';
import { linkOptions } from '../config-parts.ts';
import { type PeerParts, packetsKept, primaryOptions } from '../peer-parts.ts';
import { Reconfigurations } from '../reconfigurations.ts';
import type { ReplicaSink } from '../replica.ts';
import type { LearnerState } from '../state-dump.ts';
import { LeaderRequests, type Question, TOO_MUCH_WAITS } from './leader-requests.ts';
import { learnerInfo, learnerState } from './learner-info.ts';
import { LearnerMeter } from './learner-meter.ts';
import { LedMembers } from './led-members.ts';
import { Primary } from './primary.ts';
import { QuorumPort, type QuorumPortOptions } from './quorum-port.ts';
import { ReplicaHistory } from './replica-history.ts';
import type { Role } from './role.ts';

/**
 * The role of the elected: joins Leader (who is synchronised with what, and what is decided) to this peer's replica, its
 * quorum port and those who ask (leader-requests.ts). Here are the ends that belong to the role: when events come, what the
 * log is told, and what happens when the leader is established or is none any more.
 */
export interface LeadingOptions {
  readonly self: number;
  readonly quorumAddresses: QuorumPortOptions['addresses'];
  readonly empty: boolean;
  readonly initialize: boolean;
  /** A quorum has this peer's history, and it serves; `epoch` is its own. */
  readonly onEstablished: (epoch: number) => void;
  /** `next`: the one who leads from now on, as the members were told. */
  readonly onTransferFailed: (reason: string) => void;
  readonly onOver: (reason: string, next: number | undefined) => void;
}

export class Leading implements Role, LeaderLog, LeaderEvents, ReplicaSink {
  readonly mode = 'leader';
  readonly needsSnapshot = false;
  readonly leader: number;
  private readonly parts: PeerParts;
  private readonly book: ConfigBook;
  private readonly options: LeadingOptions;
  private readonly core: Leader<Question>;
  private readonly requests: LeaderRequests;
  private readonly port: QuorumPort;
  private readonly ticker: Timer;
  private readonly meter: LearnerMeter;
  private readonly proposalSizes = new SizeStats();
  private readonly proposals: ProposalMeter;
  private readonly acks: AckMeter;
  private readonly startedMs: number;
  private primary: Primary | undefined;
  private members: Reconfigurations | undefined;
  private establishedMs: number | undefined;
  private over = false;
  private readonly held = new Fifo<{ readonly learner: LearnerLink; readonly packet: QuorumPacket }>(16);

  constructor(parts: PeerParts, book: ConfigBook, options: LeadingOptions) {
    this.parts = parts;
    this.book = book;
    this.options = options;
    this.leader = options.self;
    const { config, clock, replica } = parts;
    this.startedMs = clock.nowMs();
    this.proposals = new ProposalMeter(parts.metrics, clock);
    this.acks = new AckMeter(parts.metrics, clock);
    replica.beginRole(this);
    this.meter = new LearnerMeter(parts, () => this.core.linkInfos());
    this.requests = new LeaderRequests(parts, book.active.voters.size);
    this.core = new Leader<Question>(
      leaderOptions(parts, book, options),
      {
        history: new ReplicaHistory(parts),
        log: this,
        epochs: parts.store.epochs,
        clients: this.requests,
        events: this,
        members: new LedMembers(book),
        oracle: parts.oracle,
      },
      parts.zabLog,
    );
    this.port = new QuorumPort(
      parts.net,
      clock,
      parts.zabLog,
      { addresses: options.quorumAddresses, keepAlive: config.tcpKeepAlive, packetsKept: packetsKept(config) },
      {
        onOpened: (wire) => this.core.onLinkOpened(wire),
        onPacket: (learner, packet) => this.onPacket(learner, packet),
        onWaited: (learner, ms, packets) => this.meter.waited(learner, ms, packets),
        onLost: (learner) => this.event(() => this.core.onLinkClosed(learner)),
        onUnavailable: (port, error) => this.stepDown(`cannot listen on quorum port ${port}: ${error.message}`),
      },
    );
    this.ticker = clock.every(config.tickTimeMs / 2, () => this.onHalfTick());
  }

  start(): void {
    this.event(() => this.core.start());
  }

  onVoterLooking(sid: number): void {
    const wasOver = this.over;
    this.event(() => this.core.onVoterLooking(sid));
    if (this.over && !wasOver) this.parts.metrics.ensemble.quitLeading.add(1);
  }

  get phase(): string {
    return this.core.phase;
  }

  get leaderInfo(): LeaderInfo {
    const links = this.core.linkInfos();
    const synced = links.filter((link) => link.phase === 'serving');
    return {
      learners: links.length,
      syncedFollowers: synced.filter((link) => link.voter).length,
      syncedNonVotingFollowers: synced.filter((link) => !link.voter && !link.observer).length,
      pendingSyncs: this.core.pendingSyncs,
      uptimeMs: this.establishedMs === undefined ? 0 : this.parts.clock.nowMs() - this.establishedMs,
      proposalSizes: this.proposalSizes,
      observers: synced.filter((link) => link.observer).map(({ sid, wire }) => learnerInfo(sid, wire)),
      resetObservers: () => {
        for (const link of links) if (link.observer) link.wire.counts.reset();
      },
    };
  }

  get observersInfo(): LeaderInfo {
    return this.leaderInfo;
  }

  get learners(): LearnerState[] {
    return this.core.linkInfos().map(learnerState);
  }

  stop(): void {
    if (this.over) return;
    this.over = true;
    this.ticker.cancel();
    this.port.close();
    this.core.close();
    this.requests.close();
    this.primary?.stop();
    this.parts.server.stop();
  }

  private onHalfTick(): void {
    this.event(() => this.core.onHalfTick());
    if (!this.over) this.primary?.onTick(this.parts.clock.nowMs());
  }

  /**
   * While the leadership is handed over, requests wait as they came: a `sync` behind a write that waits must not be
   * answered before it.
   */
  private onPacket(learner: LearnerLink, packet: QuorumPacket): void {
    const isHeld = this.core.isTransferring || this.held.length > 0;
    if (packet.type === PacketType.request && isHeld) this.hold(learner, packet);
    else this.deliver(learner, packet);
  }

  /** Too much after the others were told is dropped: this role ends without an answer to anything. */
  private hold(learner: LearnerLink, { type, zxid, data, authinfo }: QuorumPacket): void {
    let isKept = this.requests.mayHold(data?.length ?? 0);
    if (!isKept)
      this.event(() => {
        isKept = this.core.keepLeadership(TOO_MUCH_WAITS) || !this.core.isTransferring;
      });
    if (isKept) this.held.push({ learner, packet: new QuorumPacket(type, zxid, data && Buffer.from(data), authinfo) });
  }

  private deliver(learner: LearnerLink, packet: QuorumPacket): void {
    const { turn } = this.requests;
    turn.begin();
    this.core.onPacket(learner, packet);
    turn.end();
  }

  /** One of these may begin another hand-over, for which the rest waits as before. */
  private replayHeld(): void {
    while (!this.over && !this.core.isTransferring) {
      const next = this.held.shift();
      if (next === undefined) return;
      this.deliver(next.learner, next.packet);
    }
  }

  /** For what is rare; packets and syncs of the log do without a closure. */
  private event(event: () => void): void {
    const { turn } = this.requests;
    turn.begin();
    event();
    turn.end();
  }

  // LeaderLog

  append(zxid: Zxid, payload: Buffer): void {
    this.proposals.onProposed(zxid);
    this.acks.onAppended(zxid);
    this.proposalSizes.record(payload.length);
    this.parts.replica.append(zxid, payload, this.primary?.madeTxn(zxid));
  }

  commit(zxid: Zxid): void {
    this.proposals.onCommitted(zxid);
    this.parts.replica.commit(zxid);
  }

  // LeaderEvents

  catchingUp(learner: LearnerLink, kind: CatchUpKind, zxid: Zxid): void {
    this.meter.catchingUp(learner, kind, zxid);
  }

  acknowledged(sid: number, zxid: Zxid): void {
    this.proposals.onAcknowledged(sid, zxid);
  }

  established(epochStart: Zxid): void {
    const { replica, server, clock, config, log, probe } = this.parts;
    probe?.onEstablished(epochStart);
    replica.openEpoch(epochStart);
    this.establishedMs = clock.nowMs();
    const members = new Reconfigurations(config, this.book, this.core, this.leader, log);
    this.members = members;
    const { localSessions } = this.requests;
    const primary = new Primary(this.parts, { ...primaryOptions(config), localSessions }, this.requests, members);
    this.primary = primary;
    probe?.onPrimary(primary);
    this.requests.open(this.core, primary);
    log.info({ zxid: zxidText(epochStart), ms: Math.round(this.establishedMs - this.startedMs) }, 'leading');
    if (config.leaderServes) server.start(this.requests, replica.database);
    this.options.onEstablished(epochOf(epochStart));
    primary.closeDeadSessions();
  }

  stepDown(reason: string, next?: number): void {
    this.stop();
    this.options.onOver(reason, next);
  }

  transferFailed(reason: string): void {
    this.parts.log.warn({ reason }, 'the leadership stays here');
    this.requests.release();
    this.parts.clock.afterTurn(() => this.replayHeld());
    this.options.onTransferFailed(reason);
  }

  /** The forecast of a reconfiguration; undefined: it is not established yet. */
  forecast(request: ReconfigRequest): MembershipForecast | undefined {
    return this.members?.forecast(request);
  }

  /** Hands over to `to`, or to whoever has the most; the reason when it does not begin. */
  transfer(to?: number): string | undefined {
    let refused: string | undefined;
    this.event(() => {
      refused = this.core.transfer(to);
    });
    return refused;
  }

  // ReplicaSink

  onDurable(zxid: Zxid): void {
    // It may be over while its server, told to stop, still waits for the disk.
    if (this.over) return;
    this.acks.onDurable(zxid);
    const { turn } = this.requests;
    turn.begin();
    this.core.onDurable(zxid);
    turn.end();
  }

  onApplied(txn: Txn, result: ApplyResult): void {
    this.primary?.onApplied(txn, result);
    this.parts.server.onApplied(txn, result);
  }
}

function leaderOptions({ config, probe }: PeerParts, book: ConfigBook, options: LeadingOptions): LeaderOptions {
  const { active, lastSeen } = book;
  return {
    ...linkOptions(config, options.self, probe?.limits),
    verifiers: lastSeen === undefined ? [active] : [active, lastSeen],
    mayReconfigure: config.reconfigEnabled,
    empty: options.empty,
    initialize: options.initialize,
    maxEpochWaitHalfTicks:
      config.maxTimeToWaitForEpochMs === undefined
        ? undefined
        : Math.ceil((config.maxTimeToWaitForEpochMs * 2) / config.tickTimeMs),
    maxCounter: MAX_COUNTER - 1 - config.countersAtStart,
    initialCounter: 0,
  };
}
