import type { QuorumVerifier } from '../quorum/quorum-verifier.ts';

/**
 * May a voter without a history be counted? A voter whose disk was lost has forgotten what it acknowledged, and a
 * quorum that counts it may lack everything it had helped to commit. Known cases are ZOOKEEPER-261, a wiped node that
 * takes the leadership, and one server scaled up to three whose two empty newcomers outvote it. But on a first start
 * nobody has a history, and still somebody has to lead.
 *
 * The rule. A voter is empty until it was synchronised once: it has no current epoch of its own, no log and no
 * snapshot. One with only the remains of a first synchronisation that broke off is empty too, and so is one that knows
 * that the end of its log is gone. An empty voter counts, in elections and in a leader's quorums, only if
 *
 *   everyone told   every configured voter of weight has told what history it has, in this round, and each after this
 *                   voter started; then the best history is known, and nothing below it is supported; or
 *   first start     nobody who told has a history, none was heard of since this voter started, and the empty voters
 *                   that told are a quorum by themselves; or
 *   initialize      the operator put the file `initialize` there, and with it vouches for what may be lost.
 *
 * Why this is safe while fewer than a quorum are empty. Let t be committed by the quorum Q, and let Q' elect a leader.
 * Q and Q' share a voter v. If v still has its history, the order of votes and the epochs of ZAB's discovery do their
 * work. If v was emptied after it acknowledged t, it counts because everyone told after v started again. So did another
 * voter w of Q, which had t by then (Q is more than v, unless v is the whole ensemble). No voter's vote is below that
 * voter's history, so v supports a candidate that is at least as good as w, and such a history contains t. Each empty
 * voter answers for its own lost memory this way, so it does not matter how many there are or what the others have come
 * to know since.
 *
 * Two situations cannot be told apart. One is a first start of a majority; the other is a majority that lost its disks
 * while those who still have theirs are away. They look the same to those present, and the rule lets them start. They
 * wait a while for the others first. Once they have heard of a history they never start by themselves; only the file
 * `initialize` lets them.
 *
 * roll-call.ts applies it to this server's vote. The leader applies it once more (zab/leader/history-votes.ts), to the
 * histories it collects in discovery: the synchronisation that ends a voter's emptiness must not come from a leader
 * that lacks t.
 */
export class HistoryRoll {
  private readonly verifiers: readonly QuorumVerifier[];
  /** Voters that told: whether they have a history. */
  private readonly told = new Map<number, boolean>();

  constructor(verifiers: readonly QuorumVerifier[]) {
    this.verifiers = verifiers;
  }

  /** Server `sid` told; whoever is no voter is not asked. */
  onTold(sid: number, hasHistory: boolean): void {
    for (const verifier of this.verifiers) {
      if (verifier.voters.has(sid)) this.told.set(sid, hasHistory);
    }
  }

  everyoneTold(): boolean {
    for (const verifier of this.verifiers) {
      for (const sid of verifier.voters) {
        if (!this.told.has(sid) && verifier.weightOf(sid) > 0) return false;
      }
    }
    return true;
  }

  /** Nobody who told has a history, and those who told are a quorum. */
  isFirstStart(): boolean {
    const empty = new Set<number>();
    for (const [sid, hasHistory] of this.told) {
      if (hasHistory) return false;
      empty.add(sid);
    }
    return this.verifiers.every((verifier) => verifier.containsQuorum(empty));
  }
}

/** Whether there is any history at all behind a vote. */
export function hasHistory(peerEpoch: number, zxid: number): boolean {
  return peerEpoch > 0 || zxid > 0;
}
