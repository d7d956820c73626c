/**
 * The text of a word: whole, or in pieces, of which a client is told some in each turn. The server may change between
 * two pieces: each is true when it is told, and Apache's lists are no more than that.
 *
 * An empty piece: what led to it took a while, and others have their turn first.
 */
export type WordText = string | Iterable<string>;

/** How many numbers are put in order at once; that takes about a millisecond. */
const SORTED_AT_ONCE = 16 * 1024;

/** The numbers in order, with `undefined` wherever others should have their turn. Changes `numbers`. */
export function* inOrder(numbers: BigInt64Array): Generator<bigint | undefined> {
  const runs: BigInt64Array[] = [];
  for (let at = 0; at < numbers.length; at += SORTED_AT_ONCE) {
    runs.push(numbers.subarray(at, at + SORTED_AT_ONCE).sort());
    if (numbers.length > SORTED_AT_ONCE) yield undefined;
  }
  const next = runs.map(() => 0);
  for (let left = numbers.length; left > 0; left--) {
    let least = 0;
    for (let i = 1; i < runs.length; i++) if (headOf(runs, next, i) < headOf(runs, next, least)) least = i;
    const value = headOf(runs, next, least) as bigint;
    next[least] = (next[least] as number) + 1;
    yield value;
  }
}

/** Beyond the end of a run: above every number. */
function headOf(runs: readonly BigInt64Array[], next: readonly number[], run: number): bigint | number {
  return (runs[run] as BigInt64Array)[next[run] as number] ?? Number.POSITIVE_INFINITY;
}
