import { assert } from '../base/assert.ts';
import { FatalError } from '../base/errors.ts';
import { Fifo } from '../base/fifo.ts';
import type { ApplyResult } from '../datatree/database.ts';
import { SnapshotDecoder } from '../datatree/snapshot/snapshot-decoder.ts';
import type { HostPort } from '../election/quorum/server-spec.ts';
import type { Timer } from '../io/clock.ts';
import { OpCode } from '../jute/codes.ts';
import { readTxn, type Txn } from '../jute/txns.ts';
import { epochOf, ZXID_ZERO, type Zxid, zxidHex } from '../jute/zxid.ts';
import { Request } from '../server/request.ts';
import { LearnerSessionTracker } from '../server/sessions/learner-session-tracker.ts';
import { SessionIds } from '../server/sessions/session-ids.ts';
import type { Upstream } from '../server/upstream.ts';
import { Learner } from '../zab/learner/learner.ts';
import type { LearnerHost } from '../zab/learner/learner-host.ts';
import { LinkStream } from '../zab/wire/link-stream.ts';
import { PacketType, type QuorumPacket } from '../zab/wire/packets.ts';
import { AnyDial } from './any-dial.ts';
import type { ConfigBook } from './config-book.ts';
import { DurableQueue } from './durable-queue.ts';
import type { PeerParts } from './peer-parts.ts';
import type { ReplicaSink } from './replica.ts';

/**
 * The role of those who follow or observe: joins Learner to this peer's replica and clients, over one connection to
 * the leader's quorum port. Writes of own clients are forwarded, and answered when their commit is applied here.
 */
export interface FollowingOptions {
  readonly self: number;
  readonly leader: number;
  readonly leaderAddresses: readonly HostPort[];
  readonly observer: boolean;
  readonly empty: boolean;
  readonly initialize: boolean;
  readonly needsSnapshot: boolean;
  /** Synchronised, and serving in the leader's `epoch`. */
  readonly onServing: (epoch: number) => void;
  readonly onOver: (reason: string) => void;
}

/** The leader's answer to a client that came back with its session. */
interface Revalidation {
  readonly sessionId: bigint;
  readonly valid: boolean;
}

const SYNC_OF_ROOT = Buffer.from('\0\0\0\x01/');
const DIAL_ATTEMPTS = 5;
/**
 * Who elects a leader knows it one message before the leader does, and so comes too early nearly every time. As long as
 * the first delay would last, the dial is repeated in parts of it, which count as the first attempt.
 */
const EARLY_DIALS = 10;

export class Following implements LearnerHost, ReplicaSink {
  private readonly parts: PeerParts;
  private readonly options: FollowingOptions;
  private readonly book: ConfigBook;
  private readonly learner: Learner;
  private readonly ticker: Timer;
  private readonly tracker = new LearnerSessionTracker();
  private readonly ids: SessionIds;
  private readonly durableQueue = new DurableQueue();
  /** What is to be done at each answer to a sync, in the order asked. */
  private readonly syncs = new Fifo<Request | Revalidation>();
  private readonly startedMs: number;
  private link: LinkStream | undefined;
  private dialling: AnyDial | undefined;
  private redial: Timer | undefined;
  private decoder: SnapshotDecoder | undefined;
  private snapshotZxid: Zxid = ZXID_ZERO;
  /** A TRUNC that was carried out, or could not be, and that the learner has not been told about. */
  private cut: { readonly endsAt: Zxid | undefined } | undefined;
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
        lastZxid: store.lastDurable,
        acceptedEpoch: store.epochs.acceptedEpoch ?? 0,
        currentEpoch: store.epochs.currentEpoch ?? 0,
        empty: options.empty,
        initialize: options.initialize,
        needsSnapshot: options.needsSnapshot,
      },
      this,
      parts.log,
    );
    this.ticker = clock.every(config.tickTimeMs / 2, () => this.learner.onHalfTick());
  }

  /** Apart from the constructor, because the role may be over before it returns. */
  start(): void {
    this.dial();
  }

  /** Whether the next role as a learner has to ask for a snapshot. */
  get needsSnapshot(): boolean {
    return this.learner.needsSnapshot;
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
    this.durableQueue.clear();
    this.dialling?.giveUp();
    this.redial?.cancel();
    this.link?.destroy();
    this.parts.server.stop();
  }

  // The connection

  private dial(): void {
    const { config, clock } = this.parts;
    this.dials++;
    const limitMs = config.connectToLearnerMasterLimitTicks * config.tickTimeMs;
    const leftMs = Math.max(1, limitMs - (clock.nowMs() - this.startedMs));
    let isOpen = false;
    const link = new LinkStream(undefined, clock, {
      onOpen: () => {
        isOpen = true;
        this.learner.onOpen();
      },
      onPacket: (packet) => this.onPacket(packet),
      onRawBytes: () => this.learner.onSnapshotBytes(),
      onRawEnd: () => this.install(),
      onClose: (reason) => {
        if (isOpen) this.end(`lost the connection to the leader: ${reason}`);
        else this.onDialFailed(reason, limitMs);
      },
    });
    this.link = link;
    const { leaderAddresses } = this.options;
    this.dialling = new AnyDial(this.parts, leaderAddresses, leftMs, link, (stream) => link.attach(stream));
  }

  private onDialFailed(reason: string, limitMs: number): void {
    const { config, clock, log } = this.parts;
    const leader = this.options.leaderAddresses.map(({ host, port }) => `${host}:${port}`).join('|');
    const delayMs = config.leaderConnectDelayDuringRetryMs;
    const waitedMs = clock.nowMs() - this.startedMs;
    if (waitedMs < delayMs && waitedMs < limitMs) {
      this.dials = 0;
      this.redial = clock.after(delayMs / EARLY_DIALS, () => this.dial());
      return;
    }
    if (this.dials >= DIAL_ATTEMPTS || waitedMs >= limitMs) {
      this.end(`cannot connect to the leader at ${leader}: ${reason}`);
      return;
    }
    log.info({ leader, attempt: this.dials, reason }, 'leader not reached yet');
    this.redial = clock.after(delayMs, () => this.dial());
  }

  private onPacket(packet: QuorumPacket): boolean {
    const { replica, probe } = this.parts;
    probe?.onLeaderPacket(packet);
    if (packet.type === PacketType.newLeader) replica.database.fuzzyUntil(replica.lastCommitted);
    const mayGoOn = this.learner.onPacket(packet);
    const cut = this.cut;
    if (cut === undefined) return mayGoOn && !this.over;
    this.cut = undefined;
    this.learner.onTruncated(cut.endsAt);
    return !this.over;
  }

  /** The snapshot is complete: it replaces log and tree in one step, and then packets go on. */
  private install(): void {
    const { store, replica, log } = this.parts;
    assert(this.decoder !== undefined, 'a snapshot comes only when it is expected');
    this.learner.onSnapshotReceived();
    const database = this.decoder.finish(this.snapshotZxid);
    database.becomeFuzzy();
    this.decoder = undefined;
    store.installSnapshot(database.startCut(), () => {
      if (this.over) return;
      replica.replaceWith(database);
      this.newestKnown = replica.lastZxid;
      log.info({ zxid: `0x${zxidHex(replica.lastZxid)}` }, 'installed the snapshot of the leader');
      this.learner.onSnapshotInstalled();
      this.link?.resume();
    });
  }

  private end(reason: string): void {
    this.stop();
    this.options.onOver(reason);
  }

  // LearnerHost

  send(packet: QuorumPacket): void {
    if (packet.type === PacketType.ack) this.parts.probe?.onAck(packet.zxid);
    this.link?.send(packet);
  }

  sendWhenDurable(packet: QuorumPacket): void {
    this.durableQueue.push(() => this.send(packet));
  }

  whenDurable(task: () => void): void {
    this.durableQueue.push(task);
  }

  append(zxid: Zxid, payload: Buffer): void {
    // What cannot be read must not get into the log: nobody could start from that any more.
    const txn = readTxn(payload);
    this.newestKnown = zxid;
    this.parts.metrics.learnerProposalsReceived.add(1);
    this.durableQueue.onAppended(zxid);
    this.parts.replica.append(zxid, payload, txn);
  }

  commit(zxid: Zxid): void {
    this.parts.metrics.learnerCommitsReceived.add(1);
    this.parts.replica.commit(zxid);
  }

  truncate(zxid: Zxid): void {
    const { store, replica, log } = this.parts;
    this.refuseToDropStandaloneHistory();
    log.warn(
      { zxid: `0x${zxidHex(zxid)}`, last: `0x${zxidHex(store.lastDurable)}` },
      'cutting off what was never decided',
    );
    if (store.truncate(zxid)) {
      replica.reload();
      this.newestKnown = replica.lastZxid;
      this.cut = { endsAt: replica.lastZxid };
    } else {
      this.cut = { endsAt: undefined };
    }
  }

  receiveSnapshot(zxid: Zxid): void {
    this.refuseToDropStandaloneHistory();
    this.snapshotZxid = zxid;
    this.decoder = new SnapshotDecoder(this.parts.databaseOptions);
    this.link?.receiveRaw(this.decoder);
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
      `${config.dataDir} holds the data of a standalone server (up to zxid 0x${zxidHex(last)}), and the leader, server ` +
        `${this.options.leader}, has another history that would replace it. To keep this data stop the others, empty their ` +
        'directories and start this server first; to give it up move the directory away',
    );
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
    this.parts.probe?.onServing();
    const { server, replica, clock, log, metrics } = this.parts;
    this.isServing = true;
    const ms = Math.round(clock.nowMs() - this.startedMs);
    (this.options.observer ? metrics.observerSyncTime : metrics.followerSyncTime).add(ms);
    log.info({ zxid: `0x${zxidHex(replica.lastZxid)}`, ms }, this.options.observer ? 'observing' : 'following');
    // The one that was installed is ahead of its zxid: whoever replays the log over it would find other digests.
    if (replica.database.wasFuzzy) replica.snapshot();
    server.start(this.upstream(), replica.database);
    this.options.onServing(this.learner.epoch);
  }

  /**
   * What the session asked elsewhere before may still be under way. A follower has been sent it as a proposal; an
   * observer hears of it when it is decided, and waits for that, to tell it from what the client asks here.
   */
  revalidated(sessionId: bigint, valid: boolean): void {
    if (!this.options.observer) {
      this.parts.server.onRevalidated(sessionId, valid);
      return;
    }
    this.syncs.push({ sessionId, valid });
    this.learner.sync(sessionId, 0, SYNC_OF_ROOT, []);
  }

  syncReplied(): void {
    const { server, replica } = this.parts;
    const asked = this.syncs.shift();
    if (asked instanceof Request) server.onSynced(asked, replica.lastCommitted);
    else if (asked !== undefined) server.onRevalidated(asked.sessionId, asked.valid);
  }

  takeTouched(): Iterable<readonly [bigint, number]> {
    return this.tracker.takeTouched();
  }

  leave(reason: string): void {
    this.end(reason);
  }

  // ReplicaSink

  onDurable(zxid: Zxid): void {
    this.durableQueue.onDurable(zxid);
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
  private readonly syncs: Fifo<Request | Revalidation>;
  private readonly newestKnown: () => Zxid;

  constructor(
    parts: PeerParts,
    learner: Learner,
    tracker: LearnerSessionTracker,
    ids: SessionIds,
    syncs: Fifo<Request | Revalidation>,
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
    const { asker, cxid, operation, body } = request;
    this.learner.request(asker.sessionId, cxid, operation.type, body, asker.authIds);
  }

  submitSync(request: Request): void {
    this.syncs.push(request);
    this.learner.sync(request.asker.sessionId, request.cxid, request.body, request.asker.authIds);
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
