import { isWholeHistory, ZXID_NONE, ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { LearnerState } from './learner-ports.ts';

/** The history that a learner says it has, in its ACKEPOCH, and what follows from that until UPTODATE. */
export interface HistoryClaim {
  /** ZXID_NONE: it does not say, and only a snapshot can synchronise it. */
  readonly lastZxid: Zxid;
  /** -1: it is synchronised without being counted. */
  readonly currentEpoch: number;
  /** It was never synchronised to the end. */
  readonly isNew: boolean;
  /** A voter that must not help to decide what was committed before UPTODATE. */
  readonly isUnproven: boolean;
}

export function claimFor(epoch: number, state: LearnerState, observer: boolean): HistoryClaim {
  const { acceptedEpoch, currentEpoch, lastZxid } = state;
  const isNew = !isWholeHistory(currentEpoch, lastZxid);
  // The remains of a broken synchronisation are never what anybody meant.
  const isMeant = state.initialize === true && lastZxid === ZXID_ZERO;
  const isUnproven = !observer && (state.empty || isNew) && !isMeant;
  // An epoch is promised once. A learner that has accepted it before says so with -1, and is synchronised without
  // being counted. So does one that only a snapshot can synchronise, for zxid -1 asks for one.
  const needsSnapshot = state.needsSnapshot === true;
  return {
    lastZxid: isUnproven || needsSnapshot ? ZXID_NONE : lastZxid,
    currentEpoch: epoch > acceptedEpoch && !needsSnapshot ? currentEpoch : -1,
    isNew,
    isUnproven,
  };
}
