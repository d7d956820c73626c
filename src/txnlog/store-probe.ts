import type { Zxid } from '../jute/zxid.ts';

/**
 * The events that a store tells an observer, in tests and simulations; in production there is none. A handler may
 * throw, and then it is as if the caller had.
 */
export interface StoreProbe {
  /** The history is about to be cut after `zxid`. */
  onCutting(zxid: Zxid): void;
  /** It was, or it does not hold that point. */
  onCut(zxid: Zxid, isCut: boolean): void;
  /** A snapshot is received that is to become the whole history. */
  onInstalling(zxid: Zxid): void;
  /** It is complete, and about to replace the history. */
  onReplacing(zxid: Zxid): void;
  /** It is the history, durably. */
  onInstalled(zxid: Zxid): void;
  /** An epoch was made durable. */
  onAcceptedEpoch(epoch: number): void;
  onCurrentEpoch(epoch: number): void;
}
