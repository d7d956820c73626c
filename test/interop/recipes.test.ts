// kazoo's recipes on three peers, the leader killed while all of them are at work.
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { runKazoo } from './harness/programs.ts';
import { judge, type Kind } from './harness/server.ts';

let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

interface Report {
  readonly problems: string[];
  readonly suspended: number;
}

async function recipes(kind: Kind): Promise<Report> {
  ensemble = await new Ensemble({ basePort: 22_500, kinds: [kind, kind, kind] }).start();
  const running = ensemble;
  const killed = async (): Promise<void> => {
    const leader = await running.leader();
    await leader.kill();
  };
  const outcome = await runKazoo('recipes.py', [running.connectString], {
    timeoutMs: 120_000,
    answer: (line) => (line === 'kill' ? killed().then(() => 'dead\n') : undefined),
  });
  const last = outcome.stdout.trim().split('\n').at(-1) ?? '';
  expect(last, outcome.stderr).toMatch(/^\{/);
  return JSON.parse(last) as Report;
}

it.each([judge, 'ours'] as const)('on three peers of %s every recipe survives the loss of the leader', async (kind) => {
  const report = await recipes(kind);
  expect(report.problems).toEqual([]);
  expect(report.suspended).toBeGreaterThan(0);
});
