import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runScript } from './script.ts';

const scripts = new URL('./scripts/', import.meta.url);

// With UPDATE_SCRIPTS=1 the traces are written anew, to be reviewed as a diff.
it.each(readdirSync(scripts))('%s', (name) => {
  const file = new URL(name, scripts);
  const text = readFileSync(file, 'utf8');
  const rendered = runScript(text);
  if (process.env.UPDATE_SCRIPTS === '1') writeFileSync(file, rendered);
  else expect(rendered).toBe(text);
});
