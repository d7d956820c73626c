// What the last `npm run sim:coverage` did not take: every branch with its place and line, but for those whose reason
// stands in test/sim/not-taken/<folder>.json, which maps a file to {"the line, trimmed": "why"}. Fails when a branch
// has no reason, a reason no branch, or a folder is at 95 % or less. An argument shows only paths that begin so.
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

const LEAST = 0.95;
const root = resolve(import.meta.dirname, '..');
const read = (path) => readFileSync(resolve(root, path), 'utf8');
const only = process.argv[2] ?? '';
const report = JSON.parse(read('node_modules/.cache/sim-coverage/coverage-final.json'));
const folders = new Map();
let unexplained = 0;
let stale = 0;

for (const name of ['zab', 'election', 'txnlog', 'quorum', 'server']) {
  folders.set(name, {
    taken: 0,
    all: 0,
    reasons: JSON.parse(read(`test/sim/not-taken/${name}.json`)),
    used: new Set(),
  });
}
for (const [path, { branchMap, b }] of Object.entries(report)) {
  const file = relative(root, path);
  const folder = folders.get(file.split('/')[1]);
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [id, branch] of Object.entries(branchMap)) {
    for (const [arm, times] of b[id].entries()) {
      folder.all++;
      if (times > 0) {
        folder.taken++;
        continue;
      }
      const place = branch.locations[arm]?.start;
      const { line, column } = place?.line === undefined ? branch.loc.start : place;
      const text = lines[line - 1].trim();
      folder.used.add(`${file}\n${text}`);
      if (folder.reasons[file]?.[text] !== undefined) continue;
      unexplained++;
      if (file.startsWith(only)) console.log(`${file}:${line}:${column} ${branch.type} ${arm}: ${text}`);
    }
  }
}
for (const [name, { taken, all, reasons, used }] of folders) {
  for (const [file, texts] of Object.entries(reasons)) {
    for (const text of Object.keys(texts)) {
      if (used.has(`${file}\n${text}`)) continue;
      stale++;
      console.log(`test/sim/not-taken/${name}.json: taken, or not in ${file} any more: ${text}`);
    }
  }
  console.log(`${name}: ${taken} of ${all} branches, ${((100 * taken) / all).toFixed(1)} %`);
}
const low = [...folders.values()].some(({ taken, all }) => taken <= LEAST * all);
console.log(`${unexplained} without a reason, ${stale} reasons without a branch`);
process.exitCode = unexplained + stale > 0 || low ? 1 : 0;
