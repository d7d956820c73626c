import { startEnsemble } from '../src/testing/testing.ts';

/**
 * How long an ensemble for a test takes to be ready, and what 500 of them leave behind in one process.
 *
 *   node --expose-gc --import ./scripts/ts.mjs bench/testkit.ts
 */
const rounds = Number(process.argv[2] ?? 500);

async function startTimes(size: number, storage: 'memory' | 'directory', times: number): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const startedMs = performance.now();
    const ensemble = await startEnsemble({ size, storage });
    took.push(performance.now() - startedMs);
    await ensemble.close();
  }
  return took;
}

function quantile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number).toFixed(1);
}

function usedMb(): string {
  globalThis.gc?.();
  return (process.memoryUsage().heapUsed / 2 ** 20).toFixed(1);
}

for (const [size, storage] of [
  [1, 'memory'],
  [3, 'memory'],
  [5, 'memory'],
  [1, 'directory'],
  [3, 'directory'],
] as const) {
  const took = await startTimes(size, storage, 30);
  process.stdout.write(
    `${size} in ${storage}: first ${took[0]?.toFixed(1)} ms, median ${quantile(took, 0.5)}, 95 % ${quantile(took, 0.95)}\n`,
  );
}

const before = { heapMb: usedMb(), handles: process.getActiveResourcesInfo().length };
for (let round = 1; round <= rounds; round++) {
  const ensemble = await startEnsemble({ size: round % 5 === 0 ? 3 : 1 });
  const client = await ensemble.client();
  await client.create('/a', 'x');
  await ensemble.close();
  if (round % 100 === 0) {
    process.stdout.write(
      `${round} ensembles: heap ${usedMb()} MB, ${process.getActiveResourcesInfo().length} handles\n`,
    );
  }
}
process.stdout.write(`before: heap ${before.heapMb} MB, ${before.handles} handles\n`);
