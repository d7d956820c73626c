import { zxidHex } from '../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant, View } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * OnQuorumOfDisks: at the moment of a commit a majority of voters has the transaction on disk, and has taken its epoch
 * for its own; at the moment a leader is established, the same holds for its whole history.
 *
 * Everything a client is told rests on it (Zab paper, step 2.3; ZOOKEEPER-3911, ZOOKEEPER-4646). A disk that was lost
 * since it acknowledged counts: losing a minority of them is what quorums are for.
 */
export function onQuorumOfDisks(ledger: Ledger, views: readonly View[]): Invariant {
  const check = (what: string, by: View, holds: (view: View) => boolean): void => {
    let voters = 0;
    let holders = 0;
    for (const view of views) {
      if (!view.voter) continue;
      voters++;
      if (view.faulty === 'wiped' || view.faulty === 'damaged' || holds(view)) holders++;
    }
    if (holders * 2 > voters) return;
    const state = views.map((view) => `${view.sid}: ${zxidHex(view.durable)} epoch ${view.currentEpoch}`).join('; ');
    throw new Violation('OnQuorumOfDisks', `${what} by ${by.sid}, and only ${holders} of ${voters} have it (${state})`);
  };
  return {
    onCommitted(by, zxid) {
      check(`${zxidHex(zxid)} is decided`, by, (view) => ledger.contains(view.durable, zxid));
    },
    onEstablished(by, epoch) {
      check(`epoch ${epoch} with a history up to ${zxidHex(by.tip)} is established`, by, (view) =>
        ledger.contains(view.durable, by.tip),
      );
    },
  };
}
