import { counterOf, epochOf, makeZxid, ZXID_ZERO, type Zxid, zxidHex } from '../../../src/jute/zxid.ts';
import { Violation } from './violation.ts';

/**
 * Every transaction that a leader ever proposed, each with the one before it in that leader's history: a tree of
 * histories, in which a zxid names one history for good. `delivered` is the branch that was decided. Invariants hold
 * what peers do against this.
 */
export interface LedgerEntry {
  readonly zxid: Zxid;
  readonly payload: Buffer;
  /** The transaction before it in the history; 0 for the first. */
  readonly previous: Zxid;
  readonly proposer: number;
}

export class Ledger {
  readonly entries = new Map<Zxid, LedgerEntry>();
  readonly delivered: LedgerEntry[] = [];
  private readonly deliveredIndex = new Map<Zxid, number>();
  /** The last transaction before each epoch. */
  private readonly bases = new Map<number, Zxid>();
  /** The start of the latest epoch that a quorum took for its own. */
  private established: Zxid = ZXID_ZERO;

  get lastDelivered(): Zxid {
    return this.delivered.at(-1)?.zxid ?? ZXID_ZERO;
  }

  /** Of the epochs before this one. */
  lastDeliveredBefore(epoch: number): Zxid {
    return this.delivered.findLast(({ zxid }) => epochOf(zxid) < epoch)?.zxid ?? ZXID_ZERO;
  }

  isKnown(zxid: Zxid): boolean {
    return zxid === ZXID_ZERO || this.entries.has(zxid) || (counterOf(zxid) === 0 && this.bases.has(epochOf(zxid)));
  }

  /** A history's last transaction: a tree at the start of an epoch stands where the epoch before ended. */
  tipOf(zxid: Zxid): Zxid {
    if (zxid === ZXID_ZERO || this.entries.has(zxid)) return zxid;
    if (counterOf(zxid) === 0) {
      const base = this.bases.get(epochOf(zxid));
      if (base !== undefined) return base;
    }
    throw new Violation('Integrity', `a history ends with ${zxidHex(zxid)}, which nobody proposed`);
  }

  /** The transaction before; undefined when `zxid` is none that is known. */
  previousOf(zxid: Zxid): Zxid | undefined {
    return counterOf(zxid) === 0 ? this.bases.get(epochOf(zxid)) : this.entries.get(zxid)?.previous;
  }

  epochBegins(epoch: number, base: Zxid): void {
    this.bases.set(epoch, base);
  }

  /**
   * A quorum has the history that ends with `tip` at the start of `epoch`, and with it that zxid is shown: to reads, to
   * watches that are set again, to whoever connects. So nothing below is ever added, even if nothing was proposed since.
   */
  establish(epoch: number, tip: Zxid, by: string): void {
    this.deliver(tip, by);
    const start = makeZxid(epoch, 0);
    if (start > this.established) this.established = start;
  }

  propose(entry: LedgerEntry): void {
    const known = this.entries.get(entry.zxid);
    if (known !== undefined) {
      throw new Violation('LocalPrimaryOrder', `${zxidHex(entry.zxid)} is proposed twice, first by ${known.proposer}`);
    }
    this.entries.set(entry.zxid, entry);
  }

  /** Nobody has what a lone server had in memory only; the numbers are used again. */
  forgetAbove(zxid: Zxid): void {
    for (const known of this.entries.keys()) if (known > zxid) this.entries.delete(known);
  }

  isDelivered(zxid: Zxid): boolean {
    return zxid === ZXID_ZERO || this.deliveredIndex.has(zxid);
  }

  /** Whether the history that ends with `zxid` contains `part`. */
  contains(zxid: Zxid, part: Zxid): boolean {
    let at = zxid;
    while (at > part) at = this.entries.get(at)?.previous ?? ZXID_ZERO;
    return at === part;
  }

  /** The history that ends with `zxid` is decided. */
  deliver(zxid: Zxid, by: string): void {
    if (this.isDelivered(zxid)) return;
    const fresh: LedgerEntry[] = [];
    let at = zxid;
    const last = this.lastDelivered;
    while (at > last) {
      const entry = this.entries.get(at);
      if (entry === undefined) throw new Violation('Integrity', `${by} delivers ${zxidHex(at)}, which nobody proposed`);
      fresh.push(entry);
      at = entry.previous;
    }
    if (at !== last) {
      throw new Violation(
        'PrefixConsistency',
        `${by} delivers ${zxidHex(zxid)}, whose history leaves the delivered one at ${zxidHex(at)}, before ${zxidHex(last)}`,
      );
    }
    for (const entry of fresh.reverse()) {
      if (entry.zxid < this.established) {
        const at = zxidHex(this.established);
        throw new Violation('PrefixConsistency', `${by} delivers ${zxidHex(entry.zxid)}, and ${at} was without it`);
      }
      this.deliveredIndex.set(entry.zxid, this.delivered.length);
      this.delivered.push(entry);
    }
  }
}
