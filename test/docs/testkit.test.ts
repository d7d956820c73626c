import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** The examples are tests of their own beside this file: compiled with everything else, and run. */
test('every example of docs/TESTKIT.md is a test that runs', () => {
  const text = readFileSync(join(root, 'docs/TESTKIT.md'), 'utf8');
  const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
  const dir = join(import.meta.dirname, 'testkit');
  const files = readdirSync(dir).map((name) =>
    readFileSync(join(dir, name), 'utf8')
      .replaceAll("'../../../src/testing/testing.ts'", "'menagerie/testing'")
      .replaceAll("'../../../src/client/client.ts'", "'menagerie/client'"),
  );
  expect(examples.sort()).toEqual(files.sort());
  expect(examples.length).toBeGreaterThan(2);
});
