import { zxidHex } from '../../../../src/jute/zxid.ts';
import type { IsQuorum } from '../../plan/quorums.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant, View } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * OnQuorumOfDisks: at the moment of a commit a quorum of voters has the transaction on disk, and has taken its epoch
 * for its own; at the moment a leader is established, the same holds for its whole history.
 *
 * Everything a client is told rests on it (Zab paper, step 2.3; ZOOKEEPER-3911, ZOOKEEPER-4646). A disk that was lost
 * since it acknowledged counts: losing a minority of them is what quorums are for.
 */
export function onQuorumOfDisks(ledger: Ledger, views: readonly View[], isQuorum: IsQuorum): Invariant {
  const check = (what: string, by: View, holds: (view: View) => boolean): void => {
    const holders = new Set<number>();
    for (const view of views) {
      if (view.voter && (view.faulty === 'wiped' || view.faulty === 'damaged' || holds(view))) holders.add(view.sid);
    }
    if (isQuorum(holders)) return;
    const state = views.map((view) => `${view.sid}: ${zxidHex(view.durable)} epoch ${view.currentEpoch}`).join('; ');
    throw new Violation('OnQuorumOfDisks', `${what} by ${by.sid}, and only [${[...holders]}] have it (${state})`);
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
