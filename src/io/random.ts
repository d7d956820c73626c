/** Randomness for jitter (snapshot thresholds, election back-off). Never for secrets. */
export interface Random {
  /** A whole number in [0, bound). */
  below(bound: number): number;
}
