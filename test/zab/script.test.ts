import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runScript } from './script.ts';

/** UPDATE_SCRIPTS=1 writes down what happens now; the difference is then there to be read. */
const SCRIPTS = resolve(import.meta.dirname, 'scripts');

test.each(readdirSync(SCRIPTS).filter((name) => name.endsWith('.txt')))('%s', (name) => {
  const path = join(SCRIPTS, name);
  const text = readFileSync(path, 'utf8');
  const played = runScript(text);
  if (process.env.UPDATE_SCRIPTS !== undefined) writeFileSync(path, played);
  else expect(played).toBe(text);
});
