import type { Database } from '../../../../src/datatree/database.ts';
import { type Zxid, zxidHex } from '../../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant, View } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * EqualDigests: two trees at one zxid are equal, whoever's they are and however they came there: by applying, by
 * replaying a log over a snapshot after a crash, by receiving a snapshot. So memory is what recovery would make of the
 * disk, and apply and replay are one function (ZOOKEEPER-3125, ZOOKEEPER-3145, ZOOKEEPER-3127, ZOOKEEPER-3144). The
 * sessions are compared by number and ids, which the digest of a tree does not cover.
 */
export function equalDigests(ledger: Ledger): Invariant {
  const known = new Map<Zxid, { digest: bigint; sessions: bigint; sid: number; how: string }>();
  const check = (view: View, database: Database, how: string): void => {
    if (database.digestMismatches > 0) {
      throw new Violation('EqualDigests', `${view.sid}: a transaction names another digest than its tree has`);
    }
    const zxid = ledger.tipOf(database.lastProcessedZxid);
    const digest = database.tree.digest();
    let sessions = 0n;
    database.sessions.forEach((id, timeoutMs) => {
      sessions ^= id * 31n + BigInt(timeoutMs);
    });
    const before = known.get(zxid);
    if (before === undefined) {
      known.set(zxid, { digest, sessions, sid: view.sid, how });
      return;
    }
    if (before.digest === digest && before.sessions === sessions) return;
    const what = before.digest === digest ? 'other sessions' : 'another tree';
    throw new Violation(
      'EqualDigests',
      `${view.sid}, having ${how} ${zxidHex(zxid)}, has ${what} than ${before.sid}, which has ${before.how} it`,
    );
  };
  return {
    onRecovered: (view, database) => check(view, database, 'recovered'),
    onReplaced: (view, database) => check(view, database, 'taken over'),
    onApplied: (view, _zxid, _payload, _before, _decided, database) => check(view, database, 'applied'),
  };
}
