import { expect, test } from 'vitest';
import { EditedSource, MissingText } from './edited-source.ts';
import { partsOf } from './functions.ts';
import { tokensOf } from './tokens.ts';

const texts = (source: string): readonly string[] => tokensOf(source).map(({ text }) => text);

test('layout, comments and the commas of a formatter are no tokens', () => {
  expect(texts('f(a, /* why */ "b")')).toEqual(['f', '(', 'a', ',', "'b'", ')']);
  expect(texts("f(\n  a, // an apostrophe's\n  'b',\n)")).toEqual(['f', '(', 'a', ',', "'b'", ')']);
});

test('strings, templates and regular expressions are one token, what is inside a template its own', () => {
  expect(texts("a / b / 'x // y'")).toEqual(['a', '/', 'b', '/', "'x // y'"]);
  expect(texts(String.raw`t(\`it's \${n + \`\${m}\`} "\`, /["{]/g)`.replaceAll('\\', ''))).toEqual([
    't',
    '(',
    "`it's ${",
    'n',
    '+',
    '`${',
    'm',
    '}`',
    '} "`',
    ',',
    '/["{]/g',
    ')',
  ]);
});

test('parts of a source are named by function, constant and member', () => {
  const source = `import { x } from './x.ts';
export const LIMIT = { a: 1 } as const;
export function one(given: { a: number }): { b: number } { return { b: given.a }; }
export abstract class Two<T extends object = object> extends Base {
  private readonly map = new Map<string, () => void>();
  constructor(a: number) { super(); if (a > 0) { this.go(); } }
  get size(): number { return 1; }
  protected static async go(): Promise<{ a: number }> { return { a: 1 }; }
  readonly onDone = (): void => { this.size; };
  #last = 3;
}
type Three = { a: number };
const four = (): void => {};`;
  expect(partsOf(tokensOf(source)).map(({ name }) => name)).toEqual([
    'LIMIT',
    'one',
    'Two',
    'Two.map',
    'Two.constructor',
    'Two.size',
    'Two.go',
    'Two.onDone',
    'Two.#last',
    'Three',
    'four',
  ]);
});

const FILES = new Map([
  ['a.ts', 'class Learner {\n  onCommit(zxid: number): void {\n    if (zxid > 0) this.push(zxid);\n  }\n}'],
  ['b.ts', 'export function go(list: number[]): void {\n  list.push(1);\n  list.push(1);\n}'],
]);

test('a text is replaced in the function it is named with, whatever its layout', () => {
  const edit = { at: 'Learner.onCommit', from: 'if (\n zxid>0\n ) this.push( zxid, );', to: 'this.push(0);' };
  const source = new EditedSource([edit, { at: 'Learner.onCommit', from: 'push(0)', to: 'pop()' }], FILES);
  expect(source.textOf('a.ts')).toBe('class Learner {\n  onCommit(zxid: number): void {\n    this.pop();\n  }\n}');
  expect(source.textOf('b.ts')).toBeUndefined();
});

test('a text that is not in its function exactly once is a failure that names both', () => {
  const edit = (at: string, from: string) => () => new EditedSource([{ at, from, to: '' }], FILES);
  expect(edit('go', 'list.push(1);')).toThrow(new MissingText('go: 2 times, not once: list.push(1);'));
  expect(edit('go', 'this.push(zxid);')).toThrow(
    new MissingText('go: 0 times, not once: this.push(zxid);; it stands in Learner.onCommit'),
  );
});
