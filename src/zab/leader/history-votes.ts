import type { Quorum, QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';

/**
 * Whether enough voters have accepted the leader's epoch and shown their history (ACKEPOCH), so that what the leader
 * has is known to hold everything that was ever committed.
 *
 * That conclusion needs voters that remember. One that was wiped, or is new, has forgotten what it acknowledged.
 * Together with a stale voter it would elect a leader that lacks committed transactions. ZOOKEEPER-261 is such a case;
 * so are two empty servers beside one with data, when an ensemble of one is grown to three.
 * election/voting/history-roll.ts has the rule and the reason why it is enough. The election applies it to the votes,
 * this class to the histories: an empty voter counts only
 *  - when every voter has answered: then the best history there is has been seen, or
 *  - when no voter that answered has any history and the empty ones are a quorum by themselves: a first start.
 * Otherwise it is synchronised without counting. It has forgotten what it promised as well, perhaps to a leader of a
 * later epoch. So it counts in nothing, not even in the quorum of NEWLEADER, until the leader has said UPTODATE to it.
 * The leader says so once it has seen that a quorum of others still follows it. Only then it takes the epoch for its
 * own.
 *
 * A first start is believed only as long as nothing speaks against it. A voter without history is believed while it
 * stays connected. A voter proves that there was a start already when it has a history, or has accepted this very epoch
 * before, perhaps from another leader.
 *
 * A voter that has neither epoch nor transaction, and does not call itself empty, counts as ZooKeeper counts it: a
 * fresh server of Apache's, or one of ours with the operator's `initialize` file.
 */
export type HistoryKind = 'some' | 'fresh' | 'empty';

export class HistoryVotes {
  private readonly verifiers: readonly QuorumVerifier[];
  private readonly quorums: readonly Quorum[];
  private readonly answers = new Map<number, HistoryKind>();
  private hasStartedBefore = false;

  /** `quorums`: which of them are enough, where an oracle may say otherwise. A first start is judged without it. */
  constructor(verifiers: readonly QuorumVerifier[], quorums: readonly Quorum[]) {
    this.verifiers = verifiers;
    this.quorums = quorums;
  }

  /** Only voters count; a second answer replaces the first. */
  add(sid: number, kind: HistoryKind): void {
    if (this.isVoter(sid)) this.answers.set(sid, kind);
    if (this.isVoter(sid) && kind === 'some') this.hasStartedBefore = true;
  }

  /** Voter `sid` accepted this epoch before: its history is not known, and there is one. */
  addUncounted(sid: number): void {
    this.left(sid);
    if (this.isVoter(sid)) this.hasStartedBefore = true;
  }

  /** The connection to `sid` is gone. Its disk still has what it had; without a history it may have got one since. */
  left(sid: number): void {
    if (this.answers.get(sid) !== 'some') this.answers.delete(sid);
  }

  get sids(): readonly number[] {
    return [...this.answers.keys()];
  }

  /** Nobody who answered has a history, and those without are a quorum. */
  get isFirstStart(): boolean {
    return !this.hasStartedBefore && isQuorum(this.verifiers, new Set(this.answers.keys()));
  }

  /** Whether empty voters are among those that count. */
  get countsEmpty(): boolean {
    return this.isFirstStart || this.hasEveryVoter();
  }

  /** `self` has to be among those that count. */
  hasQuorum(self: number): boolean {
    const counted = this.counted();
    return counted.has(self) && isQuorum(this.quorums, counted);
  }

  private counted(): ReadonlySet<number> {
    if (this.countsEmpty) return new Set(this.answers.keys());
    const remembering = new Set<number>();
    for (const [sid, kind] of this.answers) {
      if (kind !== 'empty') remembering.add(sid);
    }
    return remembering;
  }

  private hasEveryVoter(): boolean {
    for (const verifier of this.verifiers) {
      for (const sid of verifier.voters) {
        if (!this.answers.has(sid) && verifier.weightOf(sid) > 0) return false;
      }
    }
    return true;
  }

  private isVoter(sid: number): boolean {
    return this.verifiers.some((verifier) => verifier.voters.has(sid));
  }
}

function isQuorum(quorums: readonly Quorum[], sids: ReadonlySet<number>): boolean {
  return quorums.every((quorum) => quorum.containsQuorum(sids));
}
