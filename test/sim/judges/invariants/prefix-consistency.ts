import { zxidHex } from '../../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * PrefixConsistency, Agreement and TotalOrder (Zab.tla): what peers deliver is a prefix of one sequence.
 *
 * A transaction that a leader decides, or that is applied while serving, extends the delivered branch of the ledger, or is
 * on it already; a learner begins to serve with a tree that is on it (ZOOKEEPER-2845, ZOOKEEPER-3642, ZOOKEEPER-5094). Before that it applies what
 * a leader brings who may never be established; nobody is shown it, and it goes with a TRUNC or SNAP.
 */
export function prefixConsistency(ledger: Ledger): Invariant {
  return {
    onCommitted: (view, zxid) => ledger.deliver(zxid, `leader ${view.sid}`),
    onApplied(view, zxid, _payload, _before, decided) {
      if (decided && view.serves) ledger.deliver(zxid, `peer ${view.sid}`);
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
