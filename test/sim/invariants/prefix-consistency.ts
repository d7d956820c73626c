import { zxidHex } from '../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * PrefixConsistency, Agreement and TotalOrder (Zab.tla): what peers deliver is a prefix of one sequence.
 *
 * A transaction that is applied as decided extends the delivered branch of the ledger, or is on it already; a learner
 * begins to serve with a tree that is on it (ZOOKEEPER-2845, ZOOKEEPER-3642, ZOOKEEPER-5094).
 */
export function prefixConsistency(ledger: Ledger): Invariant {
  return {
    onApplied(view, zxid, _payload, _before, decided) {
      if (decided) ledger.deliver(zxid, `peer ${view.sid}`);
    },
    onServing(view) {
      if (ledger.isDelivered(view.tip)) return;
      throw new Violation(
        'PrefixConsistency',
        `${view.sid} begins to serve with ${zxidHex(view.tip)}, which was not decided`,
      );
    },
  };
}
