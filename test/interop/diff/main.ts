// npm run interop:diff -- --requests 20000 --seed 1 [--seeds 5] [--a apache-3.9.5] [--b ours] [--port 22300] [--skip check]
// --set key=value, several times: more for both zoo.cfg, such as extendedTypesEnabled=false or skipACL=yes.
// --concurrent: many at once, side B alone, checked against Apache as the model.
// Several kinds with commas between make that side an ensemble: --a apache-3.9.5,apache-3.9.5,apache-3.9.5 --b ours,ours,ours
import { parseArgs } from 'node:util';
import { judge, type Kind } from '../harness/server.ts';
import { runConcurrent } from './concurrent.ts';
import { type DiffResult, runDiff } from './driver.ts';

const { values } = parseArgs({
  options: {
    a: { type: 'string', default: judge },
    b: { type: 'string', default: 'ours' },
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    port: { type: 'string', default: '22300' },
    skip: { type: 'string', default: '' },
    full: { type: 'boolean', default: false },
    set: { type: 'string', multiple: true, default: [] },
    concurrent: { type: 'boolean', default: false },
  },
});

function printTable(table: ReadonlyMap<string, number>): void {
  const rows = new Map<string, string[]>();
  for (const [cell, count] of [...table].sort()) {
    const at = cell.lastIndexOf(' ');
    const name = cell.slice(0, at);
    rows.set(name, [...(rows.get(name) ?? []), `${cell.slice(at + 1)}: ${count}`]);
  }
  for (const [name, cells] of rows) console.log(`  ${name.padEnd(22)} ${cells.join('  ')}`);
}

/** Not one at a time but many at once, checked afterwards (--concurrent, only side B). */
async function concurrently(seed: number): Promise<boolean> {
  const kinds = values.b.split(',') as Kind[];
  const result = await runConcurrent({ kinds, seed, requests: Number(values.requests), basePort: Number(values.port) });
  console.log(
    `seed ${seed}: ${result.checked} requests, ${result.writes} of them transactions, ${result.events} events: ${result.problems.length === 0 ? 'as the model' : 'NOT as the model'}`,
  );
  for (const problem of result.problems) console.log(problem);
  return result.problems.length > 0;
}

const table = new Map<string, number>();
let failed = false;
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  if (values.concurrent) {
    failed = (await concurrently(seed)) || failed;
    continue;
  }
  const started = Date.now();
  const result: DiffResult = await runDiff({
    a: values.a.split(',') as Kind[],
    b: values.b.split(',') as Kind[],
    seed,
    requests: Number(values.requests),
    basePort: Number(values.port),
    settings: Object.fromEntries(values.set.map((pair) => pair.split('=') as [string, string])),
    skip: values.skip.split(',').filter((name) => name !== ''),
    onProgress: (done) => {
      if (done % 2_000 === 0)
        console.log(`  seed ${seed}: ${done} steps, ${Math.round((Date.now() - started) / 1000)} s`);
    },
  });
  for (const [cell, count] of result.table) table.set(cell, (table.get(cell) ?? 0) + count);
  const { difference } = result;
  if (difference === null) {
    console.log(`seed ${seed}: ${result.done} steps, no difference, ${Math.round((Date.now() - started) / 1000)} s`);
    continue;
  }
  failed = true;
  console.log(`seed ${seed}: difference at step ${difference.at}`);
  for (const line of difference.before) console.log(`  ${line}`);
  const [left, right] = [difference.a.split('\n'), difference.b.split('\n')];
  console.log(`STEP ${difference.step}`);
  console.log(
    `--- ${values.a}\n${values.full ? difference.a : left.filter((line) => !right.includes(line)).join('\n')}`,
  );
  console.log(
    `--- ${values.b}\n${values.full ? difference.b : right.filter((line) => !left.includes(line)).join('\n')}`,
  );
}
if (table.size > 0) console.log('operation x answer:');
printTable(table);
process.exit(failed ? 1 : 0);
