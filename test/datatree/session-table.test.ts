import { expect, test } from 'vitest';
import { SessionTable } from '../../src/datatree/session-table.ts';

function listed(table: SessionTable): [bigint, number][] {
  const { ids, timeoutsMs } = table.copy();
  return [...ids].map((id, i) => [id, timeoutsMs[i] as number]);
}

test('sessions come, change and go, and the last takes the place of one that goes', () => {
  const table = new SessionTable();
  for (const id of [-5n, 0x7fff_ffff_ffff_ffffn, 3n]) table.put(id, 1000);
  table.put(3n, 2000);
  expect([table.size, table.timeoutOf(3n), table.timeoutOf(4n), table.has(-5n)]).toEqual([3, 2000, undefined, true]);
  table.remove(-5n);
  table.remove(-5n);
  expect(listed(table)).toEqual([
    [3n, 2000],
    [0x7fff_ffff_ffff_ffffn, 1000],
  ]);
  table.remove(0x7fff_ffff_ffff_ffffn);
  table.put(7n, 3000);
  const visited: [bigint, number][] = [];
  table.forEach((id, timeoutMs) => void visited.push([id, timeoutMs]));
  expect(visited).toEqual([
    [3n, 2000],
    [7n, 3000],
  ]);
});

test('a copy stays as it was, and a table grows as far as it has to', () => {
  const table = new SessionTable();
  for (let i = 0n; i < 1000n; i++) table.put(i, Number(i));
  const { ids, timeoutsMs } = table.copy();
  for (let i = 0n; i < 1000n; i += 2n) table.remove(i);
  expect([ids.length, ids[999], timeoutsMs[998], table.size]).toEqual([1000, 999n, 998, 500]);
  for (let i = 1n; i < 1000n; i += 2n) expect(table.timeoutOf(i)).toBe(Number(i));
});
