import { unreachable } from '../../src/base/assert.ts';
import { silentLog } from '../../src/base/log.ts';
import type { QuorumVerifier } from '../../src/election/quorum/quorum-verifier.ts';
import type { ServerSpec } from '../../src/election/quorum/server-spec.ts';
import { OpCode } from '../../src/jute/codes.ts';
import { counterOf, epochOf, makeZxid, ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import type { Leader } from '../../src/zab/leader/leader.ts';
import type {
  Entry,
  EntryCursor,
  History,
  LeaderClients,
  LeaderEvents,
  LeaderLog,
  LeaderMembers,
  LeaderOptions,
} from '../../src/zab/leader/leader-ports.ts';
import type { LearnerLink, LearnerWire } from '../../src/zab/leader/learner-link.ts';
import type { Learner } from '../../src/zab/learner/learner.ts';
import type {
  LearnerClients,
  LearnerEvents,
  LearnerHistory,
  LearnerLog,
  ToLeader,
} from '../../src/zab/learner/learner-ports.ts';
import { LinkCounts } from '../../src/zab/wire/link-counts.ts';
import { PacketType, packetName, type QuorumPacket, requestPacket } from '../../src/zab/wire/packets.ts';
import type { PacketSource, RawSource } from '../../src/zab/wire/sources.ts';

/**
 * An ensemble in memory: the production Leader and Learner on hosts that keep the bargain of their interfaces, disks
 * that lose what was not synced, and links that deliver in order or break. Nothing happens by itself: a script or a
 * seed decides what comes next. Everything that happens is told to the observers, who check invariants or write it down.
 */
export interface Roles {
  readonly Leader: typeof Leader;
  readonly Learner: typeof Learner;
}

/** Hosts that break their bargain on purpose, to see that it is noticed. */
export interface HostFaults {
  readonly ackBeforeSync?: boolean;
  readonly currentEpochBeforeSync?: boolean;
  readonly skipTruncate?: boolean;
}

export interface Watcher {
  /** A line of the trace. */
  note?(text: string): void;
  leading?(peer: Peer, epoch: number): void;
  established?(peer: Peer): void;
  proposed?(peer: Peer, entry: Entry): void;
  /** The leader has decided; its own tree may follow later. */
  committed?(peer: Peer, zxid: Zxid): void;
  acknowledged?(peer: Peer, zxid: Zxid): void;
  barrierPassed?(peer: Peer, token: number): void;
  syncReplied?(peer: Peer, question: number): void;
  /** The disk is about to hold `after` instead of `before`. */
  replaced?(peer: Peer, before: readonly Entry[], after: readonly Entry[]): void;
  /** A learner got this packet. */
  received?(packet: QuorumPacket): void;
}

export interface Snapshot {
  readonly zxid: Zxid;
  readonly entries: readonly Entry[];
}

/** The state that survives a crash. */
export class Disk {
  acceptedEpoch = 0;
  currentEpoch = 0;
  /** Without it a restart takes the epoch of the last transaction, as ZooKeeper does. */
  hasCurrentEpochFile = false;
  /** Oldest first; never empty once something was ever installed. */
  snapshots: Snapshot[] = [];
  log: Entry[] = [];

  get lastZxid(): Zxid {
    return Math.max(this.log.at(-1)?.zxid ?? 0, this.snapshots.at(-1)?.zxid ?? 0) as Zxid;
  }

  /** Never synchronised to the end. */
  get isEmpty(): boolean {
    return this.currentEpoch === 0;
  }

  /** The transaction of this number that recovery would find. */
  find(zxid: Zxid): Entry | undefined {
    const snapshot = this.snapshots.at(-1);
    const list = snapshot === undefined || zxid > snapshot.zxid ? this.log : snapshot.entries;
    for (let i = list.length - 1; i >= 0; i--) {
      const entry = list[i] as Entry;
      if (entry.zxid === zxid) return entry;
      if (entry.zxid < zxid) return undefined;
    }
    return undefined;
  }

  /** The outcome of recovery. */
  replay(): { entries: Entry[]; zxid: Zxid } {
    const snapshot = this.snapshots.at(-1);
    const from = snapshot?.zxid ?? ZXID_ZERO;
    const entries = snapshot === undefined ? [] : [...snapshot.entries];
    for (const entry of this.log) {
      if (entry.zxid > from) entries.push(entry);
    }
    return { entries, zxid: this.lastZxid };
  }
}

type Item = QuorumPacket | { readonly source: PacketSource } | { readonly raw: Snapshot };

/** A connection; as the leader's core sees it, a wire. */
export class Link implements LearnerWire {
  readonly id: number;
  readonly learner: Peer;
  readonly leader: Peer;
  readonly toLeader: Item[] = [];
  readonly toLearner: Item[] = [];
  isOpen = true;
  /** The leader's core for it; undefined: not accepted yet. */
  accepted: LearnerLink | undefined = undefined;
  sentBytes = 0;
  private readonly world: Ensemble;

  constructor(world: Ensemble, id: number, learner: Peer, leader: Peer) {
    this.world = world;
    this.id = id;
    this.learner = learner;
    this.leader = leader;
  }

  maxPacketBytes = 0;
  readonly heldBytes = 0;
  readonly queuedPackets = 0;
  readonly counts = new LinkCounts(0);

  get remoteHost(): string {
    return this.remoteAddress;
  }

  get remoteAddress(): string {
    return String(this.learner.sid);
  }

  get queuedBytes(): number {
    let bytes = 0;
    for (const item of this.toLearner) {
      if ('type' in item) bytes += 20 + (item.data?.length ?? 0);
    }
    return bytes;
  }

  send(packet: QuorumPacket): void {
    if (this.isOpen) this.toLearner.push(packet);
  }

  sendFrom(source: PacketSource): void {
    if (this.isOpen) this.toLearner.push({ source });
  }

  sendRaw(): void {
    const { treeZxid: zxid, tree } = this.leader;
    if (this.isOpen) this.toLearner.push({ raw: { zxid, entries: [...tree] } });
  }

  tellLeaderOfEnd(): void {
    if (this.accepted !== undefined) this.leader.leader?.onLinkClosed(this.accepted);
  }

  destroy(): void {
    const { leader, learner } = this;
    this.world.note(() => `${leader.sid}: closes the link to ${learner.sid}, because ${leader.lastReason}`);
    this.world.close(this.id);
  }
}

const NO_BYTES: RawSource = { next: () => undefined, cancel: () => {} };

/** How many committed transactions are kept in memory; small, so that every kind of synchronisation comes up. */
const RECENT_ENTRIES = 4;

export class Peer
  implements
    LeaderLog,
    LeaderClients<number>,
    LeaderEvents,
    ToLeader,
    LearnerLog,
    LearnerHistory,
    LearnerClients,
    LearnerEvents,
    History
{
  readonly sid: number;
  readonly observer: boolean;
  readonly disk = new Disk();
  private readonly world: Ensemble;

  isUp = true;
  /** Its disk was never lost. */
  isFresh = true;
  leader: Leader<number> | undefined = undefined;
  /** Why its core gave up the last link, as its log has it. */
  lastReason = '';
  learner: Learner | undefined = undefined;
  link: Link | undefined = undefined;
  isServing = false;
  /** The content of the tree: everything applied, oldest first. */
  tree: Entry[] = [];
  treeZxid: Zxid = ZXID_ZERO;
  recent: Entry[] = [];
  /** Appended, and not on the disk yet. */
  writing: Entry[] = [];
  /** Appended and not applied yet. */
  private pending: Entry[] = [];
  private committedTo: Zxid = ZXID_ZERO;
  private durableQueue: { readonly appended: number; readonly task: () => void }[] = [];
  private appendedCount = 0;
  private durableCount = 0;
  /** Disk work of the learner: a cut, a snapshot. */
  work: (() => void) | undefined = undefined;
  incoming: Snapshot | undefined = undefined;
  /** Transactions on their way to the disk when NEWLEADER came. */
  loggedAtNewLeader: Zxid = ZXID_ZERO;
  nextToken = 1;
  openSyncs: number[] = [];

  constructor(world: Ensemble, sid: number, observer: boolean) {
    this.world = world;
    this.sid = sid;
    this.observer = observer;
  }

  private readonly epochs = {
    setAccepted: (epoch: number): void => this.setAcceptedEpoch(epoch),
    setCurrent: (epoch: number): void => this.setCurrentEpoch(epoch),
  };

  get isLooking(): boolean {
    return this.isUp && this.leader === undefined && this.learner === undefined;
  }

  get durableZxid(): Zxid {
    return this.disk.lastZxid;
  }

  // The commands of a script for a peer.

  lead(overrides: Partial<LeaderOptions> = {}): void {
    this.world.note(() => `${this.sid}: leads`);
    const options = {
      ...DEFAULTS,
      self: this.sid,
      verifiers: [this.world.verifier],
      empty: this.disk.isEmpty,
      ...overrides,
    };
    const { epochs } = this;
    this.leader = new this.world.roles.Leader<number>(
      options,
      { history: this, log: this, epochs, clients: this, events: this, members: NO_RECONFIGURATION },
      {
        ...silentLog,
        warn: (fields) => {
          this.lastReason = String(fields.reason);
        },
      },
    );
    this.run(() => this.leader?.start());
  }

  follow(leader: Peer): Link {
    const initialize = this.world.freshOnesCount && this.isFresh && this.disk.acceptedEpoch === 0;
    // The election lets it find its leader, and the leader hears of that.
    leader.run(() => leader.leader?.onVoterLooking(this.sid));
    const link = this.world.open(this, leader);
    this.link = link;
    this.learner = new this.world.roles.Learner(
      {
        self: this.sid,
        leader: leader.sid,
        observer: this.observer,
        configVersion: ZXID_ZERO,
        initLimitTicks: DEFAULTS.initLimitTicks,
        syncLimitTicks: DEFAULTS.syncLimitTicks,
      },
      {
        lastZxid: this.durableZxid,
        acceptedEpoch: this.disk.acceptedEpoch,
        currentEpoch: this.disk.currentEpoch,
        empty: false,
        initialize,
        needsSnapshot: this.needsSnapshot,
      },
      {
        link: this,
        durable: {
          send: (packet) => this.sendWhenDurable(packet),
          groupAcks: () => {},
          run: (task) => this.whenDurable(task),
        },
        log: this,
        history: this,
        epochs: this.epochs,
        members: { seen: () => {}, activate: () => true, seenInTxn: () => {}, activateTxn: () => true },
        clients: this,
        events: this,
      },
      silentLog,
    );
    this.needsSnapshot = false;
    this.run(() => this.learner?.onOpen());
    return link;
  }

  propose(value: string): boolean {
    let isProposed = false;
    const maker = {
      makeTxn: (asked: string, zxid: Zxid): Buffer => {
        const entry = { zxid, payload: payloadOf(zxid, asked) };
        this.world.watch.proposed?.(this, entry);
        isProposed = true;
        return entry.payload;
      },
    };
    this.run(() => this.leader?.propose(maker, value));
    return isProposed;
  }

  barrier(): number {
    const token = this.nextToken++;
    this.run(() => this.leader?.barrier(token));
    return token;
  }

  sync(): number {
    const question = this.nextToken++;
    this.openSyncs.push(question);
    this.send(requestPacket(1n, question, OpCode.sync, Buffer.alloc(0), []));
    return question;
  }

  halfTick(): void {
    this.run(() => {
      this.leader?.onHalfTick();
      this.learner?.onHalfTick();
    });
  }

  /** The first `count` of what is being written are on the disk now. */
  syncDisk(count = this.writing.length): void {
    const done = this.writing.splice(0, count);
    if (done.length === 0) return;
    this.disk.log.push(...done);
    this.durableCount += done.length;
    const zxid = (done.at(-1) as Entry).zxid;
    this.world.note(() => `${this.sid}: disk has ${showZxid(zxid)}`);
    this.applyCommitted();
    this.run(() => {
      this.leader?.onDurable(zxid);
      this.runWhenDurable();
    });
  }

  finishWork(): void {
    const work = this.work;
    this.work = undefined;
    if (work !== undefined) this.run(work);
  }

  takeSnapshot(): void {
    const cut = { zxid: this.treeZxid, entries: [...this.tree] };
    if (cut.zxid > (this.disk.snapshots.at(-1)?.zxid ?? -1) && cut.zxid <= this.durableZxid)
      this.disk.snapshots.push(cut);
  }

  /** Old snapshots, and the log they needed, go. */
  purge(): void {
    const kept = this.disk.snapshots.at(-1);
    if (kept === undefined) return;
    this.disk.snapshots = [kept];
    this.disk.log = this.disk.log.filter((entry) => entry.zxid > kept.zxid);
  }

  crash(written = 0): void {
    this.world.note(() => `${this.sid}: crashes`);
    this.disk.log.push(...this.writing.splice(0, written));
    this.clearRole();
    this.isUp = false;
  }

  restart(): void {
    this.world.note(() => `${this.sid}: starts`);
    this.isUp = true;
    if (!this.disk.hasCurrentEpochFile) this.disk.currentEpoch = epochOf(this.durableZxid);
    this.recover();
  }

  wipe(): void {
    this.world.note(() => `${this.sid}: loses its disk`);
    this.clearRole();
    this.isFresh = false;
    this.disk.acceptedEpoch = 0;
    this.disk.currentEpoch = 0;
    this.disk.hasCurrentEpochFile = false;
    this.disk.snapshots = [];
    this.disk.log = [];
    this.recover();
  }

  recover(): void {
    const { entries, zxid } = this.disk.replay();
    this.tree = entries;
    this.treeZxid = zxid;
    this.recent = this.disk.log.slice(-RECENT_ENTRIES);
    this.pending = [];
    this.committedTo = zxid;
  }

  /** The role is over, the process lives: what the disk had in hand gets there, the rest is dropped. */
  endRole(): void {
    const written = this.world.writtenAtEnd(this.writing.length);
    const done = this.writing.splice(0, written);
    this.disk.log.push(...done);
    this.clearRole();
    for (const entry of this.pending) {
      if (entry.zxid <= this.durableZxid) this.applyOne(entry);
    }
    this.pending = [];
    this.committedTo = this.treeZxid;
  }

  /** It leaves its leader, who does not see it, and looks for another one. */
  vanish(): void {
    this.world.note(() => `${this.sid}: leaves, unseen`);
    const link = this.link;
    this.world.unseen = link;
    this.endRole();
    this.world.unseen = undefined;
  }

  private clearRole(): void {
    this.needsSnapshot = this.learner?.needsSnapshot ?? false;
    this.leader = undefined;
    this.learner = undefined;
    this.isServing = false;
    this.writing = [];
    this.durableQueue = [];
    this.appendedCount = 0;
    this.durableCount = 0;
    this.work = undefined;
    this.incoming = undefined;
    this.openSyncs = [];
    this.world.closeAll(this);
    this.link = undefined;
  }

  /** An event of a role; afterwards what ended it takes effect. */
  run(event: () => void): void {
    event();
    if (this.endReason !== undefined) {
      const reason = this.endReason;
      this.endReason = undefined;
      this.world.note(() => `${this.sid}: looks for a leader, because ${reason}`);
      this.endRole();
    }
  }

  private needsSnapshot = false;
  private endReason: string | undefined = undefined;

  // Both roles.

  append(zxid: Zxid, payload: Buffer): void {
    const entry = { zxid, payload };
    this.writing.push(entry);
    this.pending.push(entry);
    this.appendedCount++;
  }

  commit(zxid: Zxid): void {
    this.committedTo = zxid;
    if (this.leader !== undefined) this.world.watch.committed?.(this, zxid);
    this.world.note(() => `${this.sid}: commits ${showZxid(zxid)}`);
    this.applyCommitted();
  }

  setAcceptedEpoch(epoch: number): void {
    this.disk.acceptedEpoch = epoch;
    this.world.note(() => `${this.sid}: acceptedEpoch ${epoch}`);
  }

  setCurrentEpoch(epoch: number): void {
    this.disk.currentEpoch = epoch;
    this.disk.hasCurrentEpochFile = true;
    this.world.note(() => `${this.sid}: currentEpoch ${epoch}`);
    if (this.leader !== undefined) this.world.watch.leading?.(this, epoch);
  }

  private applyCommitted(): void {
    while (this.pending.length > 0) {
      const head = this.pending[0] as Entry;
      if (head.zxid > this.committedTo || head.zxid > this.durableZxid) return;
      this.pending.shift();
      this.applyOne(head);
    }
  }

  private applyOne(entry: Entry): void {
    this.tree.push(entry);
    this.treeZxid = entry.zxid;
    this.recent.push(entry);
    if (this.recent.length > RECENT_ENTRIES) this.recent.shift();
  }

  // A leader's ports.

  transferFailed(): void {}

  established(epochStart: Zxid): void {
    this.treeZxid = epochStart;
    this.isServing = true;
    this.world.note(() => `${this.sid}: established, epoch ${epochOf(epochStart)}`);
    this.world.watch.established?.(this);
  }

  request(): void {}
  revalidateFor(): void {}
  touched(): void {}
  catchingUp(): void {}
  acknowledged(): void {}

  barrierPassed(token: number): void {
    this.world.note(() => `${this.sid}: barrier ${token} passed`);
    this.world.watch.barrierPassed?.(this, token);
  }

  stepDown(reason: string): void {
    this.endReason = reason;
  }

  // A learner's ports.

  send(packet: QuorumPacket): void {
    if (packet.type === PacketType.ack) this.world.watch.acknowledged?.(this, packet.zxid);
    this.link?.toLeader.push(packet);
  }

  sendWhenDurable(packet: QuorumPacket): void {
    if (this.world.faults.ackBeforeSync) this.send(packet);
    else this.whenDurable(() => this.send(packet));
  }

  whenDurable(task: () => void): void {
    if (this.world.faults.currentEpochBeforeSync) {
      task();
      return;
    }
    this.durableQueue.push({ appended: this.appendedCount, task });
    this.runWhenDurable();
  }

  private runWhenDurable(): void {
    while (this.durableQueue.length > 0) {
      const head = this.durableQueue[0] as { appended: number; task: () => void };
      if (head.appended > this.durableCount) return;
      this.durableQueue.shift();
      head.task();
    }
  }

  truncate(zxid: Zxid): void {
    this.work = () => {
      if (this.world.faults.skipTruncate) {
        this.recover();
        this.learner?.onTruncated(zxid);
        return;
      }
      const isHeld = this.cutDisk(zxid);
      if (isHeld) this.recover();
      this.world.note(() => `${this.sid}: ${isHeld ? 'cut' : 'cannot be cut'} to ${showZxid(zxid)}`);
      this.learner?.onTruncated(isHeld ? zxid : undefined);
    };
  }

  /** false, and nothing changed, when the history cannot be made to end there. */
  private cutDisk(zxid: Zxid): boolean {
    const disk = this.disk;
    const snapshots = disk.snapshots.filter((snapshot) => snapshot.zxid <= zxid);
    const base = snapshots.at(-1);
    const reachesBack = base !== undefined || disk.snapshots.length === 0 || this.hasWholeLog();
    const isThere = base?.zxid === zxid || disk.log.some((entry) => entry.zxid === zxid);
    if (!isThere || !reachesBack) return false;
    const before = disk.replay().entries;
    disk.log = disk.log.filter((entry) => entry.zxid <= zxid);
    disk.snapshots = snapshots;
    this.world.watch.replaced?.(this, before, disk.replay().entries);
    return true;
  }

  private hasWholeLog(): boolean {
    const oldest = this.disk.snapshots[0] as Snapshot;
    return oldest.entries.every((entry) => this.disk.log.includes(entry));
  }

  receiveSnapshot(): void {}

  /** All bytes of the raw snapshot are here. */
  takeRaw(snapshot: Snapshot): void {
    this.incoming = snapshot;
    this.learner?.onSnapshotBytes();
    this.learner?.onSnapshotReceived();
    this.work = () => {
      this.world.watch.replaced?.(this, this.disk.replay().entries, snapshot.entries);
      this.disk.snapshots = [snapshot];
      this.disk.log = [];
      this.recover();
      this.incoming = undefined;
      this.world.note(() => `${this.sid}: snapshot ${showZxid(snapshot.zxid)} installed`);
      this.learner?.onSnapshotInstalled();
    };
  }

  get isPaused(): boolean {
    return this.work !== undefined;
  }

  newLeader(): void {}

  serving(): void {
    this.isServing = true;
    this.world.note(() => `${this.sid}: serves`);
  }

  revalidated(): void {}

  syncReplied(): void {
    const question = this.openSyncs.shift() as number;
    this.world.note(() => `${this.sid}: sync ${question} answered`);
    this.world.watch.syncReplied?.(this, question);
  }

  takeTouched(): Iterable<readonly [bigint, number]> {
    return [];
  }

  leave(reason: string): void {
    this.endReason = reason;
  }

  // History

  get lastZxid(): Zxid {
    return this.treeZxid;
  }

  get acceptedEpoch(): number {
    return this.disk.acceptedEpoch;
  }

  get currentEpoch(): number {
    return this.disk.currentEpoch;
  }

  get minCommitted(): Zxid | undefined {
    return this.recent[0]?.zxid;
  }

  get maxCommitted(): Zxid | undefined {
    return this.recent.at(-1)?.zxid;
  }

  allCommitted(): readonly Entry[] {
    return [...this.recent];
  }

  diskFrom(zxid: Zxid): EntryCursor | undefined {
    const log = this.disk.log;
    if (log.length === 0 || (log[0] as Entry).zxid > zxid) return undefined;
    let at = log.findIndex((entry) => entry.zxid >= zxid);
    if (at === -1) at = log.length;
    return { next: () => log[at++], close: () => {} };
  }

  get snapshotBytes(): number {
    return 1;
  }

  startCut(): RawSource {
    return NO_BYTES;
  }
}

const DEFAULTS = {
  initLimitTicks: 5,
  syncLimitTicks: 3,
  maxEpochWaitHalfTicks: undefined,
  snapshotSizeFactor: 0.33,
  maxConcurrentSnapSyncs: 10,
  maxConcurrentDiffSyncs: 100,
  forceSnapshotSync: false,
  maxLinkQueueBytes: 1 << 20,
  maxBytes: 1 << 21,
  leastCatchUpBytes: 0,
  maxLearnerPacketBytes: 1 << 20,
  mayReconfigure: false,
  initialCounter: 0,
};

const NO_RECONFIGURATION: LeaderMembers = {
  proposed: () => unreachable('nobody asks for other members here'),
  activated: () => {},
  renumbered: () => {},
};

export interface EnsembleOptions {
  readonly voters: readonly number[];
  readonly observers?: readonly number[];
  readonly roles: Roles;
  readonly watch?: Watcher;
  readonly faults?: HostFaults;
  readonly verifier?: QuorumVerifier;
  /** Of so many transactions on their way to the disk, how many get there when a role ends. */
  readonly writtenAtEnd?: (writing: number) => number;
  /** Whether a leader does not notice at once that a learner is gone. */
  readonly isUnnoticed?: () => boolean;
  /** On a first start the election lets voters without a history vote. */
  readonly freshOnesCount?: boolean;
}

export class Ensemble {
  readonly roles: Roles;
  readonly verifier: QuorumVerifier;
  readonly watch: Watcher;
  readonly faults: HostFaults;
  readonly writtenAtEnd: (writing: number) => number;
  readonly isUnnoticed: () => boolean;
  readonly freshOnesCount: boolean;
  readonly peers = new Map<number, Peer>();
  readonly links = new Map<number, Link>();
  /** Of this one the leader does not see that the learner is gone. */
  unseen: Link | undefined = undefined;
  private nextLink = 1;

  constructor(options: EnsembleOptions) {
    this.roles = options.roles;
    this.watch = options.watch ?? {};
    this.faults = options.faults ?? {};
    this.writtenAtEnd = options.writtenAtEnd ?? ((writing) => writing);
    this.isUnnoticed = options.isUnnoticed ?? (() => false);
    this.freshOnesCount = options.freshOnesCount ?? false;
    this.verifier = options.verifier ?? majority(options.voters, options.observers ?? []);
    for (const sid of options.voters) this.peers.set(sid, new Peer(this, sid, false));
    for (const sid of options.observers ?? []) this.peers.set(sid, new Peer(this, sid, true));
  }

  peer(sid: number): Peer {
    const peer = this.peers.get(sid);
    if (peer === undefined) throw new Error(`no peer ${sid}`);
    return peer;
  }

  /** Told only where somebody writes it down. */
  note(text: () => string): void {
    if (this.watch.note !== undefined) this.watch.note(text());
  }

  open(learner: Peer, leader: Peer): Link {
    const link = new Link(this, this.nextLink++, learner, leader);
    this.links.set(link.id, link);
    return link;
  }

  /** From the leader's side: what is under way to the learner is lost, and it notices. */
  close(id: number): void {
    const link = this.links.get(id);
    if (link === undefined) return;
    this.links.delete(id);
    link.isOpen = false;
  }

  /** Both sides notice. */
  breakLink(link: Link): void {
    this.close(link.id);
    this.note(() => `link ${link.learner.sid}-${link.leader.sid} breaks`);
    link.tellLeaderOfEnd();
    this.lostLeader(link);
  }

  /**
   * The role of `peer` is over. A leader may not notice that its learner is gone: then what the learner sent before still
   * arrives, and what is sent to it is lost.
   */
  closeAll(peer: Peer): void {
    for (const link of [...this.links.values()]) {
      if (link.learner !== peer && link.leader !== peer) continue;
      if (link.learner === peer && (link === this.unseen || this.isUnnoticed())) continue;
      this.close(link.id);
      if (link.learner === peer) link.tellLeaderOfEnd();
    }
  }

  /** Learners whose connection is gone leave; to be called between steps. */
  notice(): void {
    for (const peer of this.peers.values()) {
      if (peer.link !== undefined && !peer.link.isOpen) this.lostLeader(peer.link);
    }
  }

  private lostLeader(link: Link): void {
    const peer = link.learner;
    if (peer.link !== link || peer.learner === undefined) return;
    this.note(() => `${peer.sid}: lost its leader`);
    peer.endRole();
  }

  canDeliver(link: Link, toLeader: boolean): boolean {
    if (!link.isOpen) return false;
    if (toLeader) return link.toLeader.length > 0 && link.leader.leader !== undefined;
    return link.toLearner.length > 0 && !link.learner.isPaused && link.learner.link === link;
  }

  /** One packet or snapshot. */
  deliver(link: Link, toLeader: boolean): void {
    if (toLeader) {
      const leader = link.leader.leader as Leader<number>;
      link.accepted ??= leader.onLinkOpened(link);
      const { accepted } = link;
      if (accepted === undefined) return;
      const packet = link.toLeader.shift() as QuorumPacket;
      this.note(() => `${link.learner.sid} -> ${link.leader.sid}  ${showPacket(packet)}`);
      link.leader.run(() => leader.onPacket(accepted, packet));
    } else {
      this.deliverToLearner(link);
    }
    this.notice();
  }

  private deliverToLearner(link: Link): void {
    const head = link.toLearner[0] as Item;
    link.sentBytes++;
    const name = (): string => `${link.leader.sid} -> ${link.learner.sid}  `;
    if ('raw' in head) {
      link.toLearner.shift();
      this.note(() => `${name()}snapshot of ${head.raw.entries.length} txns`);
      link.learner.run(() => link.learner.takeRaw(head.raw));
      return;
    }
    let packet: QuorumPacket | undefined;
    if ('source' in head) {
      packet = head.source.next();
      if (packet === undefined) {
        if (link.toLearner[0] === head) link.toLearner.shift();
        return;
      }
    } else {
      packet = head;
      link.toLearner.shift();
    }
    const given = packet;
    this.watch.received?.(given);
    this.note(() => `${name()}${showPacket(given)}`);
    if (given.type === PacketType.newLeader)
      link.learner.loggedAtNewLeader = link.learner.writing.at(-1)?.zxid ?? ZXID_ZERO;
    link.learner.run(() => link.learner.learner?.onPacket(given));
  }
}

// Small things.

export function payloadOf(zxid: Zxid, value: string): Buffer {
  const bytes = Buffer.alloc(32 + value.length);
  bytes.writeBigInt64BE(BigInt(zxid), 12);
  bytes.writeInt32BE(5, 28);
  bytes.write(value, 32, 'latin1');
  return bytes;
}

export function txnValue(entry: Entry): string {
  return entry.payload.toString('latin1', 32);
}

export function zxid(text: string): Zxid {
  const [epoch, counter] = text.split(':');
  return makeZxid(Number(epoch), Number(counter));
}

export function showZxid(value: Zxid): string {
  if (value < 0) return '-';
  return `${epochOf(value)}:${counterOf(value)}`;
}

export function showPacket(packet: QuorumPacket): string {
  const name = packetName(packet.type);
  const at = showZxid(packet.zxid);
  switch (packet.type) {
    case PacketType.proposal:
    case PacketType.inform:
      return `${name} ${at} ${packet.data?.toString('latin1', 32)}`;
    case PacketType.ackEpoch:
      return `${name} ${at} epoch ${packet.data?.readInt32BE(0)}`;
    case PacketType.upToDate:
    case PacketType.sync:
      return name;
    case PacketType.request:
      return `${name} type ${packet.data?.readInt32BE(12)}`;
    default:
      return `${name} ${at}`;
  }
}

export function majority(voters: readonly number[], observers: readonly number[]): QuorumVerifier {
  return verifier(voters, observers, (acks) => voters.filter((sid) => acks.has(sid)).length * 2 > voters.length);
}

/** Majorities of a majority of groups, every voter with weight 1. */
export function hierarchical(groups: readonly (readonly number[])[]): QuorumVerifier {
  return verifier(groups.flat(), [], (acks) => {
    const won = groups.filter((group) => group.filter((sid) => acks.has(sid)).length * 2 > group.length);
    return won.length * 2 > groups.length;
  });
}

function verifier(
  voters: readonly number[],
  observers: readonly number[],
  containsQuorum: (acks: ReadonlySet<number>) => boolean,
): QuorumVerifier {
  const set = new Set(voters);
  const members = new Map<number, ServerSpec>();
  for (const sid of [...voters, ...observers]) members.set(sid, {} as ServerSpec);
  const made: QuorumVerifier = {
    version: ZXID_ZERO,
    members,
    voters: set,
    weightOf: (sid) => (set.has(sid) ? 1 : 0),
    containsQuorum,
    text: () => 'version=0',
    sameAs: (other) => other === made,
    withVersion: () => made,
    withStaticClient: () => made,
  };
  return made;
}
