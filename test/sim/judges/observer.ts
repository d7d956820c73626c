import type { Database } from '../../../src/datatree/database.ts';
import { epochOf, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import type { Peer } from '../../../src/quorum/peer.ts';
import type { PeerProbe } from '../../../src/quorum/peer-probe.ts';
import type { Replica } from '../../../src/quorum/replica.ts';
import type { Primary } from '../../../src/quorum/roles/primary.ts';
import type { PendingTree } from '../../../src/server/prep/pending-tree.ts';
import type { LogShelf } from '../../../src/txnlog/log/log-shelf.ts';
import type { Store } from '../../../src/txnlog/store.ts';
import type { ToLeader } from '../../../src/zab/learner/learner-ports.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import type { StorageLimits } from '../plan/storage-plan.ts';
import { FAR_PARENT, farCreates, farVersion } from '../world/far-counters.ts';
import type { Machine } from '../world/machine.ts';
import { limitStorage } from '../world/storage-limits.ts';
import { Ledger } from './ledger.ts';

/**
 * Peers speak of themselves through their probes (quorum/peer-probe.ts). The invariants are told that, with what is
 * known of their machines. Nothing here changes what a peer does, but for the limits that are lowered.
 */

/** Facts about one machine, over all its processes. */
export interface View {
  readonly machine: Machine;
  readonly sid: number;
  /** A scenario that changes the members changes this. */
  voter: boolean;
  peer: Peer | undefined;
  /** Where it leads or is alone. */
  primary: Primary | undefined;
  /** As a learner: to its leader, or to the last one it had. */
  leaderLink: ToLeader | undefined;
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
  /** The transactions that it had logged when NEWLEADER came. */
  atNewLeader: Zxid;
  /**
   * The reason why it must not be relied upon: it was never synchronised, lost its disk, or has a bit wrong somewhere.
   * Until it was synchronised (wiped first, when damaged) it is one of the minority that may fail.
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

export function storeOf(peer: Peer): Store {
  return peer.parts.store;
}

export function databaseOf(peer: Peer): Database {
  return peer.parts.replica.database;
}

export function replicaOf(peer: Peer): Replica {
  return peer.parts.replica;
}

export class Observer {
  readonly ledger = new Ledger();
  readonly views: View[] = [];
  readonly syncs = { diff: 0, trunc: 0, snap: 0 };
  elections = 0;
  /** Read by the leaders; undefined: the real ones. `maxCounter` is the last counter of an epoch. */
  readonly limits: {
    maxCounter: number | undefined;
    maxLinkQueueBytes: number | undefined;
    maxHeldBytes: number | undefined;
  } = {
    maxCounter: undefined,
    maxHeldBytes: undefined,
    maxLinkQueueBytes: undefined,
  };
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
      primary: undefined,
      leaderLink: undefined,
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
    machine.probe = this.probeOf(view);
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
    const { store, replica } = peer.parts;
    view.peer = peer;
    view.primary = undefined;
    view.serves = false;
    view.tip = this.ledger.tipOf(replica.database.lastProcessedZxid);
    view.logTip = view.tip;
    this.limitRecent(store);
    if (this.storage !== undefined) limitStorage(store, this.storage);
    this.tell('recovered', view, (invariant) => invariant.onRecovered?.(view, replica.database));
    view.durable = view.tip;
    view.changingTo = undefined;
    view.acceptedEpoch = store.epochs.acceptedEpoch ?? 0;
    view.currentEpoch = store.epochs.currentEpoch ?? 0;
  }

  private probeOf(view: View): PeerProbe {
    return {
      limits: this.limits,
      onCutting: (zxid) => {
        // Only a scripted leader asks for what there never was.
        if (!this.ledger.isKnown(zxid)) return;
        view.changingTo = this.ledger.tipOf(zxid);
        this.tell('truncating', view, (invariant) => invariant.onCut?.(view, zxid));
      },
      onCut: (zxid, isCut) => {
        if (!isCut && !this.ledger.isKnown(zxid)) return;
        if (isCut) view.durable = this.ledger.tipOf(zxid);
        view.changingTo = undefined;
        this.onMoment(view, 'truncated');
      },
      onInstalling: (zxid) => {
        view.changingTo = this.ledger.tipOf(zxid);
        this.tell('installing', view, (invariant) => invariant.onCut?.(view, zxid));
      },
      onReplacing: () => this.onMoment(view, 'replacing'),
      onInstalled: (zxid) => {
        view.durable = this.ledger.tipOf(zxid);
        view.changingTo = undefined;
        this.onMoment(view, 'installed');
      },
      onAcceptedEpoch: (epoch) => {
        view.acceptedEpoch = epoch;
        this.tell('acceptedEpoch', view, (invariant) => invariant.onEpochs?.(view));
      },
      onCurrentEpoch: (epoch) => {
        if (view.peer?.mode === 'leader') for (const invariant of this.invariants) invariant.onLeads?.(view, epoch);
        view.currentEpoch = epoch;
        this.tell('currentEpoch', view, (invariant) => invariant.onEpochs?.(view));
      },
      onRoleBegan: () => this.onRoleBegan(view),
      onRoleEnded: () => {
        view.primary = undefined;
        view.logTip = view.tip;
        // Writes in flight when the role ended got there, and nobody was told.
        if (view.peer !== undefined) view.durable = this.ledger.tipOf(storeOf(view.peer).lastDurable);
      },
      onAppend: (zxid, payload) => this.onAppend(view, zxid, payload),
      onDurable: (zxid) => {
        view.durable = zxid;
        this.tell('synced', view, (invariant) => invariant.onDurable?.(view, zxid));
      },
      onCommit: (zxid) => {
        if (view.peer?.mode !== 'leader') return;
        this.tell('committed', view, (invariant) => invariant.onCommitted?.(view, zxid));
      },
      onApplied: (zxid, payload, isDecided) => {
        const before = view.tip;
        view.tip = zxid;
        const database = databaseOf(view.peer as Peer);
        this.tell('applied', view, (invariant) =>
          invariant.onApplied?.(view, zxid, payload, before, isDecided, database),
        );
      },
      onReplaced: (database) => {
        view.tip = this.ledger.tipOf(database.lastProcessedZxid);
        view.logTip = view.tip;
        for (const invariant of this.invariants) invariant.onReplaced?.(view, database);
      },
      onLeaderLink: (link) => {
        view.leaderLink = link;
      },
      onLeaderPacket: ({ type }) => {
        if (type === PacketType.newLeader) {
          view.atNewLeader = view.logTip;
          this.onMoment(view, 'newLeader');
        } else if (type === PacketType.diff) this.syncs.diff++;
        else if (type === PacketType.trunc) this.syncs.trunc++;
        else if (type === PacketType.snap) this.syncs.snap++;
      },
      onAck: (zxid) => this.tell('ack', view, (invariant) => invariant.onAck?.(view, zxid)),
      onServing: () => {
        this.tell('serving', view, (invariant) => invariant.onServing?.(view));
        this.served(view);
      },
      onEstablished: (epochStart) => {
        const epoch = epochOf(epochStart);
        this.elections++;
        this.ledger.epochBegins(epoch, view.tip);
        this.tell('established', view, (invariant) => invariant.onEstablished?.(view, epoch));
        this.ledger.establish(epoch, view.tip, `leader ${view.sid} of epoch ${epoch}`);
        this.served(view);
      },
      onPrimary: (primary) => {
        view.primary = primary;
        this.farCounters(primary.prep.pending);
      },
    };
  }

  private onRoleBegan(view: View): void {
    view.atNewLeader = ZXID_ZERO;
    view.serves = false;
    if (view.peer?.config.distributed !== false) return;
    // Alone it decides by what its disk has, and goes on numbering from there.
    this.ledger.forgetAbove(view.tip);
    this.ledger.deliver(view.tip, `standalone ${view.sid}`);
    this.served(view);
  }

  private onAppend(view: View, zxid: Zxid, payload: Buffer): void {
    if (isLearner(view)) {
      for (const invariant of this.invariants) invariant.onLogged?.(view, zxid, payload);
      view.logTip = zxid;
      return;
    }
    this.ledger.propose({ zxid, payload, previous: view.logTip, proposer: view.sid });
    view.logTip = zxid;
    this.tell('proposed', view, (invariant) => invariant.onProposed?.(view, zxid, payload));
  }

  private served(view: View): void {
    view.serves = true;
    if (view.faulty !== 'damaged') view.faulty = undefined;
  }

  /** Some nodes have counters that a leader sees further on than they are stored: far-counters.ts. */
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

  /** The least number of transactions kept is 500, far more than a simulated peer is ever behind. */
  private limitRecent(store: Store): void {
    if (this.recentBytes === undefined) return;
    store.recent.maxBytes = this.recentBytes;
    (store.logs as LogShelf).marks.markBytes = this.recentBytes;
  }
}

function isLearner({ peer }: View): boolean {
  return peer?.mode === 'follower' || peer?.mode === 'observer';
}
