import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/HARDENING.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (input|blind to) \|/.test(line));
const scenarios = readdirSync(join(root, 'test/sim/scenarios'))
  .map((name) => readFileSync(join(root, 'test/sim/scenarios', name), 'utf8'))
  .join('\n');

/** The text of what a row calls `server/auth/registry`: a test, a file of another kind, or a folder. */
function textOf(name: string): string | undefined {
  for (const path of [`${name}.test.ts`, name]) {
    const at = join(root, 'test', path);
    if (existsSync(at)) return statSync(at).isDirectory() ? '' : readFileSync(at, 'utf8');
  }
  return undefined;
}

test('every row of HARDENING names tests that there are', () => {
  const missing: string[] = [];
  for (const row of rows) {
    const judged = row.split(' | ').at(-1) ?? '';
    let text = '';
    for (const [, name, quoted, scenario] of judged.matchAll(/`([^`]+)`|"([^"]+)"|\*([^*]+)\*/g)) {
      if (name !== undefined && !/^(npm run|\.ci\/)/.test(name)) {
        const found = textOf(name);
        if (found === undefined) missing.push(name);
        text = found ?? '';
      }
      if (quoted !== undefined && !text.includes(quoted)) missing.push(`"${quoted}"`);
      if (scenario !== undefined && !scenarios.includes(`name: '${scenario}'`)) missing.push(`*${scenario}*`);
    }
  }
  expect(missing).toEqual([]);
  expect(rows.length).toBeGreaterThan(50);
});
