import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import { NO_NODE, NodeTable } from '../../../src/datatree/tree/node-table.ts';
import { hashKeyFrom, hashOfPath } from '../../../src/datatree/tree/path-hash.ts';
import { PathIndex, UNDECIDED } from '../../../src/datatree/tree/path-index.ts';

const KEY = hashKeyFrom(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));

describe('the index of paths', () => {
  test('finds what a Map finds, while it grows and shrinks', () => {
    const name = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 9 }));
    const step = fc.record({ name, gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
        const nodes = new NodeTable();
        const index = new PathIndex(nodes, KEY);
        const model = new Map<string, number>();
        for (const { name, gone } of steps) {
          const path = `/${name.toString(3)}`;
          const known = model.get(path);
          expect(index.find(path, path.length)).toBe(known ?? NO_NODE);
          if (known === undefined) {
            const node = nodes.allocate(path);
            index.add(node);
            model.set(path, node);
          } else if (gone || name < 10) {
            index.remove(known);
            nodes.free(known);
            model.delete(path);
          }
          expect(index.size).toBe(model.size);
        }
        for (const [path, node] of model) expect(index.find(path, path.length)).toBe(node);
      }),
      { numRuns: 20 },
    );
  });

  test('finds by bytes what it finds by letters', () => {
    const text = fc.oneof(fc.string({ maxLength: 9 }), fc.string({ unit: 'binary', maxLength: 5 }));
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 1, maxLength: 20 }), text, (paths, other) => {
        const nodes = new NodeTable();
        const index = new PathIndex(nodes, KEY);
        for (const path of paths) index.add(nodes.allocate(path));
        for (const path of [...paths, other]) {
          const bytes = Buffer.from(`<${path}>`, 'utf8');
          const found = index.findBytes(bytes, 1, bytes.length - 1);
          const isPlain = /^[\0-\x7f]*$/.test(path);
          expect(found).toBe(isPlain ? index.find(path, path.length) : UNDECIDED);
        }
      }),
    );
  });

  test('finds a parent by the front of a path', () => {
    const nodes = new NodeTable();
    const index = new PathIndex(nodes, KEY);
    const [root, a, ab] = ['', '/a', '/a/b'].map((path) => {
      const node = nodes.allocate(path);
      index.add(node);
      return node;
    });
    const found = [0, 2, 4, 5, 3].map((length) => index.find('/a/b/c', length));
    expect(found).toEqual([root, a, ab, NO_NODE, NO_NODE]);
    expect(index.find('/a', 2)).toBe(a);
  });

  test('is as quick for a path that came and went often', { timeout: 5000 }, () => {
    const nodes = new NodeTable();
    const index = new PathIndex(nodes, KEY);
    for (let i = 0; i < 20_000; i++) index.add(nodes.allocate(`/${i}`));
    for (let i = 0; i < 400_000; i++) {
      const node = nodes.allocate('/again');
      index.add(node);
      index.remove(node);
      nodes.free(node);
    }
    expect([index.size, index.find('/again', 6)]).toEqual([20_000, NO_NODE]);
  });

  test('gives its chains back when most nodes are gone, and finds the rest all the while', () => {
    const nodes = new NodeTable();
    const index = new PathIndex(nodes, KEY);
    const made = Array.from({ length: 5000 }, (_, i) => nodes.allocate(`/${i}`));
    for (const node of made) index.add(node);
    expect(index.chainCount).toBe(8192);
    for (const [i, node] of made.slice(0, 4990).entries()) {
      index.remove(node);
      expect(index.find(`/${i + 1}`, `/${i + 1}`.length)).toBe(made[i + 1]);
      expect(index.find('/4999', 5)).toBe(made[4999]);
    }
    // Chains move with changes: those that came and went meanwhile were too few for all of it.
    for (let i = 0; i < 2000; i++) {
      index.remove(made[4990] as number);
      index.add(made[4990] as number);
    }
    expect([index.size, index.chainCount]).toEqual([10, 64]);
    for (let i = 4990; i < 5000; i++) expect(index.find(`/${i}`, 5)).toBe(made[i]);
  });
});

describe('the hash of a path', () => {
  test('is HalfSipHash-1-3 over the UTF-16 units: vectors published with its kernel version', () => {
    const vectors = [0x5814c896, 0xbc4b0e30, 0x7e059ea6, 0xa0080b65, 0x577999b1, 0xe4fa32cf, 0x6b28096c];
    for (const [i, expected] of vectors.entries()) {
      const text = Buffer.from(Array.from({ length: 2 * i }, (_, byte) => byte)).toString('utf16le');
      expect(hashOfPath(text, i, KEY) >>> 0, `${2 * i} bytes`).toBe(expected);
      expect(hashOfPath(`${text}more`, i, KEY) >>> 0, `the first ${2 * i} bytes`).toBe(expected);
    }
  });

  test('is another one in another process, so that chosen names do not share a chain', () => {
    // Names that one key sends into one of 64 chains.
    const chosen: string[] = [];
    for (let i = 0; chosen.length < 200; i++) {
      const path = `/${i}`;
      if ((hashOfPath(path, path.length, KEY) & 63) === 0) chosen.push(path);
    }
    const other = hashKeyFrom(Uint8Array.of(7, 6, 5, 4, 3, 2, 1, 0));
    const chains = new Set(chosen.map((path) => hashOfPath(path, path.length, other) & 63));
    expect(chains.size).toBeGreaterThan(50);
  });
});

test('a node that is taken out twice, or never was in, is a bug of ours', () => {
  const nodes = new NodeTable();
  const index = new PathIndex(nodes, KEY);
  const node = nodes.allocate('/a');
  expect(() => index.remove(node)).toThrow(AssertionFailure);
  index.add(node);
  index.remove(node);
  expect(() => index.remove(node)).toThrow(AssertionFailure);
});
