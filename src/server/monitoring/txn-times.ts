import type { Clock } from '../../io/clock.ts';
import { ZXID_NONE, type Zxid } from '../../jute/zxid.ts';

/**
 * When each of the last transactions came to this peer, reached its disk, and was decided. Only while somebody wants to
 * know: it is off until then, and costs one comparison an event.
 *
 * Transactions come in the order of their zxids, so disk and decision each are a place in a ring.
 */
export interface TxnStages {
  /** Monotonic ms. NaN: not yet. */
  readonly proposedMs: number;
  readonly syncedMs: number;
  readonly committedMs: number;
}

/** More than that under way at once is not told of. A power of two. */
const REMEMBERED = 8192;

export class TxnTimes {
  private readonly clock: Clock;
  private rings: Rings | undefined = undefined;
  /** Counts of transactions since it was switched on; a place in the rings is one of them modulo their length. */
  private proposed = 0;
  private synced = 0;
  private committed = 0;
  private asked = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  switch(isOn: boolean): void {
    this.clear();
    this.rings = isOn ? new Rings() : undefined;
  }

  /** A role begins: what was under way before is forgotten. */
  clear(): void {
    this.synced = this.proposed;
    this.committed = this.proposed;
    this.asked = this.proposed;
  }

  onProposed(zxid: Zxid): void {
    this.rings?.begin(this.proposed++ % REMEMBERED, zxid, this.clock.nowMs());
  }

  /** `zxid` and all before it. */
  onSynced(zxid: Zxid): void {
    if (this.rings !== undefined) this.synced = this.fill(this.rings, this.rings.synced, this.synced, zxid);
  }

  /** `zxid` and all before it. */
  onCommitted(zxid: Zxid): void {
    if (this.rings !== undefined) this.committed = this.fill(this.rings, this.rings.committed, this.committed, zxid);
  }

  /** To be asked in the order of zxids; undefined for one that came before it was switched on, or too long ago. */
  of(zxid: Zxid): TxnStages | undefined {
    const { rings } = this;
    if (rings === undefined) return undefined;
    let from = Math.max(this.asked, this.proposed - REMEMBERED);
    while (from < this.proposed && (rings.zxids[from % REMEMBERED] as number) < zxid) from++;
    this.asked = from;
    const at = from % REMEMBERED;
    if (from === this.proposed || rings.zxids[at] !== zxid) return undefined;
    return {
      proposedMs: rings.proposed[at] as number,
      syncedMs: rings.synced[at] as number,
      committedMs: rings.committed[at] as number,
    };
  }

  private fill(rings: Rings, ring: Float64Array, from: number, zxid: Zxid): number {
    const nowMs = this.clock.nowMs();
    let next = Math.max(from, this.proposed - REMEMBERED);
    while (next < this.proposed && (rings.zxids[next % REMEMBERED] as number) <= zxid) {
      ring[next++ % REMEMBERED] = nowMs;
    }
    return next;
  }
}

class Rings {
  readonly zxids = new Float64Array(REMEMBERED).fill(ZXID_NONE);
  readonly proposed = new Float64Array(REMEMBERED);
  readonly synced = new Float64Array(REMEMBERED);
  readonly committed = new Float64Array(REMEMBERED);

  begin(at: number, zxid: Zxid, nowMs: number): void {
    this.zxids[at] = zxid;
    this.proposed[at] = nowMs;
    this.synced[at] = Number.NaN;
    this.committed[at] = Number.NaN;
  }
}
