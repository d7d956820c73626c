import { counterOf, epochOf, ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import type { Entry } from '../../src/zab/leader/leader-ports.ts';
import { type Ensemble, type Peer, showZxid, txnValue, type Watcher } from './ensemble.ts';

/**
 * The properties of Zab, named as in ZooKeeper's specification (zookeeper-specifications/protocol-spec/Zab.tla), and
 * what follows from them for disks and clients. `delivered` is the one sequence that everybody who serves may show.
 *
 *   Leadership1, Leadership2    one leader in an epoch
 *   PrefixConsistency, Agreement, TotalOrder     everyone delivers a prefix of the one sequence
 *   Integrity                   what is delivered was broadcast by the primary of its epoch
 *   LocalPrimaryOrder           within an epoch, all that the primary broadcast before, in its order
 *   GlobalPrimaryOrder          epochs in order
 *   PrimaryIntegrity            before it broadcasts, a primary has delivered what earlier epochs ever deliver
 *   CommittedSurvives           an established leader has everything that was committed in earlier epochs
 *   OnQuorumOfDisks             at the moment of a commit a quorum of voters has it on disk, and is in its epoch
 *   CommittedStays              a disk is made to give up what was committed only if a quorum of others has it
 *   AckedIsDurable              who acknowledges has it on disk; at NEWLEADER the epoch as well
 *   DiskBeforeMemory            the tree is a prefix of what recovery would make of the disk
 *   NoGap                       logs are consecutive
 *   BarrierIsBarrier            a sync shows everything committed anywhere before it was asked
 */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly property: string;

  constructor(property: string, text: string) {
    super(`${property}: ${text}`);
    this.property = property;
  }
}

export class Invariants implements Watcher {
  world: Ensemble | undefined = undefined;
  /** Off where disks are lost on purpose. */
  disksAreKept = true;
  readonly delivered: Entry[] = [];
  private readonly broadcast = new Map<Buffer, number>();
  private readonly leaders = new Map<number, number>();
  private readonly checked = new Map<Peer, { tree: readonly Entry[]; length: number }>();
  private readonly asked = new Map<string, number>();
  private readonly committedPayloads = new Set<Buffer>();
  commits = 0;

  leading(peer: Peer, epoch: number): void {
    if (this.leaders.has(epoch)) {
      throw new Violation('Leadership2', `${peer.sid} leads epoch ${epoch}, as ${this.leaders.get(epoch)} did`);
    }
    this.leaders.set(epoch, peer.sid);
    for (const other of this.peers()) {
      if (
        other !== peer &&
        other.leader !== undefined &&
        other.leader.phase !== 'discovery' &&
        other.leader.epoch === epoch
      ) {
        throw new Violation('Leadership1', `${peer.sid} and ${other.sid} lead epoch ${epoch}`);
      }
    }
  }

  /** A leader may come to be one so late that a later epoch has begun; it can commit nothing then, and lacks nothing earlier. */
  established(peer: Peer): void {
    this.checkDelivery(peer);
    const epoch = peer.leader?.epoch ?? 0;
    const lost = this.delivered.slice(peer.tree.length).find((entry) => epochOf(entry.zxid) < epoch);
    if (lost !== undefined) throw new Violation('CommittedSurvives', `${peer.sid} leads without ${show(lost)}`);
  }

  proposed(peer: Peer, entry: Entry): void {
    const before = this.delivered.filter((other) => epochOf(other.zxid) < epochOf(entry.zxid)).length;
    if (peer.tree.length < before)
      throw new Violation('PrimaryIntegrity', `${peer.sid} proposes ${show(entry)} too early`);
    this.broadcast.set(entry.payload, peer.sid);
  }

  /** In an epoch before the story begins. */
  wasBroadcast(entry: Entry): void {
    this.broadcast.set(entry.payload, 0);
  }

  committed(peer: Peer, zxid: Zxid): void {
    this.commits++;
    const holders = new Set<number>();
    for (const other of this.peers()) {
      const held = other.disk.find(zxid);
      if (held !== undefined && other.disk.currentEpoch >= epochOf(zxid)) holders.add(other.sid);
      if (held !== undefined) this.committedPayloads.add(held.payload);
    }
    if (!this.disksAreKept) return;
    if (!this.theWorld().verifier.containsQuorum(holders)) {
      throw new Violation('OnQuorumOfDisks', `${peer.sid} commits ${showZxid(zxid)}, on disk at ${[...holders]}`);
    }
  }

  replaced(peer: Peer, before: readonly Entry[], after: readonly Entry[]): void {
    if (!this.disksAreKept) return;
    const kept = new Set(after.map((entry) => entry.payload));
    const lost = before.filter((entry) => this.committedPayloads.has(entry.payload) && !kept.has(entry.payload));
    for (const entry of lost) {
      const holders = new Set<number>();
      for (const other of this.peers()) {
        if (other !== peer && other.disk.find(entry.zxid)?.payload === entry.payload) holders.add(other.sid);
      }
      if (!this.theWorld().verifier.containsQuorum(holders)) {
        throw new Violation(
          'CommittedStays',
          `${peer.sid} has to give up ${show(entry)}, which is left on ${[...holders]}`,
        );
      }
    }
  }

  acknowledged(peer: Peer, zxid: Zxid): void {
    if (counterOf(zxid) === 0) {
      const isInEpoch = peer.disk.currentEpoch === epochOf(zxid) || (peer.disk.isEmpty && !peer.isServing);
      if (peer.durableZxid < peer.loggedAtNewLeader || !isInEpoch) {
        const state = `epoch ${peer.disk.currentEpoch} and transactions up to ${showZxid(peer.durableZxid)} on disk`;
        throw new Violation('AckedIsDurable', `${peer.sid} acknowledges NEWLEADER ${showZxid(zxid)} with ${state}`);
      }
    } else if (peer.durableZxid < zxid) {
      throw new Violation(
        'AckedIsDurable',
        `${peer.sid} acknowledges ${showZxid(zxid)}, disk at ${showZxid(peer.durableZxid)}`,
      );
    }
  }

  /** To be called when a barrier or sync is asked for. */
  askedNow(peer: Peer, token: number): void {
    this.asked.set(`${peer.sid}/${token}`, this.delivered.length);
  }

  barrierPassed(peer: Peer, token: number): void {
    const before = this.asked.get(`${peer.sid}/${token}`) ?? 0;
    if (peer.tree.length < before) {
      throw new Violation(
        'BarrierIsBarrier',
        `${peer.sid} shows ${peer.tree.length} txns where ${before} were committed`,
      );
    }
  }

  syncReplied(peer: Peer, question: number): void {
    const before = this.asked.get(`${peer.sid}/${question}`) ?? 0;
    const last = before === 0 ? ZXID_ZERO : (this.delivered[before - 1] as Entry).zxid;
    const shown = peer.learner?.lastCommitted ?? ZXID_ZERO;
    if (shown < last) {
      throw new Violation(
        'BarrierIsBarrier',
        `${peer.sid} was told to show ${showZxid(shown)}, ${showZxid(last)} was committed`,
      );
    }
  }

  /** After every step. */
  check(): void {
    for (const peer of this.peers()) {
      if (!peer.isUp) continue;
      if (peer.isServing) this.checkDelivery(peer);
      this.checkDisk(peer);
    }
  }

  private checkDelivery(peer: Peer): void {
    const known = this.checked.get(peer);
    let at = known !== undefined && known.tree === peer.tree ? known.length : 0;
    for (; at < peer.tree.length; at++) {
      const entry = peer.tree[at] as Entry;
      const expected = this.delivered[at];
      if (expected === undefined) this.deliverNext(peer, entry);
      else if (expected.payload !== entry.payload) {
        throw new Violation(
          'PrefixConsistency',
          `${peer.sid} delivers ${show(entry)} where ${show(expected)} was delivered`,
        );
      }
    }
    this.checked.set(peer, { tree: peer.tree, length: peer.tree.length });
  }

  private deliverNext(peer: Peer, entry: Entry): void {
    if (!this.broadcast.has(entry.payload)) {
      throw new Violation('Integrity', `${peer.sid} delivers ${show(entry)}, which nobody broadcast`);
    }
    const previous = this.delivered.at(-1);
    if (previous !== undefined && epochOf(entry.zxid) < epochOf(previous.zxid)) {
      throw new Violation('GlobalPrimaryOrder', `${show(entry)} is delivered after ${show(previous)}`);
    }
    const isFirst = previous === undefined || epochOf(previous.zxid) < epochOf(entry.zxid);
    if (isFirst ? counterOf(entry.zxid) !== 1 : entry.zxid !== (previous as Entry).zxid + 1) {
      throw new Violation(
        'LocalPrimaryOrder',
        `${show(entry)} is delivered after ${previous === undefined ? 'nothing' : show(previous)}`,
      );
    }
    this.delivered.push(entry);
  }

  private checkDisk(peer: Peer): void {
    const log = peer.disk.log;
    const last = log.at(-1);
    const before = log.at(-2)?.zxid ?? peer.disk.snapshots.at(-1)?.zxid ?? ZXID_ZERO;
    if (last !== undefined && last.zxid > before) {
      if (last.zxid !== before + 1 && (epochOf(last.zxid) === epochOf(before) || counterOf(last.zxid) !== 1)) {
        throw new Violation('NoGap', `${peer.sid} has ${show(last)} after ${showZxid(before)}`);
      }
    }
    if (peer.tree.at(-1) !== undefined && (peer.tree.at(-1) as Entry).zxid > peer.durableZxid) {
      throw new Violation('DiskBeforeMemory', `${peer.sid} shows ${show(peer.tree.at(-1) as Entry)}`);
    }
  }

  /** The tree is what recovery would make of the disk, so far; dear, so not after every step. */
  checkReplay(peer: Peer): void {
    const { entries } = peer.disk.replay();
    for (let i = 0; i < peer.tree.length; i++) {
      if (entries[i]?.payload !== peer.tree[i]?.payload) {
        throw new Violation(
          'DiskBeforeMemory',
          `${peer.sid} shows ${show(peer.tree[i] as Entry)} and has not logged it`,
        );
      }
    }
  }

  private peers(): Iterable<Peer> {
    return this.theWorld().peers.values();
  }

  private theWorld(): Ensemble {
    return this.world as Ensemble;
  }
}

function show(entry: Entry): string {
  return `${showZxid(entry.zxid)} ${txnValue(entry)}`;
}
