import { describe, expect, it } from 'vitest';
import { isValidPath, looseParentOf } from '../../../src/server/prep/path-rules.ts';

describe('a path is valid as PathUtils.validatePath of 3.9.5 says', () => {
  it.each<[string, boolean]>([
    ['', false],
    ['/', true],
    ['a', false],
    ['a/b', false],
    ['/a', true],
    ['/a/b/c', true],
    ['/a/', false],
    ['//', false],
    ['/a//b', false],
    ['/.', false],
    ['/..', false],
    ['/...', true],
    ['/.a', true],
    ['/a.', true],
    ['/..a', true],
    ['/a..', true],
    ['/a/.', false],
    ['/a/..', false],
    ['/a/./b', false],
    ['/a/../b', false],
    ['/a/.../b', true],
    ['/\u0000', false],
    ['/\u0001', false],
    ['/\u001f', false],
    ['/ ', true],
    ['/~', true],
    ['/\u007f', false],
    ['/\u009f', false],
    ['/\u00a0', true],
    ['/\ud7ff', true],
    ['/\ud800', false],
    ['/\uf8ff', false],
    ['/\uf900', true],
    ['/\uffef', true],
    ['/\ufff0', false],
    ['/\uffff', false],
    ['/a\ud83d\ude00', false],
  ])('%j: %s', (path, valid) => {
    expect(isValidPath(path)).toBe(valid);
  });
});

describe('the parent of a path that is not validated yet', () => {
  it.each<[string, string | undefined]>([
    ['/a', ''],
    ['/a/b', '/a'],
    ['/a/', '/a'],
    ['//', '/'],
    ['a/b', 'a'],
    ['/', ''],
    ['a', undefined],
    ['', undefined],
    ['/a\u0000', undefined],
  ])('of %j is %j', (path, parent) => {
    expect(looseParentOf(path)).toBe(parent);
  });
});
