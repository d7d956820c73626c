import type { Database } from '../../src/datatree/database.ts';
import { readTxn } from '../../src/jute/txns.ts';
import { epochOf, type Zxid } from '../../src/jute/zxid.ts';
import type { Store } from '../../src/txnlog/store.ts';
import { DeadProcess } from '../sim/world/disk.ts';
import { HistoryModel } from './history-model.ts';
import { databaseOf, type Lab, payloadOf, seenBy } from './lab.ts';

/** One thing that happens to a store. What is impossible in the present state is passed over. */
export type Step =
  | { readonly kind: 'append'; readonly count: number; readonly newEpoch: boolean; readonly bytes: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'roll' }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'purge' }
  | { readonly kind: 'epoch' }
  | { readonly kind: 'quiesce' }
  /** Down to so many of the transactions. */
  | { readonly kind: 'truncate'; readonly keep: number }
  /** A leader's history: so many of ours, then some of its own. */
  | { readonly kind: 'install'; readonly keep: number; readonly more: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'crash'; readonly power: boolean };

/**
 * Runs steps against a store and the model beside it, the way a peer does: what is synced is applied, what is applied
 * goes into snapshots. After every crash it recovers and holds what it finds against the model.
 */
export class Driver {
  readonly lab: Lab;
  readonly model = new HistoryModel();
  store!: Store;
  private database!: Database;
  private epoch = 0;
  private epochWanted = 0;
  /** Of any transaction ever appended: a missing file may be made up for from it. */
  private newestEpoch = 0;
  private pending: Zxid[] = [];
  private busy = 0;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  /** Steps until the end or the first crash that `onEffect` of the disk caused; whether there was one. */
  run(steps: readonly Step[]): boolean {
    try {
      for (const step of steps) this.step(step);
      this.settle();
      return false;
    } catch (error) {
      if (error instanceof DeadProcess) return true;
      throw error;
    }
  }

  /** Opens and recovers; throws when something is wrong with what it finds. */
  boot(): void {
    this.store = this.lab.open();
    this.recover();
    this.newestEpoch = Math.max(this.newestEpoch, epochOf(this.store.lastAppended));
    const found = this.store.epochs.currentEpoch ?? 0;
    if (found < this.epoch) throw new Error(`currentEpoch ${found} after ${this.epoch} was durable`);
    const invented = found > Math.max(this.epochWanted, this.newestEpoch);
    if (invented) throw new Error(`currentEpoch ${found} was never set`);
    this.store.handlers = {
      onDurable: (zxid) => this.onDurable(zxid),
      onFatal: (error) => {
        throw error;
      },
    };
  }

  /** After a crash: recover, append, crash once more, recover. */
  recoverAndGoOn(): void {
    this.boot();
    this.run([
      { kind: 'append', count: 2, newEpoch: true, bytes: 8 },
      { kind: 'wait', ms: 20 },
      { kind: 'crash', power: true },
    ]);
  }

  private step(step: Step): void {
    const { store, model, lab } = this;
    switch (step.kind) {
      case 'append':
        if (this.busy > 0) return;
        for (let i = 0; i < step.count; i++) {
          const zxid = model.next(step.newEpoch && i === 0);
          if (store.epochs.acceptedEpoch !== undefined)
            store.epochs.setAccepted(Math.max(epochOf(zxid), store.epochs.acceptedEpoch ?? 0));
          this.newestEpoch = Math.max(this.newestEpoch, epochOf(zxid));
          model.onAppend(zxid);
          this.pending.push(zxid);
          store.append(zxid, payloadOf(zxid, step.bytes));
        }
        return;
      case 'wait':
        lab.run(step.ms);
        return;
      case 'roll':
        store.roll();
        return;
      case 'snapshot':
        if (!store.facts.isWritingSnapshot) store.takeSnapshot(this.database.startCut(), () => {});
        return;
      case 'purge':
        store.purge();
        return;
      case 'epoch':
        this.epochWanted = Math.max(store.epochs.acceptedEpoch ?? 0, epochOf(store.lastAppended)) + 1;
        store.epochs.setAccepted(this.epochWanted);
        store.epochs.setCurrent(this.epochWanted);
        this.epoch = this.epochWanted;
        return;
      case 'quiesce':
        this.quiesce();
        return;
      case 'truncate':
        this.truncate(step.keep);
        return;
      case 'install':
        this.install(step.keep, step.more);
        return;
      case 'restart':
        this.settle();
        lab.close(store);
        lab.process.kill();
        lab.disk.kill();
        this.boot();
        return;
      case 'crash':
        if (step.power) lab.powerLoss();
        else lab.kill();
        this.boot();
        return;
    }
  }

  /** Lets everything in flight come to its end. */
  private settle(): void {
    for (let i = 0; i < 100 && (this.busy > 0 || this.store.lastDurable !== this.store.lastAppended); i++)
      this.lab.run(20);
    this.lab.run(5);
  }

  private quiesce(): boolean {
    if (this.busy > 0) this.settle();
    let done = false;
    this.store.quiesce(() => {
      done = true;
      this.model.onQuiesced(this.store.lastAppended);
    });
    this.lab.run(20);
    if (!done) throw new Error('the store did not come to rest');
    if (this.store.lastAppended !== this.store.lastDurable) throw new Error('at rest, and not all of it is synced');
    // What finished after the role ended belongs to the history without having been announced.
    for (let next = this.pending.shift(); next !== undefined; next = this.pending.shift()) {
      if (next <= this.store.lastDurable) this.database.apply(readTxn(payloadOf(next)));
    }
    return true;
  }

  private truncate(keep: number): void {
    this.quiesce();
    const kept = this.model.zxids.slice(0, Math.max(1, keep % (this.model.zxids.length + 1)));
    if (kept.length === 0) return;
    this.model.beginChange(kept);
    if (this.store.truncate(kept.at(-1) as Zxid)) {
      this.model.endChange();
      this.recover();
    } else {
      const [old] = [this.model.zxids];
      this.model.accept(old);
    }
  }

  private install(keep: number, more: number): void {
    this.quiesce();
    const zxids = this.model.zxids.slice(0, keep % (this.model.zxids.length + 1));
    const epoch = epochOf((this.model.zxids.at(-1) ?? 0) as Zxid) + 1;
    const leaders = [...zxids];
    const accepted = this.store.epochs.acceptedEpoch;
    if (accepted !== undefined) this.store.epochs.setAccepted(Math.max(epoch, accepted));
    for (let i = 1; i <= more; i++) leaders.push(epoch * 0x100000000 + i);
    if (leaders.length === 0) return;
    const theirs = databaseOf(this.lab.options, leaders);
    this.model.beginChange(leaders);
    this.busy++;
    this.store.installSnapshot(theirs.startCut(), () => {
      this.busy--;
      this.model.endChange();
      this.database = theirs;
    });
    this.settle();
  }

  private onDurable(zxid: Zxid): void {
    this.model.onDurable(zxid);
    while (this.pending.length > 0 && (this.pending[0] as Zxid) <= zxid) {
      this.database.apply(readTxn(payloadOf(this.pending.shift() as Zxid)));
    }
  }

  private recover(): void {
    this.pending = [];
    this.busy = 0;
    this.database = this.store.recover();
    const recovered = seenBy(this.database);
    const wrong = this.model.verdict(recovered);
    if (wrong !== undefined) throw new Error(`recovered another history: ${wrong}`);
    if (this.store.missingUpTo !== undefined) throw new Error('the store believes that its disk lost something');
    if (this.database.lastProcessedZxid !== (recovered.at(-1) ?? 0))
      throw new Error('the tree is not where the log ends');
    this.model.accept(recovered);
  }
}
