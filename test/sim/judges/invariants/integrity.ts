import { type Zxid, zxidHex } from '../../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant, View } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * Integrity (Zab.tla): what is logged or applied was broadcast by a leader, and is, byte for byte, what it broadcast.
 *
 * The same bytes are to be in every log; a transaction that was parsed and written anew, or read from another history
 * with the same zxid (ZOOKEEPER-2846), shows here.
 */
export function integrity(ledger: Ledger): Invariant {
  const check = (view: View, zxid: Zxid, payload: Buffer, what: string): void => {
    const entry = ledger.entries.get(zxid);
    if (entry?.payload.equals(payload)) return;
    const reason = entry === undefined ? 'nobody proposed' : 'has other bytes than were proposed';
    throw new Violation('Integrity', `${view.sid} ${what} ${zxidHex(zxid)}, which ${reason}`);
  };
  return {
    onApplied: (view, zxid, payload) => check(view, zxid, payload, 'applies'),
    onLogged: (view, zxid, payload) => check(view, zxid, payload, 'logs'),
  };
}
