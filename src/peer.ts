#!/usr/bin/env node
import { EXIT } from './base/exit-codes.ts';
import { nodeVersionProblem } from './io/node-version.ts';
import { hearSignals } from './program/signals.ts';

/** The program's entry: what cannot wait comes first, then all the rest (program/main.ts), which takes half a second. */
const problem = nodeVersionProblem(process.versions.node);
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exit(EXIT.unexpected);
}
const tool = process.argv[2];
if (tool === 'doctor' || tool === 'backup') {
  process.argv.splice(2, 1);
  await (tool === 'doctor' ? import('./cli/doctor.ts') : import('./cli/backup.ts'));
} else {
  hearSignals();
  const { main } = await import('./program/main.ts');
  main(process.argv.slice(2));
}
