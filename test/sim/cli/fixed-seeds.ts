/**
 * The seeds that `.ci/run` plays, the same ones every time, so that a change is refused for what it does and not for the
 * seeds it met. Fresh ones are hunted by `.ci/hunt`; a seed that finds something is added here with its cure.
 */

/** Each found a fault once, of a peer or of the simulator itself (docs/TEST-RESULTS.md). */
const FOUND_SOMETHING: readonly number[] = [
  1500, 1611, 5148, 9425, 20050, 20192, 30112, 40306, 40425, 963_439, 2_003_953, 2_004_035, 2_005_502, 2_007_325,
  2_009_106, 2_009_124, 3_001_051, 3_001_163, 3_001_828, 5_001_738, 6_001_274, 6_001_531, 12_000_913, 20_374_719,
  41_000_291, 41_000_469, 41_000_771, 41_000_804, 41_001_562, 42_001_627, 51_000_430, 61_000_620, 61_001_698,
  897_082_056, 897_102_379,
];

/** Those before it are played by `npm run sim:coverage`. */
const BLOCK_FROM = 301;
const BLOCK_COUNT = 1000;

export const FIXED_SEEDS: readonly number[] = [
  ...FOUND_SOMETHING,
  ...Array.from({ length: BLOCK_COUNT }, (_, i) => BLOCK_FROM + i),
];
