import { planOf } from './plan.ts';
import { World } from './world.ts';

const from = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 1);
const started = performance.now();
let virtual = 0;
for (let seed = from; seed < from + count; seed++) {
  const world = new World(planOf(seed));
  const verdict = world.run();
  virtual += verdict.stats.virtualMs;
  if (verdict.kind !== 'ok') console.log(seed, verdict.kind, verdict.message.slice(0, 1500));
  if (count === 1)
    console.log(JSON.stringify(verdict, null, 1), process.argv[4] ? world.report(Number(process.argv[4])) : '');
}
const ms = performance.now() - started;
console.log(
  `${count} worlds, ${(virtual / 1000).toFixed(0)} virtual s in ${(ms / 1000).toFixed(1)} s: ${(virtual / ms).toFixed(0)}x`,
);
