// The short run of the differential test: Apache against itself shows that what we name away is all that may differ,
// Apache against its older self that a difference is seen, Apache against ours that there is none.
import { expect, it } from 'vitest';
import { runConcurrent } from './diff/concurrent.ts';
import { type DiffResult, runDiff } from './diff/driver.ts';
import { debian, judge } from './harness/server.ts';

function story({ difference }: DiffResult): string {
  if (difference === null) return '';
  return `${difference.before.join('\n')}\n${difference.step}\nA ${difference.a}\nB ${difference.b}`;
}

it('two servers of the same release answer every request alike', async () => {
  const result = await runDiff({ a: [judge], b: [judge], seed: 11, requests: 1_500, basePort: 22_160 });
  expect(story(result)).toBe('');
});

it('tells 3.8.0 from 3.9.5', async () => {
  const result = await runDiff({ a: [judge], b: [debian], seed: 12, requests: 1_500, basePort: 22_160 });
  expect(result.difference).not.toBeNull();
});

it('ours answers every request as 3.9.5 does', async () => {
  const result = await runDiff({ a: [judge], b: ['ours'], seed: 13, requests: 4_000, basePort: 22_160 });
  expect(story(result)).toBe('');
});

for (const kinds of [['ours'], ['ours', 'ours', 'ours']] as const) {
  it(`${kinds.length} of ours answer many requests at once as Apache answers them one by one`, async () => {
    const result = await runConcurrent({ kinds, seed: 14, requests: 1_500, basePort: 22_160 });
    expect(result.problems).toEqual([]);
    expect(result.writes).toBeGreaterThan(500);
    expect(result.events).toBeGreaterThan(200);
  });
}

it('three peers of ours answer every request as three of 3.9.5 do', async () => {
  const result = await runDiff({
    a: [judge, judge, judge],
    b: ['ours', 'ours', 'ours'],
    seed: 15,
    requests: 1_000,
    basePort: 22_160,
  });
  expect(story(result)).toBe('');
});
