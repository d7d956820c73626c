// npm run interop:walk -- [--kinds ours,ours,ours,ours,ours] [--clients 8] [--rest 3000] [--pace 5] [--port 23450]
// The walk 1 -> 3 -> 5 -> 3 -> 1 of docs/OPERATIONS.md, with the pauses of its steps. Exit codes: 0 nothing lost, 1 something was.
import { parseArgs } from 'node:util';
import type { Kind } from '../harness/server.ts';
import { Walk } from './walk.ts';

const { values } = parseArgs({
  options: {
    kinds: { type: 'string', default: 'ours,ours,ours,ours,ours' },
    clients: { type: 'string', default: '8' },
    rest: { type: 'string', default: '3000' },
    pace: { type: 'string', default: '5' },
    port: { type: 'string', default: '23450' },
  },
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(2));

const walk = new Walk({
  kinds: values.kinds.split(',') as [Kind, Kind, Kind, Kind, Kind],
  basePort: Number(values.port),
  clients: Number(values.clients),
  restMs: Number(values.rest),
  paceMs: Number(values.pace),
  say: (line) => console.log(line),
});
const { problems, acknowledged, moves, nodes } = await walk.go();
for (const problem of problems.slice(0, 40)) console.log(`PROBLEM ${problem}`);
const verdict = problems.length > 0 ? 'FAILED' : 'nothing lost, every session kept';
console.log(`WALK ${values.kinds}: ${verdict}; ${acknowledged} writes, ${moves} moves of clients, ${nodes} nodes`);
process.exit(problems.length > 0 ? 1 : 0);
