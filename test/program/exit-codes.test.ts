import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/base/exit-codes.ts';

test('the table of exit codes for operators has those of the program', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/OPERATIONS.md'), 'utf8');
  const table = text.slice(text.indexOf('| exit code |'), text.indexOf('\n\n', text.indexOf('| exit code |')));
  const codes = [...table.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
  expect(codes).toEqual(Object.values(EXIT));
});
