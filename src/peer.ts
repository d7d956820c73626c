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
const TOOLS: Readonly<Record<string, () => Promise<unknown>>> = {
  doctor: () => import('./cli/doctor.ts'),
  backup: () => import('./cli/backup.ts'),
  audit: () => import('./cli/audit.ts'),
  testing: () => import('./cli/testing.ts'),
  record: () => import('./cli/record.ts'),
  compare: () => import('./cli/compare.ts'),
};
const name = process.argv[2] ?? '';
const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
if (tool !== undefined) {
  process.argv.splice(2, 1);
  await tool();
} else {
  hearSignals();
  const { main } = await import('./program/main.ts');
  main(process.argv.slice(2));
}
