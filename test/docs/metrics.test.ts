import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ServerMetrics } from '../../src/server/metrics/server-metrics.ts';
import { OWN } from '../interop/monitoring/metrics-that-differ.ts';

/** Not there before they have a key, or a file: so they are not in the list that is compared with Apache. */
const LATER = ['audit_lines_lost', 'throttled_by_rate'];

test('COMPATIBILITY lists the metrics that are ours alone, as the comparison with Apache knows them', () => {
  const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/COMPATIBILITY.md'), 'utf8');
  const [, list = ''] = /Ours alone: (`[\s\S]*?)\. Some count differently/.exec(page) ?? [];
  const listed = [...list.matchAll(/`(\w+)`/g)].map((match) => match[1] as string);
  expect(listed).toEqual([...OWN, ...LATER].sort());
  const names = new Set<string>();
  const nothing = (): void => {};
  const named = ({ name }: { readonly name: string }): void => void names.add(name);
  new ServerMetrics().visit({
    gauge: nothing,
    gaugeSet: nothing,
    counter: named,
    counterSet: named,
    summary: named,
    summarySet: named,
  });
  expect(listed.filter((name) => !names.has(name) && !LATER.includes(name))).toEqual([]);
});
