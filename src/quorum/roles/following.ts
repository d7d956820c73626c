import { FatalError } from '../../base/errors.ts';
import type { ApplyResult } from '../../datatree/database.ts';
import type { ServerSpec } from '../../election/quorum/server-spec.ts';
import type { Timer } from '../../io/clock.ts';
import { readTxn, type Txn } from '../../jute/txns.ts';
import { epochOf, ZXID_ZERO, type Zxid, zxidText } from '../../jute/zxid.ts';
import { AckMeter } from '../../server/metrics/role-meters.ts';
import type { ObserversInfo } from '../../server/monitoring/server-info.ts';
import type { EpochFiles } from '../../zab/epoch-files.ts';
import { Learner } from '../../zab/learner/learner.ts';
import type { LearnerEvents, LearnerHistory, LearnerLog } from '../../zab/learner/learner-ports.ts';
import type { ConfigBook } from '../config-book.ts';
import { DurableQueue } from '../durable-queue.ts';
import { type LearnerMaster, leaderItself } from '../observers/learner-masters.ts';
import { ObserverService } from '../observers/observer-service.ts';
import type { PeerParts } from '../peer-parts.ts';
import type { ReplicaSink } from '../replica.ts';
import type { LearnerState } from '../state-dump.ts';
import { LeaderLink } from './leader-link.ts';
import { LearnerUpstream } from './learner-upstream.ts';
import { observerAddresses } from './quorum-port.ts';
import type { Role } from './role.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';

/**
 * The role of those who follow or observe: joins Learner to this peer's replica, to its clients (learner-upstream.ts), and
 * to the leader (leader-link.ts). Here is what the learner logs and cuts, and what happens when it serves or leaves.
 */
export interface FollowingOptions {
  readonly self: number;
  readonly leader: number;
  readonly leaderSpec: ServerSpec;
  readonly observer: boolean;
  readonly empty: boolean;
  readonly initialize: boolean;
  readonly needsSnapshot: boolean;
  /** Synchronised, and serving in the leader's `epoch`. */
  readonly onServing: (epoch: number) => void;
  /** `next`: the one who leads from now on, as the leader said. */
  readonly onOver: (reason: string, next: number | undefined) => void;
}

export class Following implements Role, LearnerLog, LearnerHistory, LearnerEvents, ReplicaSink {
  readonly mode: 'observer' | 'follower';
  readonly leader: number;
  readonly leaderInfo = undefined;
  readonly learnsFrom: number;
  private readonly parts: PeerParts;
  private readonly book: ConfigBook;
  private readonly options: FollowingOptions;
  private readonly master: LearnerMaster;
  /** An observer may do without log and snapshots. */
  private readonly isLogged: boolean;
  private readonly link: LeaderLink;
  private readonly durable: DurableQueue;
  private readonly acks: AckMeter;
  private readonly snapshots: SnapshotReceiver;
  private readonly upstream: LearnerUpstream;
  private readonly learner: Learner;
  private readonly ticker: Timer;
  private readonly startedMs: number;
  /** An observer may take its time to come, and to say that it is over. */
  private delay: Timer | undefined = undefined;
  private isServing = false;
  private observers: ObserverService | undefined = undefined;
  private over = false;

  constructor(parts: PeerParts, book: ConfigBook, options: FollowingOptions) {
    this.parts = parts;
    this.options = options;
    this.mode = options.observer ? 'observer' : 'follower';
    this.leader = options.leader;
    this.book = book;
    const { observer, leaderSpec } = options;
    this.master = observer ? parts.masters.next(leaderSpec, book.active) : leaderItself(leaderSpec);
    this.learnsFrom = this.master.sid;
    this.isLogged = !observer || parts.config.observerLogs;
    const { config, clock, replica, store } = parts;
    this.startedMs = clock.nowMs();
    replica.beginRole(this, this.isLogged);
    this.link = new LeaderLink(parts, {
      addresses: this.master.addresses,
      limitMs: config.connectToLearnerMasterLimitTicks * config.tickTimeMs + this.maxReconnectMs,
      delayMs: config.leaderConnectDelayDuringRetryMs,
    });
    this.durable = new DurableQueue(this.link);
    this.acks = new AckMeter(parts.metrics, clock);
    this.snapshots = new SnapshotReceiver(parts, {
      onReceived: () => this.learner.onSnapshotReceived(),
      onInstalled: () => {
        if (!this.isLogged) this.takeEpochOfSnapshot();
        this.learner.onSnapshotInstalled();
        this.link.resume();
      },
    });
    const { self } = options;
    this.upstream = new LearnerUpstream(parts, this.link, {
      self,
      mode: this.mode,
      quorumSize: book.active.voters.size,
    });
    this.learner = new Learner(
      {
        self,
        leader: options.leader,
        observer: options.observer,
        configVersion: book.active.version,
        initLimitTicks: config.initLimitTicks,
        syncLimitTicks: config.syncLimitTicks,
      },
      {
        lastZxid: replica.lastHeld,
        acceptedEpoch: store.epochs.acceptedEpoch ?? 0,
        currentEpoch: this.currentEpoch,
        empty: options.empty,
        initialize: options.initialize,
        needsSnapshot: options.needsSnapshot,
      },
      {
        link: this.link,
        durable: this.durable,
        log: this,
        history: this,
        epochs: this.isLogged ? store.epochs : acceptedAlone(store.epochs),
        members: book,
        clients: this.upstream,
        events: this,
      },
      parts.zabLog,
    );
    this.ticker = clock.every(config.tickTimeMs / 2, () => this.learner.onHalfTick());
  }

  // Role

  start(): void {
    this.parts.probe?.onLeaderLink(this.link);
    this.afterPartOf(this.maxReconnectMs, () =>
      this.link.dial({
        learner: this.learner,
        snapshots: this.snapshots,
        onClose: (reason) => this.leave(reason),
      }),
    );
  }

  private get maxReconnectMs(): number {
    return this.options.observer && this.master.isLast ? this.parts.config.observerReconnectDelayMs : 0;
  }

  /** Hundreds of observers that come at once keep the voters from what they are there for. */
  private afterPartOf(maxMs: number, then: () => void): void {
    const { random, clock, log } = this.parts;
    const ms = maxMs > 0 ? random.below(maxMs) : 0;
    if (ms === 0) {
      then();
      return;
    }
    log.info({ ms }, 'this observer waits');
    this.delay = clock.after(ms, then);
  }

  get observersInfo(): ObserversInfo | undefined {
    return this.observers?.info;
  }

  get learners(): readonly LearnerState[] {
    return this.observers?.learners ?? [];
  }

  get needsSnapshot(): boolean {
    return this.learner.needsSnapshot;
  }

  private get currentEpoch(): number {
    const { store, replica } = this.parts;
    return Math.max(store.epochs.currentEpoch ?? 0, replica.isAhead ? epochOf(replica.lastHeld) : 0);
  }

  /** Without a log the disk has what is in the snapshot, and so the epoch that it ends in. */
  private takeEpochOfSnapshot(): void {
    const { epochs } = this.parts.store;
    const epoch = epochOf(this.parts.replica.lastHeld);
    if (epoch > (epochs.currentEpoch ?? 0)) epochs.setCurrent(epoch);
  }

  get phase(): string {
    if (this.isServing) return 'broadcast';
    return this.learner.epoch === 0 ? 'discovery' : 'synchronization';
  }

  onVoterLooking(): void {}

  stop(): void {
    this.delay?.cancel();
    if (this.over) return;
    this.over = true;
    this.ticker.cancel();
    this.observers?.close();
    this.durable.clear();
    this.snapshots.giveUp();
    this.link.close();
    this.parts.server.stop();
  }

  // LearnerLog

  append(zxid: Zxid, payload: Buffer): void {
    // A transaction that cannot be read must not get into the log: no server could start from that any more.
    const txn = readTxn(payload);
    if (!this.options.observer) this.countProposal(zxid, txn);
    if (this.isLogged) this.durable.onAppended(zxid);
    this.parts.replica.append(zxid, payload, txn);
  }

  /** An observer is sent what is decided, and no proposals. */
  private countProposal(zxid: Zxid, txn: Txn): void {
    const { metrics, clock } = this.parts;
    this.acks.onAppended(zxid, txn.header.time);
    metrics.broadcast.learnerProposalsReceived.add(1);
    metrics.broadcast.proposalLatency.add(Math.max(clock.wallMs() - txn.header.time, 0));
  }

  commit(zxid: Zxid, leads?: number): void {
    this.parts.metrics.broadcast.learnerCommitsReceived.add(1);
    if (leads !== undefined) this.observers?.master.designates(zxid, leads);
    this.parts.replica.commit(zxid);
  }

  // LearnerHistory

  truncate(zxid: Zxid): void {
    const { store, replica, log } = this.parts;
    this.refuseToDropStandaloneHistory();
    if (replica.isAhead) {
      this.learner.onTruncated(undefined);
      return;
    }
    log.warn({ zxid: zxidText(zxid), last: zxidText(store.lastDurable) }, 'cutting off what was never decided');
    const isCut = store.truncate(zxid);
    if (isCut) replica.reload();
    this.learner.onTruncated(isCut ? replica.lastZxid : undefined);
  }

  receiveSnapshot(zxid: Zxid): void {
    this.refuseToDropStandaloneHistory();
    this.link.receiveRaw(this.snapshots.begin(zxid));
  }

  /**
   * A standalone server that was given two empty companions and started after them finds an ensemble that knows
   * nothing of its data, and would be emptied by its leader. Its transactions are of epoch 0, which no leader has.
   */
  private refuseToDropStandaloneHistory(): void {
    const { store, config } = this.parts;
    const last = store.lastAppended;
    if (last === ZXID_ZERO || epochOf(last) > 0 || (store.epochs.currentEpoch ?? 0) > 0) return;
    throw new FatalError(
      `${config.dataDir} holds the data of a standalone server (up to zxid ${zxidText(last)}), and the leader, server ` +
        `${this.options.leader}, has another history that would replace it. To keep this data stop the others, empty their ` +
        'directories and start this server first; to give it up move the directory away',
    );
  }

  // LearnerEvents

  newLeader(): void {
    const { replica } = this.parts;
    replica.database.fuzzyUntil(replica.lastCommitted);
  }

  serving(): void {
    this.parts.probe?.onServing();
    const { server, replica, clock, log, metrics } = this.parts;
    this.isServing = true;
    const ms = Math.round(clock.nowMs() - this.startedMs);
    (this.options.observer ? metrics.ensemble.observerSyncTime : metrics.ensemble.followerSyncTime).add(ms);
    log.info({ zxid: zxidText(replica.lastZxid), ms }, this.options.observer ? 'observing' : 'following');
    // The one that was installed is ahead of its zxid: whoever replays the log over it would find other digests.
    if (replica.database.wasFuzzy) replica.snapshot();
    server.start(this.upstream, replica.database);
    this.parts.masters.reached();
    if (!this.options.observer) this.serveObservers();
    this.options.onServing(this.learner.epoch);
  }

  private serveObservers(): void {
    const { self, leader } = this.options;
    const addresses = observerAddresses(this.book.active.members.get(self), this.parts.config);
    if (addresses.length === 0) return;
    const observers = new ObserverService(this.parts, this.book, this.upstream, {
      self,
      leader,
      epoch: this.learner.epoch,
      addresses,
    });
    this.observers = observers;
    this.upstream.observers = observers.master;
  }

  leave(reason: string, next?: number): void {
    this.stop();
    const { config } = this.parts;
    const isLooking = this.options.observer && next === undefined;
    this.afterPartOf(isLooking ? config.observerElectionDelayMs : 0, () => this.options.onOver(reason, next));
  }

  // ReplicaSink

  onDurable(zxid: Zxid): void {
    this.acks.onDurable(zxid);
    this.durable.onDurable(zxid);
  }

  onApplied(txn: Txn, result: ApplyResult, payload: Buffer): void {
    this.upstream.onApplied(txn);
    if (this.isServing) this.parts.server.onApplied(txn, result);
    this.observers?.applied(txn, payload);
  }
}

/** Whoever does not log has not on disk what a current epoch says. */
function acceptedAlone(epochs: EpochFiles): EpochFiles {
  return {
    setAccepted: (epoch) => epochs.setAccepted(epoch),
    setCurrent: () => {},
  };
}
