import { epochOf, type Zxid, zxidHex } from '../../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * LocalPrimaryOrder and GlobalPrimaryOrder (Zab.tla): a transaction is applied right after the one its leader had
 * before it, and epochs go up. With it goes "no gap": a log is appended to in the same way, for a log with a hole
 * is served to others one day (ZOOKEEPER-4925, ZOOKEEPER-2418, ZOOKEEPER-5094).
 */
export function primaryOrder(ledger: Ledger): Invariant {
  const check = (property: string, what: string, sid: number, before: Zxid, zxid: Zxid): void => {
    const previous = ledger.entries.get(zxid)?.previous;
    if (previous !== before) {
      throw new Violation(
        property,
        `${sid} ${what} ${zxidHex(zxid)} after ${zxidHex(before)}, its leader had it after ${zxidHex(previous ?? before)}`,
      );
    }
    if (epochOf(zxid) < epochOf(before)) {
      throw new Violation('GlobalPrimaryOrder', `${sid} ${what} ${zxidHex(zxid)} after ${zxidHex(before)}`);
    }
  };
  return {
    onApplied: (view, zxid, _payload, before) => check('LocalPrimaryOrder', 'applies', view.sid, before, zxid),
    onLogged: (view, zxid) => check('NoGap', 'logs', view.sid, view.logTip, zxid),
  };
}
