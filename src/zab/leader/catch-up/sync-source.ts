import { follows, ZXID_NONE, type Zxid, zxidHex } from '../../../jute/zxid.ts';
import { PacketType, QuorumPacket } from '../../wire/packets.ts';
import type { PacketSource } from '../../wire/sources.ts';
import type { Entry, EntryCursor } from '../leader-ports.ts';
import type { SyncPlan } from './sync-plan.ts';

/**
 * The transactions of a DIFF or TRUNC, each as PROPOSAL and COMMIT, made as the link takes them: first from the log on
 * disk, then from memory. A log that turns out to have a hole, or ends too early, is reported through `onBroken` before
 * anything behind the hole is given out. The learner has to come again, for another kind of synchronisation.
 */
export class SyncSource implements PacketSource {
  private readonly entries: readonly Entry[];
  private readonly onBroken: (reason: string) => void;
  private cursor: EntryCursor | undefined;
  private readonly through: Zxid;
  private previous: Zxid;
  private at = 0;
  private commitDue: Zxid = ZXID_NONE;

  constructor(plan: SyncPlan, onBroken: (reason: string) => void) {
    this.entries = plan.entries;
    this.onBroken = onBroken;
    this.cursor = plan.disk?.cursor;
    this.previous = plan.disk?.after ?? ZXID_NONE;
    this.through = plan.disk?.through ?? ZXID_NONE;
  }

  next(): QuorumPacket | undefined {
    if (this.commitDue !== ZXID_NONE) {
      const commit = new QuorumPacket(PacketType.commit, this.commitDue);
      this.commitDue = ZXID_NONE;
      return commit;
    }
    const entry = this.cursor === undefined ? this.entries[this.at++] : this.nextFromDisk(this.cursor);
    if (entry === undefined) return undefined;
    this.commitDue = entry.zxid;
    return new QuorumPacket(PacketType.proposal, entry.zxid, entry.payload);
  }

  /** The link is gone, or everything was given out. */
  close(): void {
    this.cursor?.close();
    this.cursor = undefined;
    this.at = this.entries.length;
    this.commitDue = ZXID_NONE;
  }

  private nextFromDisk(cursor: EntryCursor): Entry | undefined {
    const entry = cursor.next();
    if (entry === undefined || entry.zxid > this.through || !follows(this.previous, entry.zxid)) {
      const found = entry === undefined ? 'its end' : zxidHex(entry.zxid);
      this.close();
      this.onBroken(`the log on disk has ${found} after ${zxidHex(this.previous)}`);
      return undefined;
    }
    this.previous = entry.zxid;
    if (entry.zxid === this.through) {
      cursor.close();
      this.cursor = undefined;
    }
    return entry;
  }
}
