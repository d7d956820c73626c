import { assert } from '../../base/assert.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { LeaderMembers } from '../../zab/leader/leader-ports.ts';
import type { ConfigBook } from '../config-book.ts';

/** The members as a leader changes them: the config book behind its port. */
export class LedMembers implements LeaderMembers {
  private readonly book: ConfigBook;

  constructor(book: ConfigBook) {
    this.book = book;
  }

  proposed(payload: Buffer): QuorumVerifier {
    this.book.seenInTxn(payload);
    const { lastSeen } = this.book;
    assert(lastSeen !== undefined, 'a reconfiguration that was prepared here proposes members');
    return lastSeen;
  }

  activated(payload: Buffer): void {
    this.book.activateTxn(payload);
  }

  renumbered(verifier: QuorumVerifier): void {
    this.book.renumbered(verifier);
  }
}
