import { describe, expect, test } from 'vitest';
import { Database } from '../../../src/datatree/database.ts';
import { ChildLists } from '../../../src/datatree/tree/child-lists.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { OPTIONS } from '../histories.ts';
import * as t from '../txns.ts';

function written(lists: ChildLists, node: number): string | undefined {
  const w = new Writer();
  return lists.write(node, w) ? w.take().toString('latin1') : undefined;
}

describe('lists of children', () => {
  test('are those of the node, until it is forgotten', () => {
    const lists = new ChildLists();
    lists.keep(3, Buffer.from('three'));
    lists.keep(4, Buffer.from('four'));
    lists.keep(4, Buffer.from('4'));
    expect([written(lists, 3), written(lists, 4), written(lists, 5)]).toEqual(['three', '4', undefined]);
    lists.forget(3);
    lists.forget(3);
    expect([written(lists, 3), written(lists, 4)]).toEqual([undefined, '4']);
  });

  test('take 4 MB at most: the oldest goes first, and a longer one is not kept', () => {
    const lists = new ChildLists();
    const third = Buffer.alloc(1_500_000);
    for (const node of [1, 2, 3]) lists.keep(node, third);
    expect([1, 2, 3].map((node) => written(lists, node)?.length)).toEqual([undefined, 1_500_000, 1_500_000]);
    lists.keep(4, Buffer.alloc(4_194_305));
    expect([2, 3, 4].map((node) => written(lists, node)?.length)).toEqual([1_500_000, 1_500_000, undefined]);
  });

  test('a long one is referred to, and may be forgotten while it is sent', () => {
    const lists = new ChildLists();
    const list = Buffer.alloc(40_000, 7);
    lists.keep(1, list);
    const w = new Writer();
    w.writeInt(1);
    expect(lists.write(1, w)).toBe(true);
    lists.forget(1);
    expect(w.takeParts().map((part) => part.length)).toEqual([4, 40_000]);
  });
});

describe('children of a node that has many', () => {
  test('are the same however often they are asked for, and follow each change', () => {
    const db = new Database(OPTIONS);
    let zxid = 0;
    const apply = (body: Parameters<typeof t.txn>[0]): void => {
      db.apply(t.txn(body, { zxid: ++zxid }));
    };
    const names = (): string[] | undefined => {
      const w = new Writer();
      w.writeInt(-9);
      db.tree.writeChildren(db.tree.lookup('/p'), w);
      const r = new Reader(w.take());
      expect(r.readInt()).toBe(-9);
      const strings = r.readStrings();
      expect(r.remaining).toBe(0);
      return strings;
    };
    apply(t.create('/p'));
    const expected: string[] = [];
    for (let i = 0; i < 40; i++) {
      apply(t.create(`/p/n${i}`));
      expected.push(`n${i}`);
      expect(names()).toEqual(expected);
      expect(names()).toEqual(expected);
    }
    apply(t.remove('/p/n7'));
    apply(t.create('/p/e', { ephemeral: true }));
    apply(t.setData('/p/n8', 'other'));
    const changed = [...expected.filter((name) => name !== 'n7'), 'e'];
    expect([names(), names()]).toEqual([changed, changed]);
    apply(t.multi(t.create('/p/z'), t.remove('/p/n0')));
    expect([names(), names()]).toEqual([
      [...changed.slice(1), 'z'],
      [...changed.slice(1), 'z'],
    ]);
  });
});
