import type { Log } from '../../base/log.ts';
import { isPairOf, type Oracle, quorumWithOracle } from '../../election/quorum/oracle.ts';
import type { Quorum, QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';

/**
 * A leader of two voters that goes on without the other one by the word of an oracle. It is asked at each half tick while
 * the other one does not follow; with the first half tick that it does, both are needed again.
 *
 * Apache's leader asks at once when it is elected. A tick is left here in which the other one can come, for it may know of
 * epochs that this one does not.
 *
 * An oracle may be wrong and let both lead, one after the other or at once. An epoch must have one leader even then: a zxid
 * would stand for two transactions else, and trees would differ for good without a word. So epochs are told apart by
 * their remainder: 0 is for those chosen by both, 1 for those that the voter with the lower id chooses alone, 2 for the
 * other one's. Histories that parted then differ in their epochs, and the next leader cuts one of them back.
 */
const FIRST_ASKED_AT_HALF_TICK = 2;

const KINDS_OF_EPOCHS = 3;

export class LoneLead {
  private readonly self: number;
  private readonly oracle: Oracle | undefined;
  private readonly log: Log;
  private permitted = false;

  constructor(self: number, oracle: Oracle | undefined, log: Log) {
    this.self = self;
    this.oracle = oracle;
    this.log = log;
  }

  quorumOf(verifier: QuorumVerifier): Quorum {
    if (this.oracle === undefined) return verifier;
    return quorumWithOracle(verifier, this.self, () => this.permitted);
  }

  /** At half tick `now` of this leader. */
  ask(members: readonly QuorumVerifier[], now: number): void {
    if (this.oracle === undefined || now < FIRST_ASKED_AT_HALF_TICK) return;
    if (!members.some((verifier) => isPairOf(verifier, this.self))) return;
    const before = this.permitted;
    this.permitted = this.oracle.permits();
    if (this.permitted === before) return;
    if (this.permitted) this.log.warn({ oracle: 'yes' }, 'leading alone: what is written now is on this disk alone');
    else this.log.warn({ oracle: 'no' }, 'this leader may not lead alone any more');
  }

  /** The other one follows. */
  end(): void {
    if (this.permitted) this.log.info({}, 'the other voter is here: this leader is not alone any more');
    this.permitted = false;
  }

  /** The first epoch from `wanted` on that nobody else can choose. `connected` chose it with this leader. */
  epochFrom(wanted: number, members: readonly QuorumVerifier[], connected: ReadonlySet<number>): number {
    const pair = members.find((verifier) => isPairOf(verifier, this.self));
    if (this.oracle === undefined || pair === undefined) return wanted;
    const isByBoth = members.every((verifier) => verifier.containsQuorum(connected));
    const kind = isByBoth ? 0 : this.self === Math.min(...pair.voters) ? 1 : 2;
    return wanted + ((kind + KINDS_OF_EPOCHS - (wanted % KINDS_OF_EPOCHS)) % KINDS_OF_EPOCHS);
  }
}
