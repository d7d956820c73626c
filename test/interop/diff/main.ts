// npm run interop:diff -- --requests 20000 --seed 1 [--seeds 5] [--a apache-3.9.5] [--b ours] [--port 22300] [--skip check]
// Several kinds with commas between make that side an ensemble: --a apache-3.9.5,apache-3.9.5,apache-3.9.5 --b ours,ours,ours
import { parseArgs } from 'node:util';
import { judge, type Kind } from '../harness/server.ts';
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

const table = new Map<string, number>();
let failed = false;
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const started = Date.now();
  const result: DiffResult = await runDiff({
    a: values.a.split(',') as Kind[],
    b: values.b.split(',') as Kind[],
    seed,
    requests: Number(values.requests),
    basePort: Number(values.port),
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
console.log('operation x answer:');
printTable(table);
process.exit(failed ? 1 : 0);
