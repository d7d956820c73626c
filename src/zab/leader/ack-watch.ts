import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';

/**
 * Whether a learner that serves acknowledges what is proposed to it. One proposal is watched at a time: the last one sent
 * when the one before was acknowledged. A steady delay below the limit so is none, however many proposals pass.
 */
export class AckWatch {
  /** The highest proposal acknowledged before acknowledgements count; before NEWLEADER's, even (ZOOKEEPER-4685). */
  early: Zxid = ZXID_ZERO;
  /** ZXID_ZERO: nothing is waited for. */
  private watched: Zxid = ZXID_ZERO;
  private since = 0;
  private lastSent: Zxid = ZXID_ZERO;

  onProposed(zxid: Zxid, now: number): void {
    this.lastSent = zxid;
    if (this.watched === ZXID_ZERO) this.watch(zxid, now);
  }

  /** The proposal that was watched, when this acknowledges it; else ZXID_ZERO. */
  onAck(zxid: Zxid, now: number): Zxid {
    const { watched } = this;
    if (watched === ZXID_ZERO || zxid < watched) return ZXID_ZERO;
    this.watch(zxid < this.lastSent ? this.lastSent : ZXID_ZERO, now);
    return watched;
  }

  /** In the unit of `now`. */
  isOverdue(now: number, limit: number): boolean {
    return this.watched !== ZXID_ZERO && now - this.since > limit;
  }

  private watch(zxid: Zxid, now: number): void {
    this.watched = zxid;
    this.since = now;
  }
}
