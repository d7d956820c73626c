// Every branch that the last `npm run sim:coverage` did not take, with its place and the line it is in, and the share
// taken by folder. `node scripts/uncovered-branches.mjs src/zab/leader` shows only paths that begin so.
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const only = process.argv[2] ?? '';
const report = JSON.parse(readFileSync(resolve(root, 'node_modules/.cache/sim-coverage/coverage-final.json'), 'utf8'));
const folders = new Map();

for (const [path, { branchMap, b }] of Object.entries(report)) {
  const file = relative(root, path);
  if (!file.startsWith(only)) continue;
  const lines = readFileSync(path, 'utf8').split('\n');
  const folder = folders.get(file.split('/')[1]) ?? { taken: 0, all: 0 };
  folders.set(file.split('/')[1], folder);
  for (const [id, branch] of Object.entries(branchMap)) {
    for (const [arm, times] of b[id].entries()) {
      folder.all++;
      if (times > 0) {
        folder.taken++;
        continue;
      }
      const { line, column } = branch.locations[arm]?.start?.line ? branch.locations[arm].start : branch.loc.start;
      console.log(`${file}:${line}:${column} ${branch.type} ${arm}: ${lines[line - 1].trim()}`);
    }
  }
}
for (const [folder, { taken, all }] of folders) {
  console.log(`${folder}: ${taken} of ${all} branches, ${((100 * taken) / all).toFixed(1)} %`);
}
