import { assert } from '../base/assert.ts';
import { Fifo } from '../base/fifo.ts';
import type { ApplyResult } from '../datatree/database.ts';
import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import type { Timer } from '../io/clock.ts';
import type { Id } from '../jute/data-records.ts';
import type { Txn } from '../jute/txns.ts';
import { epochOf, type Zxid, zxidHex } from '../jute/zxid.ts';
import { SizeStats } from '../server/metrics/counters.ts';
import { ProposalMeter } from '../server/metrics/role-meters.ts';
import type { LeaderInfo } from '../server/monitoring/server-info.ts';
import { operationOfServer } from '../server/operations/operations.ts';
import { Request } from '../server/request.ts';
import { Leader } from '../zab/leader/leader.ts';
import type { LeaderHost, PacketSource } from '../zab/leader/leader-host.ts';
import { PacketType, type QuorumPacket } from '../zab/wire/packets.ts';
import { LeaderUpstream } from './leader-upstream.ts';
import { type PeerParts, primaryOptions } from './peer-parts.ts';
import { Primary } from './primary.ts';
import { QuorumPort, type QuorumPortOptions } from './quorum-port.ts';
import type { ReplicaSink } from './replica.ts';
import { ReplicaHistory } from './replica-history.ts';
import type { LearnerState } from './state-dump.ts';

/**
 * The role of the elected: joins Leader (who is synchronised with what, and what is decided) to this peer's replica,
 * clients and quorum port. What learners forward is prepared like the writes of own clients.
 *
 * Leader wants no event while it is inside one, and prep wants each zxid used before the next is asked for; so all
 * that would enter while an event runs waits in `later`.
 */
export interface LeadingOptions {
  readonly self: number;
  readonly verifier: QuorumVerifier;
  readonly lastSeenVerifier: QuorumVerifier | undefined;
  readonly quorumAddresses: QuorumPortOptions['addresses'];
  readonly empty: boolean;
  readonly initialize: boolean;
  /** A quorum has this peer's history, and it serves; `epoch` is its own. */
  readonly onEstablished: (epoch: number) => void;
  readonly onOver: (reason: string) => void;
}

/** A learner that takes nothing while this much waits for it is cut off. */
const MAX_LINK_QUEUE_BYTES = 512 << 20;

export class Leading implements LeaderHost, ReplicaSink {
  private readonly parts: PeerParts;
  private readonly options: LeadingOptions;
  private readonly leader: Leader;
  private readonly port: QuorumPort;
  private readonly ticker: Timer;
  private readonly barriers = new Map<number, () => void>();
  private readonly proposalSizes = new SizeStats();
  private readonly proposals: ProposalMeter;
  private readonly startedMs: number;
  private readonly later = new Fifo<() => void>();
  private inLeader = false;
  private primary: Primary | undefined;
  private nextBarrier = 1;
  private establishedMs: number | undefined;
  private over = false;

  constructor(parts: PeerParts, options: LeadingOptions) {
    this.parts = parts;
    this.options = options;
    const { config, clock, replica } = parts;
    const { verifier, lastSeenVerifier } = options;
    this.startedMs = clock.nowMs();
    this.proposals = new ProposalMeter(parts.metrics, clock);
    replica.beginRole(this);
    this.leader = new Leader(
      {
        self: options.self,
        verifiers: lastSeenVerifier === undefined ? [verifier] : [verifier, lastSeenVerifier],
        initLimitTicks: config.initLimitTicks,
        syncLimitTicks: config.syncLimitTicks,
        empty: options.empty,
        initialize: options.initialize,
        maxEpochWaitHalfTicks:
          config.maxTimeToWaitForEpochMs === undefined
            ? undefined
            : Math.ceil((config.maxTimeToWaitForEpochMs * 2) / config.tickTimeMs),
        snapshotSizeFactor: config.snapshotSizeFactor,
        maxConcurrentSnapSyncs: config.maxConcurrentSnapSyncs,
        maxConcurrentDiffSyncs: config.maxConcurrentDiffSyncs,
        forceSnapshotSync: false,
        maxLinkQueueBytes: MAX_LINK_QUEUE_BYTES,
        limits: parts.probe?.limits,
        initialCounter: 0,
      },
      new ReplicaHistory(parts, (lastSeenVerifier ?? verifier).text()),
      this,
      parts.log,
    );
    this.port = new QuorumPort(
      parts.net,
      clock,
      parts.log,
      { addresses: options.quorumAddresses, keepAlive: config.tcpKeepAlive },
      {
        onOpened: (id) => this.enter(() => this.leader.onLinkOpened(id)),
        onPacket: (id, packet) => this.onPacket(id, packet),
        onLost: (id) => this.enter(() => this.leader.onLinkClosed(id)),
        onUnavailable: (port, error) => this.stepDown(`cannot listen on quorum port ${port}: ${error.message}`),
      },
    );
    this.ticker = clock.every(config.tickTimeMs / 2, () => this.onHalfTick());
  }

  /** Apart from the constructor, because the role may be over before it returns. */
  start(): void {
    this.enter(() => this.leader.start());
  }

  /** The election heard that `sid` is looking. */
  onVoterLooking(sid: number): void {
    this.enter(() => this.leader.onVoterLooking(sid));
  }

  /** discovery, synchronization or broadcast */
  get phase(): string {
    return this.leader.phase;
  }

  info(): LeaderInfo {
    const links = this.leader.linkInfos();
    const synced = links.filter((link) => link.phase === 'serving');
    return {
      learners: links.length,
      syncedFollowers: synced.filter((link) => link.voter).length,
      syncedNonVotingFollowers: synced.filter((link) => !link.voter && !link.observer).length,
      syncedObservers: synced.filter((link) => link.observer).length,
      pendingSyncs: this.leader.pendingSyncs,
      uptimeMs: this.establishedMs === undefined ? 0 : this.parts.clock.nowMs() - this.establishedMs,
      proposalSizes: this.proposalSizes,
    };
  }

  learners(): LearnerState[] {
    return this.leader.linkInfos().map(({ link, sid, observer, phase }) => {
      return { sid, observer, phase, queued: this.queuedBytes(link) };
    });
  }

  /** The role is over, whoever ends it. Nothing of it happens any more. */
  stop(): void {
    if (this.over) return;
    this.over = true;
    this.ticker.cancel();
    this.port.close();
    this.primary?.stop();
    this.parts.server.stop();
    this.later.clear();
  }

  private onHalfTick(): void {
    this.enter(() => this.leader.onHalfTick());
    if (!this.over) this.primary?.onTick(this.parts.clock.nowMs());
  }

  /** A ProtocolError of the packet is the link's business, so it passes through to the port. */
  private onPacket(id: number, packet: QuorumPacket): void {
    this.enter(() => this.leader.onPacket(id, packet));
  }

  /** Runs an event of the leader now or when the present one is over. */
  private enter(event: () => void): void {
    // It may be over while its server, told to stop, still waits for the disk.
    if (this.over) return;
    if (this.inLeader) {
      this.later.push(() => this.enter(event));
      return;
    }
    this.inLeader = true;
    try {
      event();
    } finally {
      this.inLeader = false;
    }
    while (!this.over && !this.inLeader) {
      const task = this.later.shift();
      if (task === undefined) return;
      task();
    }
  }

  whenFree(task: () => void): void {
    if (this.inLeader) this.later.push(task);
    else task();
  }

  // LeaderHost

  send(link: number, packet: QuorumPacket): void {
    if (packet.type === PacketType.diff || packet.type === PacketType.trunc) this.parts.metrics.diffCount.add(1);
    this.port.connection(link).link.send(packet);
  }

  sendFrom(link: number, source: PacketSource): void {
    this.port.connection(link).link.sendFrom(source);
  }

  streamSnapshot(link: number, zxid: Zxid): void {
    const connection = this.port.connection(link);
    this.parts.log.info({ learner: connection.ownerName, zxid: `0x${zxidHex(zxid)}` }, 'sending a snapshot');
    this.parts.metrics.snapCount.add(1);
    connection.link.sendRaw(this.parts.replica.database.startCut());
  }

  closeLink(link: number, reason: string): void {
    this.port.closeConnection(link, reason);
  }

  queuedBytes(link: number): number {
    return this.port.connection(link).link.queuedBytes;
  }

  sentBytes(link: number): number {
    return this.port.connection(link).link.sentBytes;
  }

  append(zxid: Zxid, payload: Buffer): void {
    this.parts.replica.append(zxid, payload);
  }

  commit(zxid: Zxid): void {
    this.proposals.onCommitted(zxid);
    this.parts.replica.commit(zxid);
  }

  setAcceptedEpoch(epoch: number): void {
    this.parts.store.epochs.setAccepted(epoch);
  }

  setCurrentEpoch(epoch: number): void {
    this.parts.store.epochs.setCurrent(epoch);
  }

  established(epochStart: Zxid): void {
    const { replica, server, clock, config, auth, log } = this.parts;
    this.parts.probe?.onEstablished(epochStart);
    replica.openEpoch(epochStart);
    this.establishedMs = clock.nowMs();
    const primary = new Primary(
      replica.database,
      auth,
      clock,
      primaryOptions(config),
      {
        nextZxid: () => this.leader.nextZxid(),
        propose: (zxid, payload) => this.propose(zxid, payload),
      },
      log,
    );
    this.primary = primary;
    this.parts.probe?.onPrimary(primary);
    log.info({ zxid: `0x${zxidHex(epochStart)}`, ms: Math.round(this.establishedMs - this.startedMs) }, 'leading');
    if (config.leaderServes) {
      server.start(
        new LeaderUpstream(this.parts, primary, this.options.verifier.voters.size, {
          whenFree: (task) => this.whenFree(task),
          barrier: (passed) => this.barrier(passed),
        }),
        replica.database,
      );
    }
    this.options.onEstablished(epochOf(epochStart));
    this.later.push(() => primary.closeDeadSessions());
  }

  request(
    link: number,
    _sid: number,
    sessionId: bigint,
    cxid: number,
    type: number,
    body: Buffer,
    authIds: readonly Id[],
  ): void {
    const owner = this.port.connection(link);
    const { primary } = this;
    assert(primary !== undefined, 'a learner that serves has a leader that does');
    const request = new Request(
      { sessionId, authIds, owner },
      cxid,
      operationOfServer(type),
      body,
      this.parts.clock.nowMs(),
    );
    this.whenFree(() => primary.submit(request));
  }

  /**
   * A client that is told no takes its session for lost. One that leads no more, and does not know it, knows nothing of
   * sessions opened since, and may have closed others in vain: so no is said behind a barrier.
   */
  revalidate(link: number, _sid: number, sessionId: bigint, timeoutMs: number): void {
    const owner = this.port.connection(link);
    assert(this.primary !== undefined, 'a learner that serves has a leader that does');
    this.parts.metrics.revalidates.add(1);
    const valid = this.primary.sessions.revalidate(sessionId, timeoutMs, owner, this.parts.clock.nowMs());
    const answer = (): void => this.enter(() => this.leader.revalidated(link, sessionId, valid));
    if (valid) answer();
    else this.whenFree(() => this.barrier(answer));
  }

  touched(_sid: number, sessionId: bigint, timeoutMs: number): void {
    this.primary?.sessions.touch(sessionId, timeoutMs, this.parts.clock.nowMs());
  }

  barrierPassed(token: number): void {
    const passed = this.barriers.get(token);
    assert(passed !== undefined, 'a barrier passes once');
    this.barriers.delete(token);
    passed();
  }

  stepDown(reason: string): void {
    this.stop();
    this.options.onOver(reason);
  }

  private barrier(passed: () => void): void {
    const token = this.nextBarrier++;
    this.barriers.set(token, passed);
    this.enter(() => this.leader.barrier(token));
  }

  private propose(zxid: Zxid, payload: Buffer): void {
    this.proposals.onProposed(zxid);
    this.proposalSizes.record(payload.length);
    this.enter(() => this.leader.propose(zxid, payload));
  }

  // ReplicaSink

  onDurable(zxid: Zxid): void {
    this.enter(() => this.leader.onDurable(zxid));
  }

  onApplied(txn: Txn, result: ApplyResult): void {
    this.primary?.onApplied(txn, result);
    this.parts.server.onApplied(txn, result);
  }
}
