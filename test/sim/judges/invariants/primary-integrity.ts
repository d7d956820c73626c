import { zxidHex } from '../../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * PrimaryIntegrity (Zab.tla), LeaderLogCompleteness: before a leader broadcasts, it has delivered everything that was
 * ever decided in earlier epochs.
 *
 * This is where a lost acknowledged write shows first: an election, or the collection of histories, let somebody win
 * who lacks it (ZOOKEEPER-4643, ZOOKEEPER-261, ZOOKEEPER-1154). One that stood still may hear late of its quorum, when a
 * later epoch has decided something: it decides nothing any more.
 */
export function primaryIntegrity(ledger: Ledger): Invariant {
  return {
    onEstablished(view, epoch) {
      const last = ledger.lastDeliveredBefore(epoch);
      if (ledger.contains(view.tip, last)) return;
      throw new Violation(
        'PrimaryIntegrity',
        `${view.sid} leads epoch ${epoch} with a history up to ${zxidHex(view.tip)}, without the decided ${zxidHex(last)}`,
      );
    },
  };
}
