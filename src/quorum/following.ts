import { FatalError, messageOf, ProtocolError } from '../base/errors.ts';
import { Fifo } from '../base/fifo.ts';
import type { ApplyResult } from '../datatree/database.ts';
import type { Timer } from '../io/clock.ts';
import type { Stream } from '../io/net.ts';
import { OpCode } from '../jute/codes.ts';
import type { Txn } from '../jute/txns.ts';
import { type Zxid, zxidHex } from '../jute/zxid.ts';
import type { Request } from '../server/request.ts';
import { SessionIds } from '../server/session-ids.ts';
import { LearnerSessionTracker } from '../server/session-learner.ts';
import type { Upstream } from '../server/upstream.ts';
import { Learner } from '../zab/learner.ts';
import type { LearnerHost } from '../zab/learner-host.ts';
import { PacketCutter } from '../zab/packet-cutter.ts';
import type { QuorumPacket } from '../zab/packets.ts';
import type { ConfigBook } from './config-book.ts';
import { Link } from './link.ts';
import type { PeerParts } from './peer-parts.ts';
import type { ReplicaSink } from './replica.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SyncQueue } from './sync-queue.ts';

/**
 * The role of those who follow or observe: joins Learner to this peer's replica and clients, over one connection to
 * the leader's quorum port. Writes of own clients are forwarded, and answered when their commit is applied here.
 */
export interface FollowingOptions {
  readonly self: number;
  readonly leader: number;
  readonly leaderHost: string;
  readonly leaderPort: number;
  readonly observer: boolean;
  readonly empty: boolean;
  /** Synchronised, and serving in the leader's `epoch`. */
  readonly onServing: (epoch: number) => void;
  readonly onOver: (reason: string) => void;
}

const DIAL_ATTEMPTS = 5;

export class Following implements LearnerHost, ReplicaSink {
  private readonly parts: PeerParts;
  private readonly options: FollowingOptions;
  private readonly book: ConfigBook;
  private readonly learner: Learner;
  private readonly ticker: Timer;
  private readonly tracker = new LearnerSessionTracker();
  private readonly ids: SessionIds;
  private readonly syncQueue = new SyncQueue();
  private readonly syncs = new Fifo<Request>();
  private readonly cutter: PacketCutter;
  private readonly startedMs: number;
  private stream: Stream | undefined;
  private link: Link | undefined;
  private receiver: SnapshotReceiver | undefined;
  private installing = false;
  private truncatedTo: Zxid | undefined;
  private newestKnown: Zxid;
  private dials = 0;
  private isServing = false;
  private over = false;

  constructor(parts: PeerParts, book: ConfigBook, options: FollowingOptions) {
    this.parts = parts;
    this.options = options;
    this.book = book;
    const { config, clock, replica, store } = parts;
    this.startedMs = clock.nowMs();
    this.newestKnown = replica.lastZxid;
    this.ids = new SessionIds(options.self, clock.wallMs());
    replica.beginRole(this);
    this.learner = new Learner(
      {
        self: options.self,
        observer: options.observer,
        configVersion: book.active.version,
        initLimitTicks: config.initLimitTicks,
        syncLimitTicks: config.syncLimitTicks,
      },
      {
        lastZxid: store.lastSynced,
        acceptedEpoch: store.epochs.acceptedEpoch ?? 0,
        currentEpoch: store.epochs.currentEpoch ?? 0,
        empty: options.empty,
      },
      this,
      parts.log,
    );
    this.cutter = new PacketCutter((packet) => this.onPacket(packet));
    this.ticker = clock.every(config.tickTimeMs / 2, () => {
      if (!this.over && this.link !== undefined) this.learner.onHalfTick();
    });
  }

  /** Apart from the constructor, because the role may be over before it returns. */
  start(): void {
    this.dial();
  }

  get leader(): number {
    return this.options.leader;
  }

  /** As `mntr` names it. */
  get phase(): string {
    if (this.isServing) return 'broadcast';
    return this.learner.epoch === 0 ? 'discovery' : 'synchronization';
  }

  stop(): void {
    if (this.over) return;
    this.over = true;
    this.ticker.cancel();
    this.syncQueue.clear();
    this.link?.abandon();
    this.stream?.destroy();
    this.parts.server.stop();
  }

  // The connection

  private dial(): void {
    if (this.over) return;
    const { config, net, clock, log } = this.parts;
    const { leaderHost, leaderPort } = this.options;
    this.dials++;
    const limitMs = config.connectToLearnerMasterLimitTicks * config.tickTimeMs;
    const leftMs = Math.max(1, limitMs - (clock.nowMs() - this.startedMs));
    const stream = net.dial(leaderHost, leaderPort, leftMs, {
      onOpen: () => {
        if (this.over) return;
        this.stream = stream;
        this.link = new Link(stream, clock);
        this.learner.onOpen();
      },
      onData: (chunk) => this.onData(chunk),
      onEnd: () => this.end('the leader closed the connection'),
      onDrain: () => {
        if (!this.over) this.link?.onDrain();
      },
      onClose: (error) => {
        if (this.over) return;
        const reason = error === undefined ? 'closed' : error.message;
        if (this.link !== undefined) {
          this.end(`lost the connection to the leader: ${reason}`);
          return;
        }
        if (this.dials >= DIAL_ATTEMPTS || clock.nowMs() - this.startedMs >= limitMs) {
          this.end(`cannot connect to the leader at ${leaderHost}:${leaderPort}: ${reason}`);
          return;
        }
        log.info({ leader: `${leaderHost}:${leaderPort}`, attempt: this.dials, reason }, 'leader not reached yet');
        clock.after(config.leaderConnectDelayDuringRetryMs, () => this.dial());
      },
    });
    this.stream = stream;
  }

  private onData(chunk: Buffer): void {
    if (this.over) return;
    try {
      if (this.receiver !== undefined) this.onSnapshotBytes(chunk);
      else this.cutter.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.end(`bad bytes from the leader: ${messageOf(error)}`);
    }
  }

  /** False stops the cutter: the role is over, or bytes of a snapshot follow. */
  private onPacket(packet: QuorumPacket): boolean {
    if (this.over) return false;
    const mayGoOn = this.learner.onPacket(packet);
    if (this.truncatedTo !== undefined) {
      const zxid = this.truncatedTo;
      this.truncatedTo = undefined;
      this.learner.onTruncated(zxid);
      return !this.over;
    }
    if (this.over) return false;
    if (this.receiver === undefined) return mayGoOn;
    // What is left in the cutter is the snapshot's beginning; it is taken when the cutter has returned.
    this.parts.clock.afterTurn(() => this.onData(Buffer.alloc(0)));
    return false;
  }

  private onSnapshotBytes(chunk: Buffer): void {
    if (this.installing) {
      // Read before the pause took hold; it stays in the stopped cutter.
      this.cutter.push(chunk);
      return;
    }
    const receiver = this.receiver as SnapshotReceiver;
    const held = this.cutter.takeRest();
    this.learner.onSnapshotBytes();
    if (!receiver.push(held.length === 0 ? chunk : Buffer.concat([held, chunk]))) return;
    this.cutter.push(receiver.rest);
    this.learner.onSnapshotReceived();
    this.install(receiver);
  }

  private install(receiver: SnapshotReceiver): void {
    const { store, replica, log } = this.parts;
    this.installing = true;
    (this.stream as Stream).pause();
    const database = receiver.finish();
    const cut = database.startCut();
    store.installSnapshot(cut, () => {
      if (this.over) return;
      replica.replaceWith(database);
      this.newestKnown = replica.lastZxid;
      log.info({ zxid: `0x${zxidHex(cut.zxid)}` }, 'installed the snapshot of the leader');
      this.installing = false;
      this.receiver = undefined;
      this.learner.onSnapshotInstalled();
      if (this.over) return;
      (this.stream as Stream).resume();
      try {
        this.cutter.resume();
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.end(`bad bytes from the leader: ${messageOf(error)}`);
      }
    });
  }

  private end(reason: string): void {
    if (this.over) return;
    this.stop();
    this.options.onOver(reason);
  }

  // LearnerHost

  send(packet: QuorumPacket): void {
    this.link?.send(packet);
  }

  sendAfterSync(packet: QuorumPacket): void {
    this.syncQueue.push(() => this.link?.send(packet));
  }

  afterSync(task: () => void): void {
    this.syncQueue.push(task);
  }

  append(zxid: Zxid, payload: Buffer): void {
    this.newestKnown = zxid;
    this.syncQueue.onAppended(zxid);
    this.parts.replica.append(zxid, payload);
  }

  commit(zxid: Zxid): void {
    this.parts.replica.commit(zxid);
  }

  truncate(zxid: Zxid): void {
    const { store, replica, log } = this.parts;
    log.warn(
      { zxid: `0x${zxidHex(zxid)}`, last: `0x${zxidHex(store.lastSynced)}` },
      'cutting off what was never decided',
    );
    if (!store.truncate(zxid)) throw new FatalError(`cannot cut the log at zxid 0x${zxidHex(zxid)}`, 13);
    replica.reload();
    this.newestKnown = replica.lastZxid;
    this.truncatedTo = replica.lastZxid;
  }

  receiveSnapshot(zxid: Zxid): void {
    this.receiver = new SnapshotReceiver(this.parts.databaseOptions, zxid);
  }

  setAcceptedEpoch(epoch: number): void {
    this.parts.store.epochs.setAccepted(epoch);
  }

  setCurrentEpoch(epoch: number): void {
    this.parts.store.epochs.setCurrent(epoch);
  }

  configSeen(text: string): void {
    this.book.seen(text);
  }

  configActivated(text: string): boolean {
    return this.book.activate(text);
  }

  reconfigProposed(_zxid: Zxid, payload: Buffer): void {
    this.book.seenInTxn(payload);
  }

  reconfigActivated(_zxid: Zxid, payload: Buffer, leader: number): boolean {
    return this.book.activateTxn(payload, this.options.leader, leader);
  }

  serving(): void {
    const { server, replica, clock, log, metrics } = this.parts;
    this.isServing = true;
    const ms = Math.round(clock.nowMs() - this.startedMs);
    (this.options.observer ? metrics.observerSyncTime : metrics.followerSyncTime).add(ms);
    log.info({ zxid: `0x${zxidHex(replica.lastZxid)}`, ms }, this.options.observer ? 'observing' : 'following');
    server.start(this.upstream(), replica.database);
    this.options.onServing(this.learner.epoch);
  }

  revalidated(sessionId: bigint, valid: boolean): void {
    this.parts.server.onRevalidated(sessionId, valid);
  }

  syncReplied(): void {
    const request = this.syncs.shift();
    if (request !== undefined) this.parts.server.onSynced(request);
  }

  takeTouched(): Iterable<readonly [bigint, number]> {
    return this.tracker.takeTouched();
  }

  leave(reason: string): void {
    this.end(reason);
  }

  // ReplicaSink

  onSynced(zxid: Zxid): void {
    if (!this.over) this.syncQueue.onSynced(zxid);
  }

  onApplied(txn: Txn, result: ApplyResult): void {
    const { header, body } = txn;
    if (body.kind === 'createSession') this.tracker.onCreated(header.clientId, body.timeoutMs);
    else if (header.type === OpCode.closeSession) this.tracker.remove(header.clientId);
    if (this.isServing) this.parts.server.onApplied(txn, result);
  }

  private upstream(): Upstream {
    return new LearnerUpstream(this.parts, this.learner, this.tracker, this.ids, this.syncs, {
      mode: this.options.observer ? 'observer' : 'follower',
      quorumSize: this.book.active.voters.size,
      newestKnown: () => this.newestKnown,
    });
  }
}

interface LearnerUpstreamOptions {
  readonly mode: 'observer' | 'follower';
  readonly quorumSize: number;
  readonly newestKnown: () => Zxid;
}

/** What a learner's own clients stand on. */
class LearnerUpstream implements Upstream {
  readonly mode: 'observer' | 'follower';
  readonly quorumSize: number;
  readonly sessions: LearnerSessionTracker;
  private readonly parts: PeerParts;
  private readonly learner: Learner;
  private readonly ids: SessionIds;
  private readonly syncs: Fifo<Request>;
  private readonly newestKnown: () => Zxid;

  constructor(
    parts: PeerParts,
    learner: Learner,
    tracker: LearnerSessionTracker,
    ids: SessionIds,
    syncs: Fifo<Request>,
    options: LearnerUpstreamOptions,
  ) {
    this.parts = parts;
    this.learner = learner;
    this.sessions = tracker;
    this.ids = ids;
    this.syncs = syncs;
    this.mode = options.mode;
    this.quorumSize = options.quorumSize;
    this.newestKnown = options.newestKnown;
  }

  get newestKnownZxid(): Zxid {
    return this.newestKnown();
  }

  submitWrite(request: Request): void {
    this.learner.request(request.sessionId, request.cxid, request.type, request.body, request.authIds);
  }

  submitSync(request: Request): void {
    this.syncs.push(request);
    this.learner.sync(request.sessionId, request.cxid, request.body, request.authIds);
  }

  newSessionId(): bigint {
    return this.ids.take((taken) => this.parts.replica.database.sessions.has(taken));
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    this.learner.revalidate(sessionId, timeoutMs);
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    return this.sessions.touch(sessionId, timeoutMs);
  }

  expirySets(): undefined {
    return undefined;
  }
}
