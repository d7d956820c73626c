import { zxidHex } from '../../../../src/jute/zxid.ts';
import type { IsQuorum } from '../../plan/quorums.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant, View } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * HistoryStays: what a disk was said to hold is there after every crash, unless the history was being cut or replaced,
 * and then it is the one or the other, whole (ZOOKEEPER-3642, ZOOKEEPER-1549, ZOOKEEPER-2872, ZOOKEEPER-1489).
 * CommittedStays: a disk is made to give up a decided transaction only while a quorum of others has it
 * (ZOOKEEPER-2845, CLICKHOUSE-54572).
 */
export function historyStays(ledger: Ledger, views: readonly View[], isQuorum: IsQuorum): Invariant {
  return {
    onRecovered(view) {
      if (view.faulty === 'wiped' || view.faulty === 'damaged') return;
      if (ledger.contains(view.tip, view.durable)) return;
      if (view.changingTo !== undefined && view.tip === view.changingTo) return;
      const or = view.changingTo === undefined ? '' : ` or ${zxidHex(view.changingTo)}`;
      throw new Violation(
        'HistoryStays',
        `${view.sid} comes back with ${zxidHex(view.tip)}, its disk had ${zxidHex(view.durable)}${or}`,
      );
    },
    onCut(view, zxid) {
      const last = ledger.lastDelivered;
      const kept = ledger.tipOf(zxid);
      if (ledger.contains(kept, last) || !ledger.contains(view.durable, last)) return;
      const holders = new Set<number>();
      for (const other of views) {
        if (!other.voter || other === view) continue;
        if (other.faulty === 'wiped' || ledger.contains(other.durable, last)) holders.add(other.sid);
      }
      if (isQuorum(holders)) return;
      throw new Violation(
        'CommittedStays',
        `${view.sid} has to give up ${zxidHex(last)}, which of the others [${[...holders]}] have`,
      );
    },
  };
}
