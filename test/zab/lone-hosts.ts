import { silentLog } from '../../src/base/log.ts';
import { Writer } from '../../src/jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import { Leader } from '../../src/zab/leader/leader.ts';
import type {
  Entry,
  EntryCursor,
  History,
  LeaderHost,
  LeaderOptions,
  PacketSource,
} from '../../src/zab/leader/leader-host.ts';
import { Learner } from '../../src/zab/learner/learner.ts';
import type { LearnerHost, LearnerOptions, LearnerState } from '../../src/zab/learner/learner-host.ts';
import { PacketType, QuorumPacket, writePacket } from '../../src/zab/wire/packets.ts';
import { majority, showPacket, showZxid } from './ensemble.ts';

/** Hosts of one role alone: what it asks for is written down, its disk is as quick as told. */
export function hexOf(packet: QuorumPacket): string {
  const w = new Writer();
  writePacket(w, packet);
  return w.take().toString('hex');
}

export class LoneLeader implements LeaderHost, History {
  readonly leader: Leader;
  readonly said: string[] = [];
  readonly sent = new Map<number, QuorumPacket[]>();
  readonly bytesTaken = new Map<number, number>();
  readonly bytesWaiting = new Map<number, number>();
  /** The own disk answers at once. */
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
  config = 'version=0';
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
        initialCounter: 0,
        ...options,
      },
      this,
      this,
      silentLog,
    );
  }

  /** A learner that has joined as `packets` say, and all the leader sent it so far. */
  open(link: number, packets: readonly QuorumPacket[] = []): QuorumPacket[] {
    this.leader.onLinkOpened(link);
    for (const packet of packets) this.leader.onPacket(link, packet);
    return this.sentTo(link);
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
    const zxid = this.leader.nextZxid();
    if (zxid !== undefined) this.proposeAs(zxid, payload);
    return zxid;
  }

  proposeAs(zxid: Zxid, payload: Buffer): void {
    this.leader.propose(zxid, payload);
    if (this.isDiskQuick) this.syncDisk();
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

  // LeaderHost

  send(link: number, packet: QuorumPacket): void {
    this.sentTo(link).push(packet);
  }

  sendFrom(link: number, source: PacketSource): void {
    for (let packet = source.next(); packet !== undefined; packet = source.next()) this.sentTo(link).push(packet);
  }

  streamSnapshot(link: number, zxid: Zxid): void {
    this.said.push(`snapshot ${showZxid(zxid)} to ${link}`);
  }

  closeLink(link: number, reason: string): void {
    this.said.push(`close ${link}: ${reason}`);
  }

  queuedBytes(link: number): number {
    return this.bytesWaiting.get(link) ?? 0;
  }

  sentBytes(link: number): number {
    return this.bytesTaken.get(link) ?? 0;
  }

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

  request(link: number, sid: number, sessionId: bigint, cxid: number, type: number, body: Buffer): void {
    this.said.push(
      `request on ${link} from ${sid}: session ${sessionId} cxid ${cxid} type ${type} ${body.toString('latin1')}`,
    );
  }

  revalidate(link: number, sid: number, sessionId: bigint, timeoutMs: number): void {
    this.said.push(`revalidate on ${link} from ${sid}: session ${sessionId} ${timeoutMs} ms`);
  }

  touched(sid: number, sessionId: bigint, timeoutMs: number): void {
    this.said.push(`touched at ${sid}: session ${sessionId} ${timeoutMs} ms`);
  }

  barrierPassed(token: number): void {
    this.said.push(`barrier ${token} passed`);
  }

  stepDown(reason: string): void {
    this.said.push(`step down: ${reason}`);
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

  configText(): string {
    return this.config;
  }
}

export class LoneLearner implements LearnerHost {
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
      { self: 1, observer: false, configVersion: ZXID_ZERO, initLimitTicks: 5, syncLimitTicks: 2, ...options },
      { lastZxid: ZXID_ZERO, acceptedEpoch: 0, currentEpoch: 0, empty: false, initialize: true, ...state },
      this,
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

  sendWhenDurable(packet: QuorumPacket): void {
    this.whenDurable(() => this.send(packet));
  }

  whenDurable(task: () => void): void {
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

  setAcceptedEpoch(epoch: number): void {
    this.said.push(`acceptedEpoch ${epoch}`);
  }

  setCurrentEpoch(epoch: number): void {
    this.said.push(`currentEpoch ${epoch}`);
  }

  configSeen(text: string): void {
    this.said.push(`config seen ${text}`);
  }

  configActivated(text: string): boolean {
    this.said.push(`config active ${text}`);
    return this.staysInRole;
  }

  reconfigProposed(zxid: Zxid): void {
    this.said.push(`reconfig ${showZxid(zxid)} proposed`);
  }

  reconfigActivated(zxid: Zxid, _payload: Buffer, leader: number): boolean {
    this.said.push(`reconfig ${showZxid(zxid)} active, leader ${leader}`);
    return this.staysInRole;
  }

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

  leave(reason: string): void {
    this.said.push(`leave: ${reason}`);
  }
}

/** Where a test's own packets come from. */
export function packet(type: keyof typeof PacketType, zxid: Zxid, data?: Buffer): QuorumPacket {
  return new QuorumPacket(PacketType[type], zxid, data);
}
