/**
 * The order in which Java's HashMap hands out Long keys. Apache prints a configuration in it, clients read that
 * text from /zookeeper/config, and for twelve members or fewer with small ids it is simply ascending. Keys that
 * share a bucket come ascending here; Apache's order among those depends on the hash of a string.
 */
export function inJavaOrder(ids: Iterable<number>): number[] {
  const sorted = [...ids].sort((a, b) => a - b);
  let buckets = 16;
  while (sorted.length > buckets * 0.75) buckets *= 2;
  const bucketOf = (id: number): number => {
    const folded = Math.floor(id / 0x100000000) ^ (id | 0);
    return (folded ^ (folded >>> 16)) & (buckets - 1);
  };
  // Array.prototype.sort is stable, so ids of one bucket stay ascending.
  return sorted.sort((a, b) => bucketOf(a) - bucketOf(b));
}
