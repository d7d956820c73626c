import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { scenarioFiles } from './cli/scenario-files.ts';
import { loadScenarios } from './script/scenario-folder.ts';

const SCENARIOS = await loadScenarios(scenarioFiles());

/**
 * Every bug on the list is accounted for: a scenario has its name or speaks of it, or docs/TEST-RESULTS.md says why it cannot
 * happen here, or that it belongs to something not built. Plain numbers are ZOOKEEPER's.
 */
const KNOWN_BUGS: Readonly<Record<string, string>> = {
  'synchronisation and recovery': `
    3911 4646 4643 4685 4394 3023 4785 4925 4712 4541 4502 3642 5094 4882 2845 2832 2846 2418 4352 3526 3104 3589 3701
    1154 1156 1489 1319 1367 962 882 1549 2872 1551 4837`,
  'files and snapshots': `
    3127 3144 3145 3125 3306 2325 3056 3644 3781 3231 1621 2332 2307 2354 1387 4269 261 3598 3082 2623`,
  'election, epochs, liveness': `
    1818 1732 3109 1419 1514 975 3537 3769 4787 2164 3756 3320 2982 2184 1270 1343 2959 1697 2678 3398 2201 3531 2080
    2380 2687 2778 4537 1277 2789 4883 1642 dCache_7860`,
  'sessions, ephemerals, watches, numbers': `
    2355 2926 3471 2725 2886 710 3905 1496 1669 706 1412 4475 ZK-1950 1046 4743 kazoo-730 1622 4839`,
  membership: '3829 3830 3814 3842 2819 2865 bitnami#32542 pravega#577',
  'others of its kind': `
    CH-54572 CH-65198 CH-91464 CH-23038 RK-332 RK-262 RK-400 etcd-14890 etcd-19998`,
};

const DOCS = readFileSync(resolve(import.meta.dirname, '../../docs/TEST-RESULTS.md'), 'utf8');

function section(heading: string): string {
  const from = DOCS.indexOf(`## ${heading}\n`);
  if (from < 0) return '';
  const next = DOCS.indexOf('\n#', from + 4);
  return DOCS.slice(from, next < 0 ? undefined : next);
}

for (const [area, list] of Object.entries(KNOWN_BUGS)) {
  test(`known bugs of ${area} are scenarios, or it is said why not`, () => {
    const told = [
      ...SCENARIOS.map(({ name, about }) => `${name} ${about}`),
      section('Bugs that cannot happen here'),
      section('Bugs of what is not built'),
    ].join('\n');
    const bugs = list
      .trim()
      .split(/\s+/)
      .map((bug) => (/^\d+$/.test(bug) ? `ZOOKEEPER-${bug}` : bug.replace('_', ' ')));
    const missing = bugs.filter((bug) => !new RegExp(`\\b${bug}\\b`).test(told));
    expect(missing).toEqual([]);
  });
}

test('no name stands for two scenarios', () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('each scenario of lost data names a mutant that turns it red', () => {
  const [synchronisation, files] = Object.values(KNOWN_BUGS).map((list) => list.trim().split(/\s+/));
  const numbers = new Set([...(synchronisation ?? []), ...(files ?? [])].map((bug) => `ZOOKEEPER-${bug}`));
  const without = SCENARIOS.filter(({ name, mutant }) => numbers.has(name) && mutant === undefined);
  expect(without.map(({ name }) => name)).toEqual([]);
});

test('the issues of the Zab specification are scenarios', () => {
  const about = SCENARIOS.map((scenario) => scenario.about);
  expect(about.some((text) => text.includes('Zab specification issues 1, 2 and 3'))).toBe(true);
});
