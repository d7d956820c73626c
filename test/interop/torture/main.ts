// npm run torture -- --peers 3 --minutes 5 --seed 1 [--kinds ours,apache-3.9.5,ours] [--port 22700] [--writers 4]
// Exit codes: 0 all well, 1 something was lost or wrong, 3 void: the run saw too little.
import { parseArgs } from 'node:util';
import type { Kind } from '../harness/server.ts';
import { tooLittle, torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    kinds: { type: 'string', default: '' },
    port: { type: 'string', default: '22700' },
    writers: { type: 'string', default: '4' },
  },
});

const kinds =
  values.kinds === ''
    ? Array.from({ length: Number(values.peers) }, (): Kind => 'ours')
    : (values.kinds.split(',') as Kind[]);
const minutes = Number(values.minutes);
const started = Date.now();
const report = await torture({
  kinds,
  minutes,
  seed: Number(values.seed),
  basePort: Number(values.port),
  writers: Number(values.writers),
  say: (line) => console.log(line),
});
const { problems, ...seen } = report;
console.log(JSON.stringify(seen, null, 1));
for (const problem of problems.slice(0, 40)) console.log(`PROBLEM ${problem}`);
const missing = tooLittle(report, minutes);
for (const line of missing) console.log(`TOO LITTLE ${line}`);
console.log(
  `${kinds.join(' ')}, seed ${values.seed}, ${Math.round((Date.now() - started) / 1000)} s: ${problems.length > 0 ? 'FAILED' : missing.length > 0 ? 'void' : 'every acknowledged write is there'}`,
);
process.exit(problems.length > 0 ? 1 : missing.length > 0 ? 3 : 0);
