// npm run interop:mixed -- --mix apache-3.9.5,ours,apache-3.8.0      one mix: elections, losses of every kind, equal trees
//                          --set 3,5,old                            all mixes of the table in docs/COMPATIBILITY.md
//                          --mix ... --minutes 10 --seed N          the same mix under torture
//                          --migrate apache-3.9.5,ours,apache-3.9.5 an ensemble of three moved from kind to kind
//                          --snap apache-3.9.5                      a large tree sent whole, both ways
//                          [--losses 3] [--setting multiAddress.enabled=true] [--apache-setting reconfigEnabled=true]
//                          [--port 26000]
// A member that only observes is written ours:observer.
// Exit codes: 0 all well, 1 something was lost, wrong or unequal, 3 a torture of five minutes or more saw too little.
import { parseArgs } from 'node:util';
import type { Kind } from '../harness/server.ts';
import { tooLittle } from '../torture/torture.ts';
import { migrate } from './migrate.ts';
import { knowsCreate2InMulti, parseMix, runMix } from './mix.ts';
import { snapBothWays } from './snap.ts';
import { missingWays, tortureMix } from './torture-mix.ts';

const { values } = parseArgs({
  options: {
    mix: { type: 'string', default: '' },
    losses: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    migrate: { type: 'string', default: '' },
    snap: { type: 'string', default: '' },
    set: { type: 'string', default: '' },
    setting: { type: 'string', multiple: true, default: [] },
    'apache-setting': { type: 'string', multiple: true, default: [] },
    port: { type: 'string', default: '26000' },
  },
});
const basePort = Number(values.port);
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);

const linesOf = (given: readonly string[]): { [key: string]: string } =>
  Object.fromEntries(given.map((line) => line.split('=') as [string, string]));
/** Further lines of every zoo.cfg, and of those of Apache's servers. */
const settings = linesOf(values.setting);
const apacheSettings = linesOf(values['apache-setting']);

/** The second and third member can be made to lead, so each kind is among them. */
const sets: { readonly [name: string]: readonly string[] } = {
  3: ['apache-3.9.5', 'apache-3.8.0']
    .flatMap((apache) => [`${apache},ours,${apache}`, `ours,${apache},ours`])
    .concat('apache-3.9.5,ours,apache-3.8.0'),
  5: ['apache-3.9.5', 'apache-3.8.0'].flatMap((apache) => [
    `${apache},ours,${apache},ours,${apache}`,
    `ours,${apache},ours,${apache},ours`,
  ]),
  observers: ['apache-3.9.5', 'apache-3.8.0'].flatMap((apache) => [
    `${apache},ours,${apache},ours:observer`,
    `ours,${apache},ours,${apache}:observer`,
  ]),
  old: ['3.5.10', '3.6.4', '3.7.2'].map((release) => `apache-${release},ours,apache-${release}`),
};

// Servers are killed when this process exits; a signal would end it without.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(2));

const started = Date.now();
let failed = false;
let isVoid = false;

function report(name: string, { problems, ...seen }: { readonly problems: readonly string[] }): void {
  for (const problem of problems.slice(0, 40)) console.log(`PROBLEM ${problem}`);
  failed ||= problems.length > 0;
  const verdict = problems.length > 0 ? 'FAILED' : 'equal, nothing lost';
  console.log(`${name}: ${verdict} ${JSON.stringify(seen)} ${Math.round((Date.now() - started) / 1000)} s`);
}

const broken = (error: unknown): { problems: string[] } => ({
  problems: [`${error instanceof Error ? error.stack : error}`],
});

if (values.migrate !== '') {
  const way = values.migrate.split(',') as [Kind, ...Kind[]];
  report(`MIGRATE ${way.join(' -> ')}`, await migrate({ way, basePort, say }).catch(broken));
} else if (values.snap !== '') {
  report(`SNAP ${values.snap}`, await snapBothWays({ apache: values.snap as Kind, basePort, say }).catch(broken));
} else {
  const mixes = values.set === '' ? [values.mix] : values.set.split(',').flatMap((name) => sets[name] ?? []);
  for (const [place, mix] of mixes.entries()) {
    const { kinds, observers } = parseMix(mix);
    const port = basePort + 100 * (place % 8);
    if (values.minutes !== '') {
      const minutes = Number(values.minutes);
      const create2InMulti = knowsCreate2InMulti(kinds);
      const options = { kinds, observers, minutes, seed: Number(values.seed), basePort: port, create2InMulti, say };
      const seen = await tortureMix(options).catch(broken);
      report(`TORTURE ${mix} seed ${values.seed}`, seen);
      if ('summary' in seen && minutes >= 5) {
        const missing = [...tooLittle(seen, minutes), ...missingWays(seen, kinds)];
        for (const line of missing) console.log(`TOO LITTLE ${line}`);
        isVoid ||= missing.length > 0;
      }
      continue;
    }
    const losses = Number(values.losses);
    report(
      `MIX ${mix}`,
      await runMix({ kinds, observers, settings, apacheSettings, basePort: port, losses, say }).catch(broken),
    );
  }
}
process.exit(failed ? 1 : isVoid ? 3 : 0);
