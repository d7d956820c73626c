import type { Database } from '../../src/datatree/database.ts';
import { counterOf, epochOf, ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import type { Following } from '../../src/quorum/following.ts';
import { Leading } from '../../src/quorum/leading.ts';
import type { Peer } from '../../src/quorum/peer.ts';
import type { PeerParts } from '../../src/quorum/peer-parts.ts';
import type { Replica, ReplicaSink } from '../../src/quorum/replica.ts';
import { Standalone } from '../../src/quorum/standalone.ts';
import type { PendingTree } from '../../src/server/prep/pending-tree.ts';
import type { SnapshotSource } from '../../src/txnlog/snapshot/snapshot-writer.ts';
import type { Store } from '../../src/txnlog/store.ts';
import type { Leader } from '../../src/zab/leader/leader.ts';
import type { Learner } from '../../src/zab/learner/learner.ts';
import type { LinkStream } from '../../src/zab/wire/link-stream.ts';
import { PacketType, type QuorumPacket } from '../../src/zab/wire/packets.ts';
import { FAR_PARENT, farCreates, farVersion } from './far-counters.ts';
import { Ledger } from './ledger.ts';
import type { Machine } from './machine.ts';
import { limitStorage } from './storage-limits.ts';
import type { StorageLimits } from './storage-plan.ts';

/**
 * Looks into production peers without a line of theirs: methods of one object are wrapped when a process starts, and
 * what passes through them is told to the invariants. Nothing here changes what a peer does.
 */

/** What is known of one machine, over all its processes. */
export interface View {
  readonly machine: Machine;
  readonly sid: number;
  /** A scenario that changes the members changes this. */
  voter: boolean;
  peer: Peer | undefined;
  /** The last transaction in its tree, and in its log. */
  tip: Zxid;
  logTip: Zxid;
  /** The last transaction its disk is said to hold for good. */
  durable: Zxid;
  /** A cut or an installation that was begun: a crash may leave either end of it. */
  changingTo: Zxid | undefined;
  acceptedEpoch: number;
  currentEpoch: number;
  /** In its present role: its leader is established, and what it applies is decided. */
  serves: boolean;
  /** What it logged when NEWLEADER came. */
  atNewLeader: Zxid;
  /**
   * What must not be relied upon: it was never synchronised, lost its disk, or has a bit wrong somewhere. Until it was
   * synchronised (wiped first, when damaged) it is one of the minority that may fail.
   */
  faulty: 'new' | 'wiped' | 'damaged' | undefined;
  /** A disk fault was injected: it may stop with a FatalError. */
  inTrouble: boolean;
}

/** Named after what was just done, or is just about to be. */
export type Moment =
  | 'recovered'
  | 'acceptedEpoch'
  | 'currentEpoch'
  | 'newLeader'
  | 'ack'
  | 'established'
  | 'serving'
  | 'proposed'
  | 'committed'
  | 'applied'
  | 'truncating'
  | 'truncated'
  | 'installing'
  | 'replacing'
  | 'installed'
  | 'synced';

/** One property. Every handler may throw a Violation. */
export interface Invariant {
  onRecovered?(view: View, database: Database): void;
  /** `epoch` was adopted by a peer that wants to lead in it. */
  onLeads?(view: View, epoch: number): void;
  /** A quorum acknowledged NEWLEADER. Before clients are served. */
  onEstablished?(view: View, epoch: number): void;
  onProposed?(view: View, zxid: Zxid, payload: Buffer): void;
  /** A learner appends to its log. */
  onLogged?(view: View, zxid: Zxid, payload: Buffer): void;
  /** A leader has decided. */
  onCommitted?(view: View, zxid: Zxid): void;
  /** `decided`: by a role, rather than the undecided end of a log between two roles. */
  onApplied?(view: View, zxid: Zxid, payload: Buffer, before: Zxid, decided: boolean, database: Database): void;
  /** The tree is another one: after a cut, or a snapshot. */
  onReplaced?(view: View, database: Database): void;
  onDurable?(view: View, zxid: Zxid): void;
  onAck?(view: View, zxid: Zxid): void;
  onCut?(view: View, zxid: Zxid): void;
  onServing?(view: View): void;
  onEpochs?(view: View): void;
}

interface PeerInsides {
  readonly store: Store;
  readonly parts: PeerParts;
}

interface StoreInsides {
  finishInstall(writer: unknown, done: () => void): void;
}

interface ReplicaInsides {
  sink: ReplicaSink | undefined;
  applyOne(entry: { zxid: Zxid; payload: Buffer }): void;
  replaceWith(database: Database): void;
}

interface FollowingInsides {
  dial(): void;
  link: LinkStream | undefined;
  learner: Learner;
  append(zxid: Zxid, payload: Buffer): void;
  serving(): void;
}

interface LeadingInsides {
  readonly leader: Leader;
  append(zxid: Zxid, payload: Buffer): void;
  commit(zxid: Zxid): void;
  setCurrentEpoch(epoch: number): void;
  established(epochStart: Zxid): void;
  readonly primary: { readonly prep: { readonly pending: PendingTree } } | undefined;
}

export function storeOf(peer: Peer): Store {
  return (peer as unknown as PeerInsides).store;
}

export function databaseOf(peer: Peer): Database {
  return (peer as unknown as PeerInsides).parts.replica.database;
}

export function replicaOf(peer: Peer): Replica {
  return (peer as unknown as PeerInsides).parts.replica;
}

export class Observer {
  readonly ledger = new Ledger();
  readonly views: View[] = [];
  readonly syncs = { diff: 0, trunc: 0, snap: 0 };
  elections = 0;
  /** The last counter of an epoch; undefined: the real one. */
  counterLimit: number | undefined;
  /** Bytes of committed transactions kept in memory; undefined: the real number. */
  recentBytes: number | undefined;
  storage: StorageLimits | undefined;
  onMoment: (view: View, moment: Moment) => void = () => {};
  private readonly invariants: readonly Invariant[];

  constructor(invariants: readonly Invariant[]) {
    this.invariants = invariants;
  }

  add(machine: Machine, voter: boolean): View {
    const view: View = {
      machine,
      sid: machine.sid,
      voter,
      peer: undefined,
      tip: ZXID_ZERO,
      logTip: ZXID_ZERO,
      durable: ZXID_ZERO,
      changingTo: undefined,
      acceptedEpoch: 0,
      currentEpoch: 0,
      serves: false,
      atNewLeader: ZXID_ZERO,
      faulty: 'new',
      inTrouble: false,
    };
    this.views.push(view);
    machine.onStarted = (peer) => this.attach(view, peer);
    return view;
  }

  viewOf(sid: number): View {
    return this.views[sid - 1] as View;
  }

  /** Its disk was replaced while it was down. */
  wiped(view: View): void {
    view.faulty = 'wiped';
    view.durable = ZXID_ZERO;
    view.changingTo = undefined;
    view.acceptedEpoch = 0;
    view.currentEpoch = 0;
  }

  private tell(moment: Moment, view: View, event: (invariant: Invariant) => void): void {
    for (const invariant of this.invariants) event(invariant);
    this.onMoment(view, moment);
  }

  private attach(view: View, peer: Peer): void {
    const { store, parts } = peer as unknown as PeerInsides;
    view.peer = peer;
    view.serves = false;
    view.tip = this.ledger.tipOf(parts.replica.database.lastProcessedZxid);
    view.logTip = view.tip;
    this.limitRecent(store);
    if (this.storage !== undefined) limitStorage(store, this.storage);
    this.tell('recovered', view, (invariant) => invariant.onRecovered?.(view, parts.replica.database));
    view.durable = view.tip;
    view.changingTo = undefined;
    view.acceptedEpoch = store.epochs.acceptedEpoch ?? 0;
    view.currentEpoch = store.epochs.currentEpoch ?? 0;
    this.wrapStore(view, store);
    this.wrapReplica(view, parts.replica);
  }

  private wrapStore(view: View, store: Store): void {
    const { handlers, epochs } = store;
    store.handlers = {
      onDurable: (zxid) => {
        view.durable = zxid;
        this.tell('synced', view, (invariant) => invariant.onDurable?.(view, zxid));
        handlers.onDurable(zxid);
      },
      onFatal: (error) => handlers.onFatal(error),
    };
    const truncate = store.truncate.bind(store);
    store.truncate = (zxid) => {
      // Only a scripted leader asks for what there never was.
      if (!this.ledger.isKnown(zxid) && !truncate(zxid)) return false;
      view.changingTo = this.ledger.tipOf(zxid);
      this.tell('truncating', view, (invariant) => invariant.onCut?.(view, zxid));
      const done = truncate(zxid);
      if (done) view.durable = this.ledger.tipOf(zxid);
      view.changingTo = undefined;
      this.onMoment(view, 'truncated');
      return done;
    };
    const install = store.installSnapshot.bind(store);
    store.installSnapshot = (cut: SnapshotSource, done: () => void) => {
      view.changingTo = this.ledger.tipOf(cut.zxid);
      this.tell('installing', view, (invariant) => invariant.onCut?.(view, cut.zxid));
      install(cut, () => {
        view.durable = this.ledger.tipOf(cut.zxid);
        view.changingTo = undefined;
        this.onMoment(view, 'installed');
        done();
      });
    };
    const insides = store as unknown as StoreInsides;
    const finishInstall = insides.finishInstall.bind(store);
    insides.finishInstall = (writer, done) => {
      this.onMoment(view, 'replacing');
      finishInstall(writer, done);
    };
    const setAccepted = epochs.setAccepted.bind(epochs);
    epochs.setAccepted = (epoch) => {
      setAccepted(epoch);
      view.acceptedEpoch = epoch;
      this.tell('acceptedEpoch', view, (invariant) => invariant.onEpochs?.(view));
    };
    const setCurrent = epochs.setCurrent.bind(epochs);
    epochs.setCurrent = (epoch) => {
      setCurrent(epoch);
      view.currentEpoch = epoch;
      this.tell('currentEpoch', view, (invariant) => invariant.onEpochs?.(view));
    };
  }

  private wrapReplica(view: View, replica: Replica): void {
    const insides = replica as unknown as ReplicaInsides;
    const applyOne = insides.applyOne.bind(replica);
    insides.applyOne = (entry) => {
      const before = view.tip;
      const decided = insides.sink !== undefined;
      view.tip = entry.zxid;
      applyOne(entry);
      this.tell('applied', view, (invariant) =>
        invariant.onApplied?.(view, entry.zxid, entry.payload, before, decided, replica.database),
      );
    };
    const replaceWith = insides.replaceWith.bind(replica);
    insides.replaceWith = (database) => {
      replaceWith(database);
      view.tip = this.ledger.tipOf(database.lastProcessedZxid);
      view.logTip = view.tip;
      this.limitRecent(replica.store);
      for (const invariant of this.invariants) invariant.onReplaced?.(view, database);
    };
    const endRole = replica.endRole.bind(replica);
    replica.endRole = (done) => {
      endRole(() => {
        view.logTip = view.tip;
        // What was in flight when the role ended got there, and nobody was told.
        view.durable = this.ledger.tipOf(replica.store.lastDurable);
        done();
      });
    };
    const beginRole = replica.beginRole.bind(replica);
    replica.beginRole = (sink) => {
      beginRole(sink);
      view.atNewLeader = ZXID_ZERO;
      view.serves = false;
      if (sink instanceof Standalone) this.wrapStandalone(view, sink);
      else if (sink instanceof Leading) this.wrapLeading(view, sink);
      else this.wrapFollowing(view, sink as Following);
    };
  }

  /** Alone it decides by what its disk has, and goes on numbering from there. */
  private wrapStandalone(view: View, role: Standalone): void {
    this.ledger.forgetAbove(view.tip);
    this.ledger.deliver(view.tip, `standalone ${view.sid}`);
    this.served(view);
    const nextZxid = role.nextZxid.bind(role);
    let isFar = false;
    role.nextZxid = () => {
      if (!isFar)
        this.farCounters((role as unknown as { primary: { prep: { pending: PendingTree } } }).primary.prep.pending);
      isFar = true;
      return nextZxid();
    };
    const propose = role.propose.bind(role);
    role.propose = (zxid, payload) => {
      this.ledger.propose({ zxid, payload, previous: view.logTip, proposer: view.sid });
      view.logTip = zxid;
      this.tell('proposed', view, (invariant) => invariant.onProposed?.(view, zxid, payload));
      propose(zxid, payload);
    };
  }

  private wrapLeading(view: View, role: Leading): void {
    const insides = role as unknown as LeadingInsides;
    const setCurrentEpoch = insides.setCurrentEpoch.bind(role);
    insides.setCurrentEpoch = (epoch) => {
      for (const invariant of this.invariants) invariant.onLeads?.(view, epoch);
      setCurrentEpoch(epoch);
    };
    const established = insides.established.bind(role);
    insides.established = (epochStart) => {
      const epoch = epochOf(epochStart);
      this.elections++;
      this.ledger.epochBegins(epoch, view.tip);
      this.tell('established', view, (invariant) => invariant.onEstablished?.(view, epoch));
      this.ledger.establish(epoch, view.tip, `leader ${view.sid} of epoch ${epoch}`);
      this.served(view);
      this.limitCounter(insides.leader);
      established(epochStart);
      if (insides.primary !== undefined) this.farCounters(insides.primary.prep.pending);
    };
    const append = insides.append.bind(role);
    insides.append = (zxid, payload) => {
      this.ledger.propose({ zxid, payload, previous: view.logTip, proposer: view.sid });
      view.logTip = zxid;
      this.tell('proposed', view, (invariant) => invariant.onProposed?.(view, zxid, payload));
      append(zxid, payload);
    };
    const commit = insides.commit.bind(role);
    insides.commit = (zxid) => {
      this.tell('committed', view, (invariant) => invariant.onCommitted?.(view, zxid));
      commit(zxid);
    };
  }

  private wrapFollowing(view: View, role: Following): void {
    const insides = role as unknown as FollowingInsides;
    const append = insides.append.bind(role);
    insides.append = (zxid, payload) => {
      append(zxid, payload);
      for (const invariant of this.invariants) invariant.onLogged?.(view, zxid, payload);
      view.logTip = zxid;
    };
    const serving = insides.serving.bind(role);
    insides.serving = () => {
      this.tell('serving', view, (invariant) => invariant.onServing?.(view));
      this.served(view);
      serving();
    };
    const dial = insides.dial.bind(role);
    let isFirst = true;
    insides.dial = () => {
      if (isFirst) this.wrapLearner(view, insides.learner);
      isFirst = false;
      dial();
      const { link } = insides;
      if (link === undefined) return;
      const send = link.send.bind(link);
      link.send = (packet) => {
        if (packet.type === PacketType.ack) {
          this.tell('ack', view, (invariant) => invariant.onAck?.(view, packet.zxid));
        }
        send(packet);
      };
    };
  }

  private wrapLearner(view: View, learner: Learner): void {
    const onPacket = learner.onPacket.bind(learner);
    learner.onPacket = (packet: QuorumPacket) => {
      if (packet.type === PacketType.newLeader) {
        view.atNewLeader = view.logTip;
        this.onMoment(view, 'newLeader');
      } else if (packet.type === PacketType.diff) this.syncs.diff++;
      else if (packet.type === PacketType.trunc) this.syncs.trunc++;
      else if (packet.type === PacketType.snap) this.syncs.snap++;
      return onPacket(packet);
    };
  }

  private served(view: View): void {
    view.serves = true;
    if (view.faulty !== 'damaged') view.faulty = undefined;
  }

  /** What a leader judges by is further than what is stored, of some nodes: far-counters.ts. */
  private farCounters(pending: PendingTree): void {
    const find = pending.find.bind(pending);
    pending.find = (path) => {
      const node = find(path);
      if (node === undefined || !path.startsWith(FAR_PARENT)) return node;
      node.cversion = farCreates(path, node.cversion);
      node.version = farVersion(path, node.version);
      return node;
    };
  }

  /** A counter of 32 bits never fills up in a simulated life, so an epoch is given fewer transactions. */
  private limitCounter(leader: Leader): void {
    const nextZxid = leader.nextZxid.bind(leader);
    leader.nextZxid = () => {
      const limit = this.counterLimit;
      if (limit !== undefined && leader.phase === 'broadcast' && counterOf(leader.lastProposed) >= limit) {
        (leader as unknown as { stepDown(reason: string): void }).stepDown('the counter of this epoch is used up');
        return undefined;
      }
      return nextZxid();
    };
  }

  /** The least number of transactions kept is 500, far more than a simulated peer is ever behind. */
  private limitRecent(store: Store): void {
    if (this.recentBytes === undefined) return;
    (store.recent as unknown as { maxBytes: number }).maxBytes = this.recentBytes;
  }
}
