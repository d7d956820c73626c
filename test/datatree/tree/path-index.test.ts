import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_NODE, NodeTable } from '../../../src/datatree/tree/node-table.ts';
import { PathIndex } from '../../../src/datatree/tree/path-index.ts';

describe('the index of paths', () => {
  test('finds what a Map finds, while it grows and shrinks', () => {
    const name = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 9 }));
    const step = fc.record({ name, gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
        const nodes = new NodeTable();
        const index = new PathIndex(nodes);
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

  test('finds a parent by the front of a path', () => {
    const nodes = new NodeTable();
    const index = new PathIndex(nodes);
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
    const index = new PathIndex(nodes);
    for (let i = 0; i < 20_000; i++) index.add(nodes.allocate(`/${i}`));
    for (let i = 0; i < 400_000; i++) {
      const node = nodes.allocate('/again');
      index.add(node);
      index.remove(node);
      nodes.free(node);
    }
    expect([index.size, index.find('/again', 6)]).toEqual([20_000, NO_NODE]);
  });
});
