import { describe, expect, test } from 'vitest';
import { LoadIndex } from '../../../src/datatree/tree/load-index.ts';
import { NO_NODE, NodeTable } from '../../../src/datatree/tree/node-table.ts';

describe('the index of a tree that is being loaded', () => {
  const nodes = new NodeTable();

  test('finds each path, while it grows, by all of its letters', () => {
    const index = new LoadIndex(nodes);
    const hashOf = (i: number): number => Math.imul(i, 0x9e3779b1);
    const added = Array.from({ length: 5000 }, (_, i) => nodes.allocate(`/n${i}`));
    added.forEach((node, i) => {
      expect(index.add(node, `/n${i}`, hashOf(i))).toBe(true);
    });
    added.forEach((node, i) => {
      expect(index.find(`/n${i}/below`, `/n${i}`.length, hashOf(i))).toBe(node);
      expect(index.find(`/m${i}`, `/m${i}`.length, hashOf(i))).toBe(NO_NODE);
    });
  });

  test('tells paths of one hash apart, and refuses a path that is there', () => {
    const index = new LoadIndex(nodes);
    const [a, b] = [nodes.allocate('/a'), nodes.allocate('/b')];
    expect([index.add(a, '/a', -7), index.add(b, '/b', -7), index.add(b, '/a', -7)]).toEqual([true, true, false]);
    expect([index.find('/a', 2, -7), index.find('/b', 2, -7), index.find('/c', 2, -7)]).toEqual([a, b, NO_NODE]);
    expect(index.find('/ab', 2, -7)).toBe(a);
  });
});
