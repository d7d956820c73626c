import type { Invariant, View } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * Leadership1, Leadership2 (Zab.tla): an epoch has one leader at most, now and for all time.
 *
 * Everything else rests on it: were two peers to propose in one epoch, a zxid would no longer name one history. It
 * breaks when an acceptedEpoch is forgotten, or when half of the voters are taken for a quorum.
 *
 * A disk that was lost took along what it had promised (Zab.tla knows no such thing). So after one, and after nothing
 * less, an epoch may be taken up again that somebody had wanted to lead in and was never established in: whoever was,
 * has a quorum with that epoch on its disks, and is found by who asks all voters.
 */
export function leadership(): Invariant {
  const leaders = new Map<number, { sid: number; isEstablished: boolean; lostDisks: number }>();
  let lostDisks = 0;
  return {
    onRecovered(view: View) {
      if (view.faulty === 'wiped') lostDisks++;
    },
    onLeads(view: View, epoch: number) {
      const known = leaders.get(epoch);
      if (known !== undefined && (known.isEstablished || known.lostDisks === lostDisks)) {
        throw new Violation('Leadership', `${view.sid} leads epoch ${epoch}, as ${known.sid} did`);
      }
      leaders.set(epoch, { sid: view.sid, isEstablished: false, lostDisks });
    },
    onEstablished(view: View, epoch: number) {
      const known = leaders.get(epoch);
      if (known?.sid !== view.sid) {
        throw new Violation('Leadership', `${view.sid} is established in epoch ${epoch}, which ${known?.sid} leads`);
      }
      known.isEstablished = true;
    },
  };
}
