import type { Quorum, QuorumVerifier } from './quorum-verifier.ts';

/**
 * Somebody outside who can tell which of two voters is dead: ZooKeeper's oraclePath (ZOOKEEPER-3922). Two voters make a
 * quorum together and neither does alone, so the loss of one stops both. The oracle lets one of them go on.
 *
 * It breaks what quorums are for, that any two of them meet. The word that is given to one must not be given to the other
 * one before that has everything that was decided since. No server can see to that: it is the oracle's part.
 */
export interface Oracle {
  /** Asked anew each time. */
  permits(): boolean;
}

/** A quorum of these voters; of two it is `self` alone as well, while that is permitted. */
export function quorumWithOracle(verifier: QuorumVerifier, self: number, isPermitted: () => boolean): Quorum {
  if (!isPairOf(verifier, self)) return verifier;
  return {
    voters: verifier.voters,
    containsQuorum: (acks) => verifier.containsQuorum(acks) || (acks.has(self) && isPermitted()),
  };
}

/** Two voters, of which `self` is one. Of more a majority is alive when one is lost, and no oracle is asked. */
export function isPairOf({ voters }: QuorumVerifier, self: number): boolean {
  return voters.size === 2 && voters.has(self);
}
