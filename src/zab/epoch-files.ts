/** acceptedEpoch and currentEpoch of this peer, as either role writes them; both durable on return. */
export interface EpochFiles {
  setAccepted(epoch: number): void;
  setCurrent(epoch: number): void;
}
