/**
 * Says which voters together decide, counted from a plan rather than by the code that is judged: a majority, or with
 * groups more than half of the weight in more than half of the groups that have any.
 */
export type IsQuorum = (sids: ReadonlySet<number>) => boolean;

export function quorumsOf(voters: number, config: Readonly<Record<string, string | number>>): IsQuorum {
  const all = Array.from({ length: voters }, (_, i) => i + 1);
  const groups: number[][] = [];
  for (const [key, value] of Object.entries(config)) {
    if (key.startsWith('group.')) groups.push(String(value).split(':').map(Number));
  }
  if (groups.length === 0) return (sids) => all.filter((sid) => sids.has(sid)).length * 2 > voters;
  const weightOf = (sids: readonly number[]): number =>
    sids.reduce((sum, sid) => sum + Number(config[`weight.${sid}`] ?? 1), 0);
  const counting = groups.filter((group) => weightOf(group) > 0);
  return (sids) => {
    const won = counting.filter((group) => weightOf(group.filter((sid) => sids.has(sid))) * 2 > weightOf(group));
    return won.length * 2 > counting.length;
  };
}
