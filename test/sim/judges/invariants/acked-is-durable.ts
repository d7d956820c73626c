import { counterOf, epochOf, zxidHex } from '../../../../src/jute/zxid.ts';
import type { Ledger } from '../ledger.ts';
import type { Invariant, View } from '../observer.ts';
import { replicaOf } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * AckedIsDurable: who acknowledges a transaction has it on disk, and who acknowledges NEWLEADER has on disk all that
 * came before it (ZOOKEEPER-3023, ZOOKEEPER-4646). And what the log calls synced is: the disk itself is asked, so a
 * forgotten sync of a file or of its directory shows without waiting for a power loss. The current epoch is taken only
 * with all of its history on disk (ZOOKEEPER-4643), and DiskBeforeMemory: what is shown is on the server's own disk
 * (ZOOKEEPER-4882).
 */
export function ackedIsDurable(ledger: Ledger, isForced: boolean): Invariant {
  const onDisk = (view: View): void => {
    if (!isForced) return;
    const name = view.machine.disk.unsyncedIn(view.machine.dirs.logDir, 'log.');
    if (name === undefined) return;
    throw new Violation('AckedIsDurable', `${view.sid} calls its log synced, and a power loss could change ${name}`);
  };
  return {
    onDurable: onDisk,
    onApplied(view, zxid, _payload, _before, decided) {
      // An observer may do without a log: nothing is committed by what it acknowledges, and it takes no epoch by it.
      if (!decided || ledger.contains(view.durable, zxid) || keepsNoLog(view)) return;
      throw new Violation(
        'DiskBeforeMemory',
        `${view.sid} shows ${zxidHex(zxid)}, its disk has ${zxidHex(view.durable)}`,
      );
    },
    onEpochs(view) {
      if (view.currentEpoch !== view.acceptedEpoch || ledger.contains(view.durable, view.atNewLeader)) return;
      throw new Violation(
        'AckedIsDurable',
        `${view.sid} takes epoch ${view.currentEpoch} for its own, its disk has ${zxidHex(view.durable)} of ${zxidHex(view.atNewLeader)}`,
      );
    },
    onAck(view, zxid) {
      if (keepsNoLog(view)) return;
      const wanted = counterOf(zxid) === 0 ? view.atNewLeader : zxid;
      if (!ledger.contains(view.durable, wanted)) {
        throw new Violation(
          'AckedIsDurable',
          `${view.sid} acknowledges ${zxidHex(zxid)}, its disk has ${zxidHex(view.durable)} of ${zxidHex(wanted)}`,
        );
      }
      if (counterOf(zxid) !== 0 && view.currentEpoch !== epochOf(zxid)) {
        throw new Violation(
          'AckedIsDurable',
          `${view.sid} acknowledges ${zxidHex(zxid)}, and its current epoch is ${view.currentEpoch}`,
        );
      }
    },
  };
}

function keepsNoLog({ peer }: View): boolean {
  return peer?.mode === 'observer' && !peer.config.observerLogs && replicaOf(peer).isAhead;
}
