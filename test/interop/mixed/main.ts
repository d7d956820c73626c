// npm run interop:mixed -- --mix apache-3.9.5,ours,apache-3.8.0      one mix: elections, losses of every kind, equal trees
//                          --set 3 | 5 | old                        all mixes of the table in docs/COMPATIBILITY.md
//                          [--losses 3] [--clients 4] [--port 26000]
// Exit codes: 0 all well, 1 something was lost, wrong or unequal.
import { parseArgs } from 'node:util';
import type { Kind } from '../harness/server.ts';
import { runMix } from './mix.ts';

const { values } = parseArgs({
  options: {
    mix: { type: 'string', default: '' },
    set: { type: 'string', default: '' },
    losses: { type: 'string', default: '3' },
    clients: { type: 'string', default: '4' },
    port: { type: 'string', default: '26000' },
  },
});
const basePort = Number(values.port);
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** The second and third member can be made to lead, so each kind is among them. */
const sets: { readonly [name: string]: readonly string[] } = {
  3: ['apache-3.9.5', 'apache-3.8.0']
    .flatMap((apache) => [`${apache},ours,${apache}`, `ours,${apache},ours`])
    .concat('apache-3.9.5,ours,apache-3.8.0'),
  5: ['apache-3.9.5', 'apache-3.8.0'].flatMap((apache) => [
    `${apache},ours,${apache},ours,${apache}`,
    `ours,${apache},ours,${apache},ours`,
  ]),
  old: ['3.5.10', '3.6.4', '3.7.2'].map((release) => `apache-${release},ours,apache-${release}`),
};

const mixes = values.set === '' ? [values.mix] : values.set.split(',').flatMap((name) => sets[name] ?? []);
let failed = false;
let place = 0;
for (const mix of mixes) {
  const kinds = mix.split(',') as Kind[];
  const started = Date.now();
  const { problems, ...seen } = await runMix({
    kinds,
    basePort: basePort + 100 * (place++ % 8),
    losses: Number(values.losses),
    clients: Number(values.clients),
    say,
  }).catch((error: unknown) => ({ problems: [`${error instanceof Error ? error.stack : error}`] }));
  for (const problem of problems.slice(0, 40)) console.log(`PROBLEM ${problem}`);
  failed ||= problems.length > 0;
  const verdict = problems.length > 0 ? 'FAILED' : 'equal, nothing lost';
  console.log(`MIX ${mix}: ${verdict} ${JSON.stringify(seen)} ${Math.round((Date.now() - started) / 1000)} s`);
}
process.exit(failed ? 1 : 0);
