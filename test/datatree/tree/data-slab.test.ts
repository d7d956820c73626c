import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import { DataSlab } from '../../../src/datatree/tree/data-slab.ts';
import { ownerOf, setOwner } from '../../../src/datatree/tree/node-owner.ts';
import { CZXID, NO_NODE, NodeTable, PARENT } from '../../../src/datatree/tree/node-table.ts';

describe('the data of nodes', () => {
  const sizes = fc.oneof(
    fc.constant(-1),
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 9_000 }),
    fc.constantFrom(20_000, 140_000),
  );

  test('stays what it was set to, however blocks fill and empty', () => {
    const step = fc.record({ node: fc.nat({ max: 9 }), size: sizes, gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const table = new NodeTable();
        const nodes = Array.from({ length: 10 }, (_, i) => table.allocate(`/${i}`));
        const model = new Map<number, Buffer | undefined>();
        let fill = 0;
        for (const { node, size, gone } of steps) {
          fill++;
          if (gone && size < 3) {
            table.free(nodes[node] as number);
            nodes[node] = table.allocate(`/${node}`);
            model.set(node, undefined);
          } else {
            const data = size < 0 ? undefined : Buffer.alloc(size, fill);
            table.setData(nodes[node] as number, data);
            model.set(node, data);
          }
          for (const [other, data] of model) {
            const kept = table.data(nodes[other] as number);
            if (data === undefined) expect(kept).toBeUndefined();
            else if (kept === undefined || data.compare(kept) !== 0) expect(kept).toEqual(data);
            expect(table.dataLength(nodes[other] as number)).toBe(data?.length ?? 0);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  test('takes no more room for being written again and again', () => {
    const table = new NodeTable();
    const nodes = Array.from({ length: 100 }, (_, i) => table.allocate(`/${i}`));
    for (let round = 0; round < 500; round++) {
      for (const node of nodes) table.setData(node, Buffer.alloc(100 + ((node + round) % 50), round));
    }
    for (const node of nodes) expect(table.data(node)?.[0]).toBe(499 & 0xff);
    expect(table.reservedBytes).toBeLessThan(4_000_000);
    for (const node of nodes) table.free(node);
    expect(table.reservedBytes).toBeLessThan(2_000_000);
  });

  test('does not keep what is gone because of a few nodes that stay', () => {
    const table = new NodeTable();
    const kept: number[] = [];
    for (let round = 0; round < 200; round++) {
      const nodes = Array.from({ length: 300 }, () => table.allocate('/n'));
      for (const node of nodes) table.setData(node, Buffer.alloc(100, round));
      kept.push(nodes[150] as number);
      for (const node of nodes) if (node !== nodes[150]) table.free(node);
    }
    kept.forEach((node, round) => {
      expect(table.data(node)).toEqual(Buffer.alloc(100, round));
    });
    expect(table.reservedBytes).toBeLessThan(4_000_000);
  });
});

describe('a slab of many records', () => {
  const SIZE = 100;
  const RECORD = SIZE + 8;

  function filled(count: number): {
    slab: DataSlab;
    places: Map<number, [block: number, offset: number]>;
    moves: number[];
  } {
    const places = new Map<number, [number, number]>();
    const moves: number[] = [];
    const slab = new DataSlab({
      isAt: (handle, block, offset) => {
        const place = places.get(handle);
        return place !== undefined && place[0] === block && place[1] === offset;
      },
      moveTo: (handle, block, offset) => {
        moves.push(handle);
        places.set(handle, [block, offset]);
      },
    });
    for (let handle = 0; handle < count; handle++) slab.put(handle, Buffer.alloc(SIZE, handle));
    return { slab, places, moves };
  }

  function free(slab: DataSlab, places: Map<number, [number, number]>, handle: number): void {
    const [block] = places.get(handle) as [number, number];
    places.delete(handle);
    slab.free(block, SIZE);
  }

  test.each([
    ['a third', (handle: number) => handle % 3 === 0],
    ['two thirds', (handle: number) => handle % 3 !== 0],
    ['all but every tenth', (handle: number) => handle % 10 !== 0],
    ['the second half', (handle: number) => handle >= 100_000],
  ])('gives the room of %s back, a little with each, and keeps the others as they are', (_, isGone) => {
    const { slab, places, moves } = filled(200_000);
    let most = 0;
    for (let handle = 0; handle < 200_000; handle++) {
      if (!isGone(handle)) continue;
      moves.length = 0;
      free(slab, places, handle);
      most = Math.max(most, moves.length);
    }
    expect(most).toBeLessThanOrEqual(8);
    expect(slab.reservedBytes).toBeLessThan(places.size * RECORD * 1.25 + 3_000_000);
    for (const [handle, [block, offset]] of places) {
      expect(
        slab
          .bytesOf(block)
          .subarray(offset, offset + SIZE)
          .equals(Buffer.alloc(SIZE, handle)),
      ).toBe(true);
    }
  });

  test('moves nothing while little of it is dead', () => {
    const { slab, places, moves } = filled(200_000);
    moves.length = 0;
    for (let handle = 0; handle < 200_000; handle += 6) free(slab, places, handle);
    expect(moves).toEqual([]);
  });
});

describe('the table', () => {
  test('gives a freed handle out again, clean and with a sequence of its own', () => {
    const table = new NodeTable();
    const root = table.allocate('');
    const first = table.allocate('/a');
    table.appendChild(root, first);
    setOwner(table, first, 1, 77n);
    table.setLong(first, CZXID, 5);
    table.removeChild(first);
    table.free(first);
    const second = table.allocate('/b');
    expect([second, table.path(second), ownerOf(table, second), table.long(second, CZXID)]).toEqual([
      first,
      '/b',
      0n,
      0,
    ]);
    expect([table.lastSequence, table.data(second), table.int(second, PARENT)]).toEqual([3, undefined, NO_NODE]);
  });

  test('gives the pages of nodes that are gone back, and hands every node out once', () => {
    const table = new NodeTable();
    const nodes = Array.from({ length: 10_000 }, (_, i) => table.allocate(`/${i}`));
    expect(table.reservedBytes).toBe(10 * 1024 * 140);
    for (const node of nodes.filter((_, i) => i % 3 === 0)) table.free(node);
    expect(table.reservedBytes).toBe(10 * 1024 * 140);
    for (const node of nodes.filter((_, i) => i % 3 !== 0 && i !== 5000)) table.free(node);
    // The one with a node left is the one to go on with.
    expect(table.reservedBytes).toBe(1024 * 140);
    expect([table.path(5000), table.oldest, table.newer(5000)]).toEqual(['/5000', 5000, NO_NODE]);
    const again = Array.from({ length: 10_000 }, (_, i) => table.allocate(`/again/${i}`));
    expect(new Set([...again, 5000]).size).toBe(10_001);
    expect(table.reservedBytes).toBe(10 * 1024 * 140);
    for (const [i, node] of again.entries()) expect(table.path(node)).toBe(`/again/${i}`);
  });
});

describe('a bug of ours is', () => {
  const place = { block: -1, offset: -1 };
  const slabWith = (...lengths: number[]): DataSlab => {
    const slab = new DataSlab({
      isAt: () => false,
      moveTo: (_handle, block, offset) => Object.assign(place, { block, offset }),
    });
    for (const length of lengths) slab.put(0, Buffer.alloc(length));
    return slab;
  };

  test('a record that is freed twice', () => {
    const slab = slabWith(100);
    slab.free(place.block, 100);
    expect(() => slab.free(place.block, 100)).toThrow(AssertionFailure);
  });

  test('a record in a block that is gone', () => {
    const slab = slabWith(200_000);
    slab.free(place.block, 200_000);
    expect(() => slab.free(place.block, 200_000)).toThrow(AssertionFailure);
  });

  test('a record that is overwritten with another length', () => {
    const slab = slabWith(100);
    expect(() => slab.overwrite(place.block, place.offset, Buffer.alloc(99))).toThrow(AssertionFailure);
  });

  test('a node with two parents, or one that is freed twice', () => {
    const table = new NodeTable();
    const [top, other, child] = ['', '/b', '/a'].map((path) => table.allocate(path)) as [number, number, number];
    table.appendChild(top, child);
    expect(() => table.appendChild(other, child)).toThrow(AssertionFailure);
    table.removeChild(child);
    for (const node of [child, other, top]) table.free(node);
    expect(() => table.free(top)).toThrow(AssertionFailure);
  });
});
