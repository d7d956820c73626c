import type { Invariant, View } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * Leadership1, Leadership2 (Zab.tla): an epoch has one leader at most, now and for all time.
 *
 * Everything else rests on it: were two peers to propose in one epoch, a zxid would no longer name one history. It
 * breaks when an acceptedEpoch is forgotten, or when half of the voters are taken for a quorum.
 */
export function leadership(): Invariant {
  const leaders = new Map<number, number>();
  return {
    onLeads(view: View, epoch: number) {
      const known = leaders.get(epoch);
      if (known !== undefined) throw new Violation('Leadership', `${view.sid} leads epoch ${epoch}, as ${known} did`);
      leaders.set(epoch, view.sid);
    },
  };
}
