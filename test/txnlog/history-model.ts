import { epochOf, type Zxid } from '../../src/jute/zxid.ts';

/**
 * What a peer may find after a crash, kept beside the store by a deliberately simple hand: a list of histories, each
 * with how much of it is promised. As a rule there is one. While a history is replaced or cut there are two, and a
 * crash leaves either.
 */
interface Possible {
  /** Everything appended, in order. */
  readonly zxids: readonly number[];
  /** So many of them were synced: they must be there. */
  readonly promised: number;
}

export class HistoryModel {
  private possible: Possible[] = [{ zxids: [], promised: 0 }];

  get zxids(): readonly number[] {
    return (this.possible[0] as Possible).zxids;
  }

  get last(): number {
    return this.zxids.at(-1) ?? 0;
  }

  onAppend(zxid: number): void {
    const { zxids, promised } = this.only();
    this.possible = [{ zxids: [...zxids, zxid], promised }];
  }

  onDurable(zxid: number): void {
    const { zxids } = this.only();
    this.possible = [{ zxids, promised: zxids.indexOf(zxid) + 1 }];
  }

  /** A role ended, and the store says where the history ends now. */
  onQuiesced(lastAppended: number): void {
    const { zxids, promised } = this.only();
    const kept = lastAppended === 0 ? 0 : zxids.indexOf(lastAppended) + 1;
    if (lastAppended !== 0 && kept === 0) throw new Error(`quiesced at ${lastAppended}, which was never appended`);
    if (kept < promised) throw new Error(`quiesced at ${lastAppended}, and more was promised`);
    this.possible = [{ zxids: zxids.slice(0, kept), promised: kept }];
  }

  beginChange(zxids: readonly number[]): void {
    this.possible = [...this.possible, { zxids, promised: zxids.length }];
  }

  endChange(): void {
    this.possible = this.possible.slice(-1);
  }

  /** After a crash and a recovery; returns what is wrong, undefined when nothing is. */
  verdict(recovered: readonly number[]): string | undefined {
    const reasons = this.possible.map(({ zxids, promised }) => {
      if (recovered.length < promised)
        return `${promised} transactions were promised and ${recovered.length} are there`;
      const strange = recovered.findIndex((zxid, index) => zxid !== zxids[index]);
      return strange === -1
        ? undefined
        : `transaction ${recovered[strange]?.toString(16)} is not what was appended there`;
    });
    return reasons.includes(undefined) ? undefined : reasons.join(' and ');
  }

  /** What was recovered is the history from now on. */
  accept(recovered: readonly number[]): void {
    this.possible = [{ zxids: recovered, promised: recovered.length }];
  }

  /** The first transaction of a later epoch, or the next one of this. */
  next(newEpoch: boolean): Zxid {
    const { last } = this;
    if (newEpoch) return ((epochOf(last as Zxid) + 1) * 0x100000000 + 1) as Zxid;
    return (last + 1) as Zxid;
  }

  private only(): Possible {
    if (this.possible.length !== 1) throw new Error('nothing is appended while the history changes');
    return this.possible[0] as Possible;
  }
}
