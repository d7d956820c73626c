// What the last `npm run sim:coverage` did not take: every branch with its place and line, but for those whose reason
// stands in test/sim/not-taken/<folder>.json, which maps a function, as Learner.onCommit, to {"a text in it": "why"}.
// The text is looked for token by token, and excuses the branches on the lines it covers, so that neither a file that
// moves nor another layout makes a reason stale. Fails when a branch has no reason, a reason no branch or no text, or a
// folder is at 95 % or less. An argument shows only paths that begin so. Run with --import ./scripts/ts.mjs.
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { EditedSource } from '../test/source/edited-source.ts';

const LEAST = 0.95;
const root = resolve(import.meta.dirname, '..');
const read = (path) => readFileSync(resolve(root, path), 'utf8');
const only = process.argv[2] ?? '';
const report = JSON.parse(read('node_modules/.cache/sim-coverage/coverage-final.json'));
const source = new EditedSource();
const folders = new Map();
let unexplained = 0;
let stale = 0;

const lineAt = (text, offset) => text.slice(0, offset).split('\n').length;

/** Each reason of a folder with the lines that it excuses. */
function reasonsOf(name) {
  const functions = JSON.parse(read(`test/sim/not-taken/${name}.json`));
  return Object.entries(functions).flatMap(([at, texts]) =>
    Object.keys(texts).map((text) => {
      const places = source.places(at, text).map(({ path, start, end }) => {
        const whole = readFileSync(path, 'utf8');
        return { path, first: lineAt(whole, start), last: lineAt(whole, end) };
      });
      return { at, text, places, isUsed: false };
    }),
  );
}

function isExcused(folder, path, line) {
  const covers = (place) => place.path === path && place.first <= line && line <= place.last;
  const reasons = folder.reasons.filter(({ places }) => places.some(covers));
  for (const reason of reasons) reason.isUsed = true;
  return reasons.length > 0;
}

for (const name of ['zab', 'election', 'txnlog', 'quorum', 'server']) {
  folders.set(name, { taken: 0, all: 0, reasons: reasonsOf(name) });
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
      if (isExcused(folder, path, line)) continue;
      unexplained++;
      if (file.startsWith(only))
        console.log(`${file}:${line}:${column} ${branch.type} ${arm}: ${lines[line - 1].trim()}`);
    }
  }
}
for (const [name, { taken, all, reasons }] of folders) {
  for (const { at, text, places, isUsed } of reasons) {
    if (isUsed) continue;
    stale++;
    console.log(`not-taken/${name}.json: ${places.length === 0 ? 'not in' : 'taken in'} ${at}: ${text}`);
  }
  console.log(`${name}: ${taken} of ${all} branches, ${((100 * taken) / all).toFixed(1)} %`);
}
const low = [...folders.values()].some(({ taken, all }) => taken <= LEAST * all);
console.log(`${unexplained} without a reason, ${stale} reasons without a branch`);
process.exitCode = unexplained + stale > 0 || low ? 1 : 0;
