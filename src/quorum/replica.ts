import { assert, unreachable } from '../base/assert.ts';
import { Fifo } from '../base/fifo.ts';
import type { Log } from '../base/log.ts';
import type { ApplyResult, Database } from '../datatree/database.ts';
import type { Random } from '../io/random.ts';
import { readTxn, type Txn } from '../jute/txns.ts';
import { type Zxid, zxidText } from '../jute/zxid.ts';
import type { SnapshotMeter } from '../server/metrics/role-meters.ts';
import type { TxnTimes } from '../server/monitoring/txn-times.ts';
import type { Store } from '../txnlog/store.ts';
import type { PeerProbe } from './peer-probe.ts';

/**
 * One peer's copy of the state: transactions are appended, and applied to the tree once they are both committed
 * and on this peer's disk. Apache leaves that second half out: there a follower may apply, snapshot
 * and serve what its own log could still lose (ZOOKEEPER-4882, ZOOKEEPER-4712).
 *
 * The replica outlives the roles. A role feeds it and takes what it applies through `sink`. Between roles `endRole`
 * drops what never reached the disk and applies the rest, so that the tree always stands where the log ends when the
 * peer votes (ZOOKEEPER-2845).
 */
export interface ReplicaSink {
  /** `zxid` and everything before it is on this peer's disk, and what of that is decided has been applied. */
  onDurable(zxid: Zxid): void;
  onApplied(txn: Txn, result: ApplyResult, payload: Buffer): void;
}

export interface SnapshotPolicy {
  /** A snapshot after snapCount/2 + random(snapCount/2) transactions, ... */
  readonly snapCount: number;
  /** ... or after this many bytes of log, randomised the same way; 0 or less: never for its size. */
  readonly snapSizeLimitBytes: number;
}

export interface ReplicaParts {
  readonly store: Store;
  readonly random: Random;
  readonly snapshots: SnapshotMeter;
  readonly times: TxnTimes;
  readonly log: Log;
}

interface PendingTxn {
  readonly zxid: Zxid;
  readonly payload: Buffer;
  /** Of a leader's: read when it came. Of those made here: as made, else read when they are applied. */
  readonly txn: Txn | undefined;
}

export class Replica {
  readonly store: Store;
  probe: PeerProbe | undefined;
  private current: Database;
  private readonly random: Random;
  private readonly policy: SnapshotPolicy;
  private readonly snapshots: SnapshotMeter;
  private readonly times: TxnTimes;
  private readonly log: Log;
  private sink: ReplicaSink | undefined;
  private readonly pending = new Fifo<PendingTxn>(1024);
  private committed: Zxid;
  private draining = false;
  /** False in the role of an observer without log and snapshots. */
  private isLogged = true;
  /** The tree has what this peer's disk has not, and shall not have. */
  private ahead = false;
  private txnsSinceSnapshot = 0;
  private bytesSinceSnapshot = 0;
  private txnsToSnapshot = 0;
  private bytesToSnapshot = 0;

  constructor(parts: ReplicaParts, database: Database, policy: SnapshotPolicy) {
    this.store = parts.store;
    this.snapshots = parts.snapshots;
    this.times = parts.times;
    this.random = parts.random;
    this.log = parts.log;
    this.current = database;
    this.policy = policy;
    this.committed = database.lastProcessedZxid;
    this.drawThresholds();
    // The last start replayed them, and the next one would again.
    this.txnsSinceSnapshot = this.store.facts.recovery.transactions;
  }

  get database(): Database {
    return this.current;
  }

  /** The last transaction that this peer has, applied or not; or the start of its epoch when that is later. */
  get lastZxid(): Zxid {
    const last = this.pending.last();
    return last === undefined ? this.current.lastProcessedZxid : last.zxid;
  }

  get lastCommitted(): Zxid {
    return this.committed;
  }

  /** What the tree has is not on disk, for an observer need not log. */
  get isAhead(): boolean {
    return this.ahead;
  }

  /** The last transaction of this peer's history, by which a learner counts: its log's, or the tree's where that is ahead. */
  get lastHeld(): Zxid {
    return this.ahead ? this.current.lastProcessedZxid : this.store.lastDurable;
  }

  beginRole(sink: ReplicaSink, isLogged = true): void {
    assert(this.sink === undefined, 'one role at a time');
    assert(this.pending.length === 0, 'no transaction of an earlier role is pending');
    // The tree of one who led without proposing stands at its epoch's start, above the log that a learner counts by.
    this.committed = this.store.lastDurable;
    if (this.ahead) this.committed = this.current.lastProcessedZxid;
    this.isLogged = isLogged;
    this.sink = sink;
    this.times.clear();
    this.probe?.onRoleBegan();
  }

  /** A leader's epoch begins: no transaction has this zxid, and those that follow are above it. */
  openEpoch(epochStart: Zxid): void {
    assert(this.pending.length === 0, 'an epoch opens on a settled history');
    this.current.setLastProcessed(epochStart);
    this.committed = epochStart;
  }

  append(zxid: Zxid, payload: Buffer, txn?: Txn): void {
    this.probe?.onAppend(zxid, payload);
    this.times.onProposed(zxid);
    this.pending.push({ zxid, payload, txn });
    if (this.isLogged) this.store.append(zxid, payload);
  }

  /** Everything up to `zxid` is decided; it is applied as soon as this peer's disk has it. */
  commit(zxid: Zxid): void {
    this.probe?.onCommit(zxid);
    if (zxid < this.committed) unreachable(`commit of ${zxidText(zxid)} behind ${zxidText(this.committed)}`);
    this.committed = zxid;
    this.times.onCommitted(zxid);
    this.drain();
  }

  /** From the store, after each sync. */
  onDurable(zxid: Zxid): void {
    this.probe?.onDurable(zxid);
    this.times.onSynced(zxid);
    this.drain();
    this.sink?.onDurable(zxid);
  }

  /**
   * A role is over. Transactions that were never handed to the disk are forgotten; those on the disk are applied,
   * decided or not, for they count in the coming election and go only by a TRUNC or SNAP.
   */
  endRole(done: () => void): void {
    this.sink = undefined;
    this.store.quiesce(() => {
      while (this.pending.length > 0) {
        const head = this.pending.shift() as PendingTxn;
        if (head.zxid <= this.store.lastDurable) this.applyOne(head);
      }
      this.committed = this.current.lastProcessedZxid;
      this.probe?.onRoleEnded();
      done();
    });
  }

  /**
   * This peer is to vote, or to follow: the tree goes back to where its disk is, for a log that leaves something out would
   * be served to others one day. True: it did.
   */
  settle(): boolean {
    if (!this.ahead) return false;
    this.reload();
    return true;
  }

  /** After the log was cut or a snapshot replaced the history: the tree as the disk has it now. */
  reload(): void {
    assert(this.pending.length === 0, 'the tree is reloaded only while nothing is pending');
    this.replaceWith(this.store.recover());
  }

  replaceWith(database: Database): void {
    this.current = database;
    this.ahead = false;
    this.committed = database.lastProcessedZxid;
    this.probe?.onReplaced(database);
  }

  /** Starts a snapshot now unless one is being written. */
  snapshot(done?: (error: Error | undefined) => void): boolean {
    if (this.store.facts.isWritingSnapshot) return false;
    if (this.ahead) {
      done?.(new Error('this observer keeps its history in memory alone: syncEnabled=false'));
      return true;
    }
    this.drawThresholds();
    this.store.roll();
    const cut = this.current.startCut();
    this.snapshots.onStarted();
    this.store.takeSnapshot(cut, (error) => {
      this.snapshots.onFinished(error);
      done?.(error);
      if (error === undefined) {
        this.log.info({ zxid: zxidText(cut.zxid) }, 'snapshot written');
        return;
      }
      this.log.error(
        { zxid: zxidText(cut.zxid), reason: error.message },
        'snapshot failed; serving on, the log keeps all',
      );
    });
    return true;
  }

  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    const limit = this.isLogged ? Math.min(this.committed, this.store.lastDurable) : this.committed;
    for (let head = this.pending.peek(); head !== undefined && head.zxid <= limit; head = this.pending.peek()) {
      this.pending.shift();
      this.applyOne(head);
    }
    this.draining = false;
    if (this.isLogged && this.isSnapshotDue()) this.snapshot();
  }

  private applyOne(entry: PendingTxn): void {
    const txn = entry.txn ?? readTxn(entry.payload);
    const isDecided = this.sink !== undefined;
    if (!this.isLogged) this.ahead = true;
    const result = this.current.apply(txn);
    this.store.recent.push(entry.zxid, entry.payload);
    this.txnsSinceSnapshot++;
    this.bytesSinceSnapshot += entry.payload.length;
    this.sink?.onApplied(txn, result, entry.payload);
    this.probe?.onApplied(entry.zxid, entry.payload, isDecided);
  }

  private isSnapshotDue(): boolean {
    if (this.txnsSinceSnapshot > this.txnsToSnapshot) return true;
    return this.bytesToSnapshot > 0 && this.bytesSinceSnapshot > this.bytesToSnapshot;
  }

  /** Randomised so that the peers of an ensemble do not all write their snapshots at the same moment. */
  private drawThresholds(): void {
    this.txnsSinceSnapshot = 0;
    this.bytesSinceSnapshot = 0;
    const halfCount = Math.max(1, Math.floor(this.policy.snapCount / 2));
    this.txnsToSnapshot = halfCount + this.random.below(halfCount);
    const halfBytes = Math.floor(this.policy.snapSizeLimitBytes / 2);
    this.bytesToSnapshot = halfBytes > 0 ? halfBytes + this.random.below(halfBytes) : 0;
  }
}
