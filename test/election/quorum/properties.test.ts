import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { parseProperties, printProperty, trimLikeJava } from '../../../src/election/quorum/properties.ts';

/** Left a text, right what java.util.Properties (JDK 17) reads from it. */
describe('a text of properties', () => {
  it.each([
    ['a=b', [['a', 'b']]],
    ['a:b', [['a', 'b']]],
    ['a b', [['a', 'b']]],
    ['a \t\f= \t\f: b ', [['a', ': b ']]],
    ['a', [['a', '']]],
    ['=b', [['', 'b']]],
    ['a\\=b=c', [['a=b', 'c']]],
    ['a\\ b=c', [['a b', 'c']]],
    ['a=b\\', [['a', 'b']]],
    ['a=b\\\n  c', [['a', 'bc']]],
    [
      'a=b\\\r\n\t c\rd=e',
      [
        ['a', 'bc'],
        ['d', 'e'],
      ],
    ],
    [
      'a=b\\\\\nc=d',
      [
        ['a', 'b\\'],
        ['c', 'd'],
      ],
    ],
    ['a=b\\\n#c', [['a', 'b#c']]],
    [
      'a=b\\\n\nc=d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['\\\n# no key\na=b', [['a', 'b']]],
    ['\\\n\na=b', [['a', 'b']]],
    ['\\', [['', '']]],
    ['\\\n', [['', '']]],
    ['\\\r\n', []],
    ['# a\\\nb=c', [['b', 'c']]],
    [' \t! a=b\n', []],
    ['a=\\u0041\\t\\n\\r\\f\\q\\"', [['a', 'A\t\n\r\fq"']]],
    ['a=\\\\u00zz', [['a', '\\u00zz']]],
    ['a\\u003db=c', [['a=b', 'c']]],
    ['a=b\0\x1a\xa0', [['a', 'b\0\x1a\xa0']]],
  ])('%j', (text, read) => {
    expect(parseProperties(text).map(({ key, value }) => [key, value])).toEqual(read);
  });

  it('counts the line each one begins in, over joined lines, comments and every kind of end', () => {
    const text = 'a=1\r\n\r\n#c\rb=\\\n2\n\\\nc=3\n  d=4';
    expect(parseProperties(text).map(({ key, line }) => `${key}:${line}`)).toEqual(['a:1', 'b:4', 'c:7', 'd:8']);
  });

  it.each(['a=\\u12', 'a=\\u', '\\u00g0=b', 'a=\\\\\\u1', 'a=\\u0041\\u00'])('%j is refused', (text) => {
    expect(() => parseProperties(`x=y\n${text}`)).toThrow(ConfigError);
    expect(() => parseProperties(`x=y\n${text}`)).toThrow('line 2: "\\u');
  });

  it('tells of every broken escape when it is asked to', () => {
    const faults: string[] = [];
    const read = parseProperties('a=\\uxx\nb=c\n\\u1=\n', (line, what) => faults.push(`${line} ${what.slice(0, 6)}`));
    expect(read).toEqual([{ key: 'b', value: 'c', line: 2 }]);
    expect(faults).toEqual(['1 "\\uxx"', '3 "\\u1" ']);
  });

  it('is printed so that it is read as it was, in ASCII', () => {
    const text = fc.string({ unit: fc.constantFrom(...'\\ =:#!\t\n\r\f\0\x1aau0é\u4e2d') });
    fc.assert(
      fc.property(text, text, (key, value) => {
        const line = printProperty(key, value);
        expect(line).toMatch(/^[ -~]*$/);
        expect(parseProperties(`${line}\n`)).toEqual([{ key, value, line: 1 }]);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('is trimmed of everything up to the blank, and of nothing else', () => {
    expect(trimLikeJava('\0\t a\xa0\x85\u2003 \x1a\x1f')).toBe('a\xa0\x85\u2003');
    expect(trimLikeJava(' \0 ')).toBe('');
  });
});
