import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import { AclCache, OPEN_SLOT } from '../../../src/datatree/tree/acl-cache.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';

function acl(...ids: string[]): Acl[] {
  return ids.map((id) => ({ perms: 31, id: { scheme: 'digest', id } }));
}

function listed(cache: AclCache): [number, number][] {
  const { count, entries } = cache.copy();
  const found = entries.flatMap((entry): [number, number][] =>
    entry === undefined ? [] : [[entry.id, entry.acl.length]],
  );
  expect(found).toHaveLength(count);
  return found;
}

describe('the ACL cache', () => {
  test('keeps one list of a kind, in the order of its entries', () => {
    const cache = new AclCache();
    const slot = cache.acquire(acl('a', 'b'));
    expect([cache.acquire(acl('a', 'b')), cache.size]).toEqual([slot, 1]);
    expect(cache.acquire(acl('b', 'a'))).not.toBe(slot);
    expect(cache.acquire(acl())).not.toBe(slot);
    expect([cache.size, cache.aclAt(slot)]).toEqual([3, acl('a', 'b')]);
  });

  test('does not take one list for another whose letters are the same', () => {
    const cache = new AclCache();
    const slots = [
      [{ perms: 1, id: { scheme: 'a', id: 'bc' } }],
      [{ perms: 1, id: { scheme: 'ab', id: 'c' } }],
      [{ perms: 11, id: { scheme: 'a', id: 'bc' } }],
      [{ perms: 1, id: { scheme: '1 a', id: 'bc' } }],
      [{ perms: 1, id: { scheme: 'a', id: 'bc1 1 a2 bc' } }],
      [
        { perms: 1, id: { scheme: 'a', id: 'bc' } },
        { perms: 1, id: { scheme: 'a', id: 'bc' } },
      ],
    ].map((list) => cache.acquire(list));
    expect(new Set(slots).size).toBe(6);
  });

  test('knows null as the open list, which is not the same as a list that says so', () => {
    const cache = new AclCache();
    expect([cache.acquire(undefined), cache.idAt(OPEN_SLOT), cache.aclAt(OPEN_SLOT)]).toEqual([
      OPEN_SLOT,
      -1,
      OPEN_ACL_UNSAFE,
    ]);
    const slot = cache.acquire([...OPEN_ACL_UNSAFE]);
    expect([slot === OPEN_SLOT, cache.idAt(slot), cache.size]).toEqual([false, 1, 1]);
    cache.release(OPEN_SLOT);
    cache.release(OPEN_SLOT);
    expect(cache.aclAt(OPEN_SLOT)).toBe(OPEN_ACL_UNSAFE);
  });

  test('forgets a list with its last user, and never gives its id out again', () => {
    const cache = new AclCache();
    const slot = cache.acquire(acl('a'));
    cache.acquire(acl('a'));
    cache.release(slot);
    expect(listed(cache)).toEqual([[1, 1]]);
    cache.release(slot);
    expect([cache.size, listed(cache)]).toEqual([0, []]);
    expect(cache.idAt(cache.acquire(acl('a')))).toBe(2);
  });

  test('goes on after the ids of a snapshot', () => {
    const cache = new AclCache();
    cache.load(7, acl('a'));
    cache.load(3, acl('b'));
    cache.load(9, acl('c'));
    const slot = cache.acquireById(7) as number;
    expect([cache.aclAt(slot), cache.acquireById(-1), cache.acquireById(8)]).toEqual([acl('a'), OPEN_SLOT, undefined]);
    cache.purge();
    expect(listed(cache)).toEqual([[7, 1]]);
    expect(cache.idAt(cache.acquire(acl('d')))).toBe(10);
    cache.release(slot);
    expect(listed(cache)).toEqual([[10, 1]]);
  });
});

test('a list that is given up more often than it was taken is a bug of ours', () => {
  const cache = new AclCache();
  const slot = cache.acquire(acl('a'));
  cache.release(slot);
  expect(() => cache.release(slot)).toThrow(AssertionFailure);
});
