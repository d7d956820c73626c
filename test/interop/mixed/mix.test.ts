// Two releases of Apache's and one of ours in one ensemble: it loses a leader of each kind, and nothing else. The long
// runs are `npm run interop:mixed`.
import { expect, it } from 'vitest';
import { debian, judge } from '../harness/server.ts';
import { migrate } from './migrate.ts';
import { runMix } from './mix.ts';

it('an ensemble of Apache 3.9, ours and Apache 3.8 loses a leader of each, and its trees, digests and clients agree', async () => {
  const lines: string[] = [];
  const { problems, losses, acknowledged } = await runMix({
    kinds: [judge, 'ours', debian],
    basePort: 26_000,
    losses: 1,
    say: (line) => lines.push(line),
  });
  expect(problems, lines.join('\n')).toEqual([]);
  expect(losses).toEqual({ [judge]: 1, ours: 1, [debian]: 1 });
  expect(acknowledged).toBeGreaterThan(200);
});

it('observers of both kinds stay with leaders of both kinds, and come back from every loss', async () => {
  const lines: string[] = [];
  const { problems, losses, synchronised } = await runMix({
    kinds: [judge, 'ours', judge, 'ours', debian],
    observers: [4, 5],
    basePort: 26_200,
    losses: 1,
    say: (line) => lines.push(line),
  });
  expect(problems, lines.join('\n')).toEqual([]);
  expect(losses).toEqual({ [judge]: 1, ours: 1 });
  expect(synchronised[`${judge} -> ours`]).toMatchObject({ SNAP: expect.any(Number) });
});

it('an Apache ensemble moves to ours, server by server, and its clients lose neither a write nor a session', async () => {
  const { problems, steps, acknowledged, locks } = await migrate({
    way: [judge, 'ours'],
    basePort: 26_100,
    say: () => {},
  });
  expect(problems).toEqual([]);
  expect(steps.map(({ to }) => to)).toEqual(['ours', 'ours', 'ours']);
  expect(acknowledged).toBeGreaterThan(500);
  expect(locks).toBeGreaterThan(20);
});
