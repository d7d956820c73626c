/**
 * The order in which Java's hash tables hand out what is in them. Apache's tools print children and sessions in it, and
 * so do these, so that the outputs of both can be compared line by line.
 */

/** Names as a HashSet of strings that began with room for eight; `names` in the order of insertion. */
export function inHashSetOrder(names: readonly string[]): string[] {
  let buckets = 8;
  while (names.length > buckets * 0.75) buckets *= 2;
  const bucketOf = (name: string): number => {
    const hash = stringHash(name);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return byBucket(names, bucketOf);
}

/** Session ids as the keys of a ConcurrentHashMap. */
export function inLongMapOrder(ids: readonly bigint[]): bigint[] {
  let buckets = 16;
  while (ids.length >= buckets * 0.75) buckets *= 2;
  const bucketOf = (id: bigint): number => {
    const long = BigInt.asUintN(64, id);
    const hash = Number(BigInt.asIntN(32, long ^ (long >> 32n)));
    return (hash ^ (hash >>> 16)) & 0x7fffffff & (buckets - 1);
  };
  return byBucket(ids, bucketOf);
}

/** Sorting is stable: those of one bucket keep their order. */
function byBucket<T>(items: readonly T[], bucketOf: (item: T) => number): T[] {
  return [...items].sort((a, b) => bucketOf(a) - bucketOf(b));
}

function stringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}
