import { silentLog } from '../../src/base/log.ts';
import type { QuorumVerifier } from '../../src/election/quorum/quorum-verifier.ts';
import { Writer } from '../../src/jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import { Leader } from '../../src/zab/leader/leader.ts';
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
import { LoneLead } from '../../src/zab/leader/lone-lead.ts';
import { Memberships } from '../../src/zab/leader/memberships.ts';
import { Learner } from '../../src/zab/learner/learner.ts';
import type {
  LearnerClients,
  LearnerEvents,
  LearnerHistory,
  LearnerLog,
  LearnerOptions,
  LearnerState,
  ToLeader,
} from '../../src/zab/learner/learner-ports.ts';
import { LinkCounts } from '../../src/zab/wire/link-counts.ts';
import { type LearnerRequest, PacketType, QuorumPacket, writePacket } from '../../src/zab/wire/packets.ts';
import type { PacketSource, RawSource } from '../../src/zab/wire/sources.ts';
import { majority, showPacket, showZxid } from './ensemble.ts';

/** Hosts of one role alone: what it asks for is written down, its disk is as quick as told. */
export function hexOf(packet: QuorumPacket): string {
  const w = new Writer();
  writePacket(w, packet);
  return w.take().toString('hex');
}

/** One end of a connection that goes nowhere. */
class LoneWire implements LearnerWire {
  readonly remoteAddress: string;
  readonly remoteHost: string;
  maxPacketBytes = 4096;
  queuedBytes = 0;
  heldBytes = 0;
  queuedPackets = 0;
  readonly counts = new LinkCounts(0);
  sentBytes = 0;
  private readonly host: LoneLeader;
  private readonly number: number;

  constructor(host: LoneLeader, number: number) {
    this.host = host;
    this.number = number;
    this.remoteAddress = `link ${number}`;
    this.remoteHost = host.hostOf(number);
  }

  send(packet: QuorumPacket): void {
    this.host.sentTo(this.number).push(packet);
  }

  sendFrom(source: PacketSource): void {
    for (let packet = source.next(); packet !== undefined; packet = source.next()) this.send(packet);
  }

  sendRaw(): void {
    this.host.said.push(`snapshot ${showZxid(this.host.lastZxid)} to ${this.number}`);
  }

  destroy(): void {
    this.host.said.push(`close ${this.number}: ${this.host.lastReason}`);
  }
}

const NO_BYTES: RawSource = { next: () => undefined, cancel: () => {} };

export class LoneLeader implements LeaderLog, LeaderClients<number>, LeaderEvents, LeaderMembers, History {
  readonly leader: Leader<number>;
  readonly said: string[] = [];
  readonly sent = new Map<number, QuorumPacket[]>();
  readonly links = new Map<number, LearnerLink>();
  /** Why the last link was given up, as the leader's log has it. */
  lastReason = '';
  /** Warnings that speak of numbers of connections. */
  readonly warned: string[] = [];
  /** The server's own disk answers at once. */
  isDiskQuick = true;
  private appended: Zxid = ZXID_ZERO;
  private synced: Zxid = ZXID_ZERO;
  private committed: Zxid = ZXID_ZERO;

  lastZxid: Zxid;
  acceptedEpoch: number;
  currentEpoch: number;
  recent: Entry[];
  disk: Entry[] | undefined = undefined;
  snapshotBytes = 0;
  /** The outcome of the next reconfiguration. */
  next: QuorumVerifier = majority([1, 2, 3], [4]);
  private pending: Entry[] = [];

  constructor(
    options: Partial<LeaderOptions>,
    history: { lastZxid?: Zxid; acceptedEpoch?: number; currentEpoch?: number; recent?: Entry[] } = {},
  ) {
    this.recent = history.recent ?? [];
    this.lastZxid = history.lastZxid ?? this.recent.at(-1)?.zxid ?? ZXID_ZERO;
    this.acceptedEpoch = history.acceptedEpoch ?? 0;
    this.currentEpoch = history.currentEpoch ?? 0;
    this.leader = new Leader(
      {
        self: 3,
        verifiers: [majority([1, 2, 3], [4])],
        initLimitTicks: 5,
        syncLimitTicks: 2,
        empty: false,
        initialize: true,
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
        ...options,
      },
      {
        history: this,
        log: this,
        epochs: {
          setAccepted: (epoch) => this.setAcceptedEpoch(epoch),
          setCurrent: (epoch) => this.setCurrentEpoch(epoch),
        },
        clients: this,
        events: this,
        members: this,
      },
      {
        ...silentLog,
        warn: (fields, message) => {
          if (fields.connections === undefined) this.lastReason = String(fields.reason);
          else this.warned.push(`${message}: ${fields.connections}`);
        },
      },
    );
  }

  /** Links that it closed, and the end of the role. */
  get ends(): string[] {
    return this.said.filter((line) => line.startsWith('close') || line.startsWith('step down'));
  }

  /** A learner that has joined as `packets` say, and all the leader sent it so far. */
  open(link: number, packets: readonly QuorumPacket[] = []): QuorumPacket[] {
    const opened = this.leader.onLinkOpened(new LoneWire(this, link));
    if (opened === undefined) return [];
    this.links.set(link, opened);
    for (const packet of packets) this.onPacket(link, packet);
    return this.sentTo(link);
  }

  /** Where the connection comes from; a place of its own, unless a test says otherwise. */
  hostOf: (link: number) => string = (link) => `host ${link}`;

  onPacket(link: number, packet: QuorumPacket): void {
    this.leader.onPacket(this.link(link), packet);
  }

  onLinkClosed(link: number): void {
    this.leader.onLinkClosed(this.link(link));
  }

  link(link: number): LearnerLink {
    return this.links.get(link) as LearnerLink;
  }

  /** The bytes that the network took of the link so far, and what waits for it. */
  took(link: number, sentBytes: number, queuedBytes = 0, heldBytes = 0): void {
    Object.assign(this.link(link).wire, { sentBytes, queuedBytes, heldBytes });
  }

  sentTo(link: number): QuorumPacket[] {
    let packets = this.sent.get(link);
    if (packets === undefined) {
      packets = [];
      this.sent.set(link, packets);
    }
    return packets;
  }

  shown(link: number): string[] {
    return this.sentTo(link).map(showPacket);
  }

  propose(payload: Buffer): Zxid | undefined {
    let given: Zxid | undefined;
    const maker = {
      makeTxn: (asked: Buffer, zxid: Zxid): Buffer => {
        given = zxid;
        return asked;
      },
    };
    this.leader.propose(maker, payload);
    if (this.isDiskQuick && given !== undefined) this.syncDisk();
    return given;
  }

  syncDisk(): void {
    this.synced = this.appended;
    this.apply();
    this.leader.onDurable(this.synced);
  }

  halfTicks(count: number): void {
    for (let i = 0; i < count; i++) this.leader.onHalfTick();
  }

  private apply(): void {
    while (this.pending.length > 0) {
      const head = this.pending[0] as Entry;
      if (head.zxid > this.committed || head.zxid > this.synced) return;
      this.pending.shift();
      this.recent.push(head);
      this.lastZxid = head.zxid;
    }
  }

  // The ports.

  append(zxid: Zxid, payload: Buffer): void {
    this.appended = zxid;
    this.pending.push({ zxid, payload });
  }

  commit(zxid: Zxid): void {
    this.committed = zxid;
    this.said.push(`commit ${showZxid(zxid)}`);
    this.apply();
  }

  setAcceptedEpoch(epoch: number): void {
    this.acceptedEpoch = epoch;
    this.said.push(`acceptedEpoch ${epoch}`);
  }

  setCurrentEpoch(epoch: number): void {
    this.currentEpoch = epoch;
    this.said.push(`currentEpoch ${epoch}`);
  }

  established(epochStart: Zxid): void {
    this.lastZxid = epochStart;
    this.said.push(`established ${showZxid(epochStart)}`);
  }

  catchingUp(): void {}
  acknowledged(): void {}

  request(learner: LearnerLink, { sessionId, cxid, type, body }: LearnerRequest): void {
    this.said.push(
      `request on ${learner.ownerName} from ${learner.sid}: session ${sessionId} cxid ${cxid} type ${type} ${body.toString('latin1')}`,
    );
  }

  revalidateFor(learner: LearnerLink, sessionId: bigint, timeoutMs: number): void {
    this.said.push(`revalidate on ${learner.ownerName} from ${learner.sid}: session ${sessionId} ${timeoutMs} ms`);
  }

  touched(sessionId: bigint, timeoutMs: number): void {
    this.said.push(`touched: session ${sessionId} ${timeoutMs} ms`);
  }

  barrierPassed(token: number): void {
    this.said.push(`barrier ${token} passed`);
  }

  stepDown(reason: string, next?: number): void {
    this.said.push(`step down: ${reason}${next === undefined ? '' : `, to ${next}`}`);
  }

  transferFailed(reason: string): void {
    this.said.push(`no hand-over: ${reason}`);
  }

  proposed(payload: Buffer): QuorumVerifier {
    this.said.push(`reconfig ${showZxid(zxidOf(payload))} proposed`);
    return this.next;
  }

  activated(payload: Buffer): void {
    this.said.push(`reconfig ${showZxid(zxidOf(payload))} active`);
  }

  renumbered(verifier: QuorumVerifier): void {
    this.said.push(`members of version ${showZxid(verifier.version)}`);
  }

  // History

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
    const disk = this.disk;
    if (disk === undefined || (disk[0]?.zxid ?? zxid + 1) > zxid) return undefined;
    let at = disk.findIndex((entry) => entry.zxid >= zxid);
    return { next: () => (at === -1 ? undefined : disk[at++]), close: () => {} };
  }

  startCut(): RawSource {
    return NO_BYTES;
  }
}

export class LoneLearner implements ToLeader, LearnerLog, LearnerHistory, LearnerClients, LearnerEvents {
  readonly learner: Learner;
  readonly said: string[] = [];
  readonly sent: QuorumPacket[] = [];
  isDiskQuick = true;
  /** Whether configurations leave this server its role. */
  staysInRole = true;
  touched: (readonly [bigint, number])[] = [];
  private durableQueue: (() => void)[] = [];
  private isWriting = false;

  constructor(options: Partial<LearnerOptions>, state: Partial<LearnerState> = {}) {
    this.learner = new Learner(
      {
        self: 1,
        leader: 3,
        observer: false,
        configVersion: ZXID_ZERO,
        initLimitTicks: 5,
        syncLimitTicks: 2,
        ...options,
      },
      { lastZxid: ZXID_ZERO, acceptedEpoch: 0, currentEpoch: 0, empty: false, initialize: true, ...state },
      {
        link: this,
        durable: {
          send: (packet) => this.whenDurable(() => this.send(packet)),
          groupAcks: () => this.said.push('acknowledges in groups'),
          run: (task) => this.whenDurable(task),
        },
        log: this,
        history: this,
        epochs: {
          setAccepted: (epoch) => this.said.push(`acceptedEpoch ${epoch}`),
          setCurrent: (epoch) => this.said.push(`currentEpoch ${epoch}`),
        },
        members: {
          seen: (text) => this.said.push(`config seen ${text}`),
          activate: (text) => {
            this.said.push(`config active ${text}`);
            return this.staysInRole;
          },
          seenInTxn: (payload) => this.said.push(`reconfig ${showZxid(zxidOf(payload))} proposed`),
          activateTxn: (payload) => {
            this.said.push(`reconfig ${showZxid(zxidOf(payload))} active`);
            return this.staysInRole;
          },
        },
        clients: this,
        events: this,
      },
      silentLog,
    );
  }

  /** Whether more may be given. Cuts and snapshots are carried out at once. */
  receive(packet: QuorumPacket): boolean {
    const mayGoOn = this.learner.onPacket(packet);
    if (this.learner.phase === 'truncating') this.learner.onTruncated(packet.zxid);
    if (this.learner.phase === 'receiving') {
      this.learner.onSnapshotReceived();
      this.learner.onSnapshotInstalled();
    }
    return mayGoOn;
  }

  syncDisk(): void {
    this.isWriting = false;
    const due = this.durableQueue;
    this.durableQueue = [];
    for (const task of due) task();
  }

  get shown(): string[] {
    return this.sent.map(showPacket);
  }

  send(packet: QuorumPacket): void {
    this.sent.push(packet);
  }

  private whenDurable(task: () => void): void {
    if (this.isWriting || this.durableQueue.length > 0) this.durableQueue.push(task);
    else task();
  }

  append(zxid: Zxid): void {
    this.said.push(`append ${showZxid(zxid)}`);
    this.isWriting = !this.isDiskQuick;
  }

  commit(zxid: Zxid): void {
    this.said.push(`commit ${showZxid(zxid)}`);
  }

  truncate(zxid: Zxid): void {
    this.said.push(`truncate ${showZxid(zxid)}`);
  }

  receiveSnapshot(zxid: Zxid): void {
    this.said.push(`snapshot ${showZxid(zxid)}`);
  }

  newLeader(): void {}

  serving(): void {
    this.said.push('serving');
  }

  revalidated(sessionId: bigint, valid: boolean): void {
    this.said.push(`session ${sessionId} is ${valid ? 'valid' : 'gone'}`);
  }

  syncReplied(): void {
    this.said.push('sync answered');
  }

  takeTouched(): Iterable<readonly [bigint, number]> {
    const taken = this.touched;
    this.touched = [];
    return taken;
  }

  leave(reason: string, next?: number): void {
    this.said.push(`leave: ${reason}${next === undefined ? '' : `, to ${next}`}`);
  }
}

/** Of a transaction's header. */
function zxidOf(payload: Buffer): Zxid {
  return Number(payload.readBigInt64BE(12)) as Zxid;
}

/** Where a test's own packets come from. */
export function packet(type: keyof typeof PacketType, zxid: Zxid, data?: Buffer): QuorumPacket {
  return new QuorumPacket(PacketType[type], zxid, data);
}

/** As a leader counts by them without an oracle. */
export function membershipsOf(verifiers: readonly QuorumVerifier[]): Memberships {
  return new Memberships(verifiers, new LoneLead(1, undefined, silentLog));
}
