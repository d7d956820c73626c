// The quick look before a commit: types, lint, and the tests of the rooms that changed since a commit (HEAD unless an
// argument names another). A change in src/<room> asks for test/<room>; jute and base stand under everything, so a
// change there asks for every unit test. The simulator's worlds are left to `npm test`.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const since = process.argv[2] ?? 'HEAD';
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean);
const changed = [...git('diff', '--name-only', since), ...git('ls-files', '--others', '--exclude-standard')];
const tests = new Set(['test/house.test.ts']);
const UNDER_ALL = new Set(['base', 'jute', 'io']);

for (const path of changed) {
  const [top, room] = path.split('/');
  if (path.endsWith('.test.ts') && existsSync(path) && !path.startsWith('test/interop/')) tests.add(path);
  if (top === 'docs' || top === 'conf') tests.add('test/quorum/config-docs.test.ts');
  if (top !== 'src' || !path.endsWith('.ts')) continue;
  if (UNDER_ALL.has(room))
    for (const each of ['base', 'jute', 'datatree', 'election', 'zab', 'server']) tests.add(`test/${each}`);
  if (existsSync(`test/${room}`)) tests.add(`test/${room}`);
}

const vitest = ['run', '--reporter=dot', '--exclude', 'test/sim/worlds.test.ts', ...tests];
const steps = [
  ['types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['lint', 'biome', ['check', '.']],
  ['tests', 'vitest', vitest],
];
for (const [name, command, args] of steps) {
  const began = performance.now();
  const { status } = spawnSync('npx', ['--no-install', command, ...args], { stdio: 'inherit' });
  console.log(`${name}: ${status === 0 ? 'ok' : 'failed'}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (status !== 0) process.exit(1);
}
