import type { Invariant, View } from '../observer.ts';
import { storeOf } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * EpochsGrow: acceptedEpoch and currentEpoch never go back, restarts and power losses included, and the current one
 * never overtakes the accepted one (ZOOKEEPER-2307, ZOOKEEPER-2354, ZOOKEEPER-1387). A peer that forgets which epoch it
 * accepted can help two leaders into the same one.
 */
export function epochsGrow(): Invariant {
  const known = new Map<number, { accepted: number; current: number }>();
  const check = (view: View, accepted: number, current: number): void => {
    const before = known.get(view.sid) ?? { accepted: 0, current: 0 };
    if (view.faulty === 'wiped' || view.faulty === 'damaged') known.delete(view.sid);
    else if (accepted < before.accepted || current < before.current) {
      throw new Violation(
        'EpochsGrow',
        `${view.sid} goes from ${before.accepted}/${before.current} to ${accepted}/${current} (accepted/current)`,
      );
    }
    if (current > accepted) {
      throw new Violation('EpochsGrow', `${view.sid} has current epoch ${current} and accepted only ${accepted}`);
    }
    known.set(view.sid, { accepted, current });
  };
  return {
    onRecovered(view) {
      if (view.peer === undefined) return;
      const { epochs } = storeOf(view.peer);
      check(view, epochs.acceptedEpoch ?? 0, epochs.currentEpoch ?? 0);
    },
    onEpochs: (view) => check(view, view.acceptedEpoch, view.currentEpoch),
  };
}
