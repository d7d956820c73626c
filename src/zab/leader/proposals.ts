import { assert, unreachable } from '../../base/assert.ts';
import { Fifo } from '../../base/fifo.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import { ZXID_ZERO, type Zxid, zxidHex } from '../../jute/zxid.ts';
import type { Entry } from './leader-ports.ts';
import type { Memberships } from './memberships.ts';

/**
 * The leader's proposals on their way: proposed, acknowledged by a quorum of disks, committed in zxid order. They are
 * kept until the leader's own tree has them: until then a learner that joins can get them from nowhere else. With them
 * the zxids of its epoch: where it begins, what was proposed last, what was committed last.
 *
 * An acknowledgement covers everything before it: links and logs are FIFO. It is kept for each voter, not for each
 * proposal, and outlives the voter's connection (what it has on disk it has), up to the moment the leader itself orders
 * the voter's log cut: `forget`. A voter that logged and acknowledged an uncommitted proposal, and reconnects, is cut
 * back to the last committed one. Its old acknowledgement must not help to commit a proposal that its disk holds no
 * more.
 *
 * Invariants: epoch start <= committed <= proposed, and each only grows; `entries` follow each other without a hole.
 */
export class Proposals {
  private readonly self: number;
  private readonly members: Memberships;
  /** Above the tree, in zxid order; the first `committedCount` of them are committed. */
  private readonly entries = new Fifo<Entry>(1024);
  private committedCount = 0;
  private readonly acked = new Map<number, Zxid>();
  private readonly quorum = new Set<number>();
  /** The quorum that was found last has everything up to here, by these members. */
  private reached: Zxid = ZXID_ZERO;
  private reachedBy: readonly QuorumVerifier[] = [];
  private start: Zxid = ZXID_ZERO;
  private newest: Zxid = ZXID_ZERO;
  private decided: Zxid = ZXID_ZERO;
  private first: Zxid = ZXID_ZERO;

  constructor(self: number, members: Memberships) {
    this.self = self;
    this.members = members;
  }

  /** Where the leader's epoch begins, which is the zxid of NEWLEADER. This and the next two: 0 until they are known. */
  get epochStart(): Zxid {
    return this.start;
  }

  /** The last zxid given to a proposal, or where the epoch begins. */
  get proposed(): Zxid {
    return this.newest;
  }

  /** The last zxid committed, or where the epoch begins once a quorum was synchronised. */
  get committed(): Zxid {
    return this.decided;
  }

  /** The zxid behind which the first proposal of the epoch comes. */
  get opened(): Zxid {
    return this.first;
  }

  /** Proposed and not committed. */
  get outstanding(): number {
    return this.entries.length - this.committedCount;
  }

  /** The last proposal that is not yet known to be in the leader's tree. */
  get lastUnapplied(): Zxid | undefined {
    return this.entries.last()?.zxid;
  }

  /** The leader has its epoch. */
  begin(epochStart: Zxid): void {
    assert(this.start === ZXID_ZERO, 'a leader has one epoch');
    this.start = epochStart;
    this.newest = epochStart;
  }

  /** A quorum has everything of before the epoch; its first proposal is the one after `initialCounter`. */
  establish(initialCounter: number): void {
    assert(this.newest === this.start && this.start > ZXID_ZERO, 'a leader is established before it proposes');
    this.decided = this.start;
    this.newest = (this.start + initialCounter) as Zxid;
    this.first = this.newest;
  }

  propose(entry: Entry): void {
    const { zxid } = entry;
    if (zxid !== this.proposed + 1) unreachable(`proposal ${zxidHex(zxid)} after ${zxidHex(this.proposed)}`);
    this.newest = zxid;
    this.entries.push(entry);
  }

  /** `sid` is the leader where its own log has it. */
  acknowledge(sid: number, zxid: Zxid): void {
    if (zxid > (this.acked.get(sid) ?? ZXID_ZERO)) this.acked.set(sid, zxid);
  }

  /** The last that `sid` has on disk. */
  ackOf(sid: number): Zxid {
    return this.acked.get(sid) ?? ZXID_ZERO;
  }

  forget(sid: number): void {
    assert(sid !== this.self, 'nobody cuts the log of the leader');
    this.acked.delete(sid);
    this.reached = ZXID_ZERO;
  }

  /** The next proposal that a quorum has on disk; it is committed with this. undefined: none now. */
  nextCommit(): Entry | undefined {
    const head = this.entries.at(this.committedCount);
    if (head === undefined || !(this.isReached(head.zxid) || this.isOnQuorum(head.zxid))) return undefined;
    assert(head.zxid > this.decided && head.zxid <= this.newest, 'proposals are committed in order');
    this.committedCount++;
    this.decided = head.zxid;
    return head;
  }

  /** The tree has everything up to `zxid`. */
  applied(zxid: Zxid): void {
    if (this.committedCount > this.entries.length) unreachable('more is committed than was proposed');
    for (let head = this.entries.peek(); head !== undefined && head.zxid <= zxid; head = this.entries.peek()) {
      if (this.committedCount === 0) unreachable(`${zxidHex(head.zxid)} was applied before it was committed`);
      this.entries.shift();
      this.committedCount--;
    }
  }

  /** Committed, and not in the tree that ends at `treeZxid`. */
  decidedAbove(treeZxid: Zxid): Entry[] {
    const decided: Entry[] = [];
    for (let i = 0; i < this.committedCount; i++) {
      const entry = this.entries.at(i) as Entry;
      if (entry.zxid > treeZxid) decided.push(entry);
    }
    return decided;
  }

  /** Proposals above `zxid`, committed ones first. */
  forEachAbove(zxid: Zxid, visit: (entry: Entry, isCommitted: boolean) => void): void {
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries.at(i) as Entry;
      if (entry.zxid > zxid) visit(entry, i < this.committedCount);
    }
  }

  private isOnQuorum(zxid: Zxid): boolean {
    const quorum = this.quorum;
    quorum.clear();
    let least = this.newest;
    for (const [sid, acked] of this.acked) {
      if (acked >= zxid) quorum.add(sid);
      if (acked >= zxid && acked < least) least = acked;
    }
    for (const verifier of this.members.neededFor(zxid)) {
      if (!verifier.containsQuorum(quorum)) return false;
    }
    this.reachedBy = this.members.all;
    this.reached = this.reachedBy.length === 1 ? least : zxid;
    return true;
  }

  /** Those that were found to have an earlier one have this one as well, and the same members count. */
  private isReached(zxid: Zxid): boolean {
    return zxid <= this.reached && this.members.all === this.reachedBy;
  }
}
