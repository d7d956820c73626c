/** Randomness for jitter (snapshot thresholds, election back-off), and for what a stranger must not foresee. */
export interface Random {
  /** A whole number in [0, bound). Not for secrets. */
  below(bound: number): number;
  /** As many bytes that no one outside can guess, for the keys of hash tables. */
  secret(bytes: number): Uint8Array;
}
