import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { Database } from '../../../src/datatree/database.ts';
import type { WatchManager } from '../../../src/datatree/watches/watch-manager.ts';
import { WatchTable } from '../../../src/datatree/watches/watch-table.ts';
import { type Watcher, WatchMode } from '../../../src/datatree/watches/watcher.ts';
import type { SetWatches } from '../../../src/jute/client-records.ts';
import { EventType, OpCode, WatcherType } from '../../../src/jute/codes.ts';
import type { Acl } from '../../../src/jute/data-records.ts';
import type { TxnBody } from '../../../src/jute/txns.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import * as t from '../txns.ts';

const EVENT_NAMES: Record<number, string> = {
  [EventType.nodeCreated]: 'created',
  [EventType.nodeDeleted]: 'deleted',
  [EventType.nodeDataChanged]: 'data',
  [EventType.nodeChildrenChanged]: 'children',
};

/** What all connections were told, in order: who, what, where, zxid. */
const told: string[] = [];

class Connection implements Watcher {
  readonly name: string;
  /** ACLs under which this one may not read. */
  readonly barred = new Set<string>();
  readonly asked: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  onWatchEvent(type: number, path: string, zxid: Zxid): void {
    told.push(`${this.name} ${EVENT_NAMES[type]} ${path} ${zxid}`);
  }

  mayRead(acl: readonly Acl[]): boolean {
    const name = acl.map(({ id }) => id.id).join();
    this.asked.push(name);
    return !this.barred.has(name);
  }
}

let db: Database;
let watches: WatchManager;
let zxid: number;
let a: Connection;
let b: Connection;

beforeEach(() => {
  db = new Database({
    extendedTypes: true,
    emulate353Ttl: false,
    digest: true,
    hashKey: { low: 1, high: 2 },
    log: silentLog,
  });
  watches = db.tree.watches;
  zxid = 0;
  told.length = 0;
  a = new Connection('a');
  b = new Connection('b');
});

function apply(body: TxnBody, session = 1n): string[] {
  zxid++;
  told.length = 0;
  db.apply(t.txn(body, { zxid, session }));
  return [...told];
}

const ONLY_BOB: Acl[] = [{ perms: 31, id: { scheme: 'digest', id: 'bob' } }];

describe('a data watch', () => {
  test('hears of the first change, and of no further one', () => {
    apply(t.create('/n'));
    watches.addData('/n', a);
    expect(apply(t.setData('/n', 'x'))).toEqual(['a data /n 2']);
    expect(apply(t.setData('/n', 'y'))).toEqual([]);
  });

  test('may wait for a node that is not there', () => {
    watches.addData('/n', a);
    expect(apply(t.create('/n'))).toEqual(['a created /n 1']);
  });

  test('hears of the end of its node', () => {
    apply(t.create('/n'));
    watches.addData('/n', a);
    expect(apply(t.remove('/n'))).toEqual(['a deleted /n 2']);
  });

  test('hears nothing of children, ACLs, checks and failures', () => {
    apply(t.create('/n'));
    watches.addData('/n', a);
    apply(t.create('/n/c'));
    apply(t.setAcl('/n', ONLY_BOB));
    apply(t.check('/n'));
    apply(t.failure(-101));
    expect(apply(t.multi(t.setData('/n', 'x'), t.failure(-101)))).toEqual([]);
    expect(watches.has('/n', WatcherType.data, a)).toBe(true);
  });

  test('hears once of all parts of a multi', () => {
    apply(t.create('/n'));
    watches.addData('/n', a);
    watches.addData('/m', b);
    expect(apply(t.multi(t.setData('/n', 'x'), t.create('/m'), t.setData('/n', 'y')))).toEqual([
      'a data /n 2',
      'b created /m 2',
    ]);
  });
});

describe('a child watch', () => {
  test('hears of a new child and of one that goes', () => {
    apply(t.create('/p'));
    watches.addChild('/p', a);
    expect(apply(t.create('/p/c'))).toEqual(['a children /p 2']);
    watches.addChild('/p', a);
    expect(apply(t.remove('/p/c'))).toEqual(['a children /p 3']);
  });

  test('on the root goes by the name /', () => {
    watches.addChild('/', a);
    expect(apply(t.create('/c'))).toEqual(['a children / 1']);
  });

  test('hears of the end of the node itself, unless its connection was just told', () => {
    apply(t.create('/p'));
    watches.addChild('/p', a);
    watches.addData('/p', b);
    watches.addChild('/p', b);
    watches.addChild('/', b);
    expect(apply(t.remove('/p'))).toEqual(['b deleted /p 2', 'a deleted /p 2', 'b children / 2']);
    expect(watches.count).toBe(0);
  });

  test('hears of the end of a session for each ephemeral', () => {
    apply(t.create('/p'));
    apply(t.create('/p/x', { ephemeral: true }));
    apply(t.create('/p/y', { ephemeral: true }));
    watches.addChild('/p', a);
    watches.addData('/p/y', a);
    expect(apply(t.closeSession('/p/y', '/p/x'))).toEqual(['a deleted /p/y 4', 'a children /p 4']);
  });
});

describe('a persistent watch', () => {
  test('hears of everything about its node, again and again', () => {
    watches.addPersistent('/n', a);
    expect(apply(t.create('/n'))).toEqual(['a created /n 1']);
    expect(apply(t.setData('/n', 'x'))).toEqual(['a data /n 2']);
    expect(apply(t.create('/n/c'))).toEqual(['a children /n 3']);
    expect(apply(t.setData('/n/c', 'x'))).toEqual([]);
    expect(apply(t.remove('/n/c'))).toEqual(['a children /n 5']);
    expect(apply(t.remove('/n'))).toEqual(['a deleted /n 6']);
    expect(apply(t.create('/n'))).toEqual(['a created /n 7']);
  });
});

describe('a recursive watch', () => {
  test('hears of its node and all below, but never of changed children', () => {
    watches.addRecursive('/n', a);
    expect(apply(t.create('/n'))).toEqual(['a created /n 1']);
    expect(apply(t.create('/n/c'))).toEqual(['a created /n/c 2']);
    expect(apply(t.create('/n/c/d'))).toEqual(['a created /n/c/d 3']);
    expect(apply(t.setData('/n/c/d', 'x'))).toEqual(['a data /n/c/d 4']);
    expect(apply(t.remove('/n/c/d'))).toEqual(['a deleted /n/c/d 5']);
    expect(apply(t.create('/nn'))).toEqual([]);
    expect(apply(t.setData('/', 'x'))).toEqual([]);
  });

  test('on the root hears of everything', () => {
    watches.addRecursive('/', a);
    expect(apply(t.setData('/', 'x'))).toEqual(['a data / 1']);
    expect(apply(t.create('/n'))).toEqual(['a created /n 2']);
    expect(apply(t.create('/n/c'))).toEqual(['a created /n/c 3']);
  });

  test('costs nobody else anything once it is gone', () => {
    watches.addRecursive('/', a);
    watches.addRecursive('/', a);
    expect(watches.remove('/', WatcherType.persistentRecursive, a)).toBe(true);
    expect(apply(t.create('/n'))).toEqual([]);
    watches.addRecursive('/', b);
    watches.removeWatcher(b);
    expect(apply(t.create('/m'))).toEqual([]);
  });
});

describe('watches of several kinds', () => {
  test('of one connection on one path give one event', () => {
    apply(t.create('/n'));
    watches.addData('/n', a);
    watches.addPersistent('/n', a);
    watches.addRecursive('/n', a);
    watches.addRecursive('/', a);
    expect(apply(t.setData('/n', 'x'))).toEqual(['a data /n 2']);
    // The one-shot watch is spent, the others are not.
    expect(watches.has('/n', WatcherType.data, a)).toBe(false);
    expect(watches.has('/n', WatcherType.persistent, a)).toBe(true);
    expect(apply(t.setData('/n', 'y'))).toEqual(['a data /n 3']);
    expect(apply(t.remove('/n'))).toEqual(['a deleted /n 4']);
  });

  test('are removed kind by kind', () => {
    watches.addData('/n', a);
    watches.addChild('/n', a);
    watches.addPersistent('/n', a);
    watches.addRecursive('/n', a);
    const left = (): boolean[] =>
      [
        WatcherType.data,
        WatcherType.children,
        WatcherType.persistent,
        WatcherType.persistentRecursive,
        WatcherType.any,
      ].map((type) => watches.has('/n', type, a));
    expect([left(), watches.count]).toEqual([[true, true, true, true, true], 2]);
    expect(watches.remove('/n', WatcherType.data, a)).toBe(true);
    expect([left(), watches.remove('/n', WatcherType.data, a)]).toEqual([[false, true, true, true, true], false]);
    expect(watches.remove('/n', WatcherType.children, a)).toBe(true);
    expect(watches.remove('/n', WatcherType.persistent, a)).toBe(true);
    expect(left()).toEqual([false, false, false, true, true]);
    expect(watches.remove('/n', WatcherType.persistentRecursive, a)).toBe(true);
    expect([left(), watches.count]).toEqual([[false, false, false, false, false], 0]);
  });

  test('are removed all at once by type any', () => {
    watches.addData('/n', a);
    watches.addChild('/n', a);
    watches.addRecursive('/n', a);
    watches.addData('/n', b);
    expect(watches.remove('/n', WatcherType.any, a)).toBe(true);
    expect(watches.remove('/n', WatcherType.any, a)).toBe(false);
    expect([watches.has('/n', WatcherType.any, a), watches.has('/n', WatcherType.any, b)]).toEqual([false, true]);
    expect(watches.remove('/m', WatcherType.any, b)).toBe(false);
    expect([watches.has('/n', 99, b), watches.remove('/n', 99, b)]).toEqual([false, false]);
  });
});

describe('a connection that may not read', () => {
  test('is not told, and has lost its one-shot watch all the same (CVE-2024-23944)', () => {
    a.barred.add('bob');
    watches.addData('/n', a);
    watches.addData('/n', b);
    expect(apply(t.create('/n', { acl: ONLY_BOB }))).toEqual(['b created /n 1']);
    expect(watches.count).toBe(0);
  });

  test('is asked under the ACL of the node, of the parent for children, and of what is gone for an end', () => {
    apply(t.create('/p', { acl: ONLY_BOB }));
    watches.addPersistent('/p', a);
    watches.addRecursive('/p', a);
    apply(t.create('/p/c'));
    expect(a.asked.splice(0)).toEqual(['anyone', 'bob']);
    apply(t.setAcl('/p/c', ONLY_BOB));
    apply(t.setData('/p/c', 'x'));
    expect(a.asked.splice(0)).toEqual(['bob']);
    apply(t.setAcl('/p', [{ perms: 1, id: { scheme: 'ip', id: 'here' } }]));
    apply(t.remove('/p/c'));
    expect(a.asked.splice(0)).toEqual(['bob', 'here']);
    apply(t.create('/p/d', { acl: undefined }));
    expect(a.asked.splice(0)).toEqual(['anyone', 'here']);
    apply(t.remove('/p/d'));
    a.asked.length = 0;
    apply(t.remove('/p'));
    // Told through its data watch; its child watch is not asked again.
    expect(a.asked).toEqual(['here']);
  });

  test('that was barred from the end of a node is not asked again by its child watch', () => {
    apply(t.create('/p', { acl: ONLY_BOB }));
    a.barred.add('bob');
    watches.addData('/p', a);
    watches.addChild('/p', a);
    expect([apply(t.remove('/p')), a.asked, watches.count]).toEqual([[], ['bob'], 0]);
  });
});

describe('setWatches', () => {
  function setWatches(lists: Partial<SetWatches>): string[] {
    told.length = 0;
    const since = lists.relativeZxid ?? (0 as Zxid);
    for (const list of ['data', 'exist', 'child'] as const) {
      for (const path of lists[list] ?? []) watches.setAgain(list, path, since, a);
    }
    return [...told];
  }

  beforeEach(() => {
    apply(t.create('/n')); // 1
    apply(t.create('/n/c')); // 2
    apply(t.setData('/n', 'x')); // 3
    a.barred.add('anyone');
  });

  test('tells of what changed meanwhile, whoever may read, with zxid -1', () => {
    const since = { relativeZxid: 1 as Zxid };
    expect(setWatches({ ...since, data: ['/gone', '/n', '/n/c'] })).toEqual([
      'a deleted /gone -1',
      'a data /n -1',
      'a data /n/c -1',
    ]);
    expect(setWatches({ ...since, exist: ['/n', '/gone'] })).toEqual(['a created /n -1']);
    expect(setWatches({ ...since, child: ['/gone', '/n', '/'] })).toEqual(['a deleted /gone -1', 'a children /n -1']);
    expect(watches.has('/gone', WatcherType.data, a)).toBe(true);
    expect(watches.has('/', WatcherType.children, a)).toBe(true);
    expect(watches.count).toBe(2);
  });

  test('watches again what did not change', () => {
    const since = { relativeZxid: 3 as Zxid };
    expect(setWatches({ ...since, data: ['/n'], exist: ['/x'] })).toEqual([]);
    // Its data changed after zxid 2, its children did not.
    expect(setWatches({ relativeZxid: 2 as Zxid, child: ['/n'] })).toEqual([]);
    a.barred.clear();
    expect(apply(t.multi(t.setData('/n', 'y'), t.create('/x'), t.create('/n/d')))).toEqual([
      'a data /n 4',
      'a created /x 4',
      'a children /n 4',
    ]);
  });
});

describe('changes that no client asked for', () => {
  test('of quota usage are told to nobody', () => {
    apply(t.create('/q'));
    apply(t.create('/zookeeper/quota/q'));
    apply(t.create('/zookeeper/quota/q/zookeeper_limits', { data: 'count=5,bytes=5' }));
    watches.addPersistent('/zookeeper/quota/q/zookeeper_stats', a);
    expect(apply(t.create('/zookeeper/quota/q/zookeeper_stats'))).toEqual([
      'a created /zookeeper/quota/q/zookeeper_stats 4',
    ]);
    expect(apply(t.create('/q/x'))).toEqual([]);
  });

  test('of the configuration are told as data', () => {
    watches.addData('/zookeeper/config', a);
    const body: TxnBody = {
      kind: 'setData',
      type: OpCode.reconfig,
      path: '/zookeeper/config',
      data: undefined,
      version: -1,
    };
    expect(apply(body)).toEqual(['a data /zookeeper/config 1']);
  });
});

describe('the counts', () => {
  test('are those of the data table, and remember connections whose watches fired', () => {
    watches.addData('/x', a);
    watches.addData('/y', a);
    watches.addPersistent('/x', b);
    watches.addChild('/z', b);
    expect([watches.dataCounts(), watches.count]).toEqual([{ connections: 2, paths: 2, watches: 3 }, 5]);
    apply(t.create('/x'));
    apply(t.create('/y'));
    expect([watches.dataCounts(), watches.count]).toEqual([{ connections: 2, paths: 1, watches: 1 }, 3]);
    watches.remove('/x', WatcherType.any, b);
    expect(watches.dataCounts()).toEqual({ connections: 1, paths: 0, watches: 0 });
    watches.removeWatcher(a);
    watches.removeWatcher(b);
    expect([watches.dataCounts(), watches.count]).toEqual([{ connections: 0, paths: 0, watches: 0 }, 0]);
  });

  test('come with lists by connection and by path', () => {
    watches.addData('/x', a);
    watches.addData('/x', b);
    watches.addData('/y', b);
    const byWatcher: [string, string[]][] = [];
    for (const [watcher, paths] of watches.watchers()) byWatcher.push([(watcher as Connection).name, [...paths]]);
    expect(byWatcher).toEqual([
      ['a', ['/x']],
      ['b', ['/x', '/y']],
    ]);
    const byPath: [string, string[]][] = [];
    for (const [path, watchers] of watches.watchedPaths()) {
      byPath.push([path, [...watchers].map((watcher) => (watcher as Connection).name)]);
    }
    expect(byPath).toEqual([
      ['/x', ['a', 'b']],
      ['/y', ['b']],
    ]);
  });
});

describe('a herd', () => {
  test('of ten thousand connections on one node is told, and goes, without delay', () => {
    const herd = Array.from({ length: 10_000 }, (_, i) => new Connection(`${i}`));
    apply(t.create('/n'));
    for (const one of herd) {
      watches.addData('/n', one);
      watches.addChild('/n', one);
    }
    expect(apply(t.remove('/n')).length).toBe(10_000);
    expect(watches.count).toBe(0);
    for (const one of herd) watches.addPersistent('/n', one);
    for (const one of herd) watches.removeWatcher(one);
    expect(watches.count).toBe(0);
  });

  test('may lose members while it is told', () => {
    const herd = Array.from({ length: 20 }, (_, i) => new Connection(`${i}`));
    for (const one of herd) watches.addPersistent('/n', one);
    const first = herd[0] as Connection;
    first.onWatchEvent = (): void => {
      for (const one of herd.slice(0, 10)) watches.removeWatcher(one);
    };
    apply(t.create('/n'));
    expect([told.length, watches.count]).toEqual([19, 20]);
  });
});

describe('a watch that is set again each time it fires', () => {
  test('is as quick the hundred thousandth time', { timeout: 5000 }, () => {
    const table = new WatchTable();
    for (let i = 0; i < 20_000; i++) table.add(`/${i}`, a, WatchMode.standard);
    for (let i = 0; i < 200_000; i++) {
      table.add('/again', a, WatchMode.standard);
      table.trigger('/again', EventType.nodeDataChanged, 1 as Zxid, []);
    }
    expect([told.length, table.watchCount, table.pathCount, table.modes('/again', a)]).toEqual([
      200_000, 20_000, 20_000, 0,
    ]);
  });

  test('keeps few of those that fired when their paths are long', () => {
    const table = new WatchTable();
    const paths = Array.from({ length: 100 }, (_, i) => `/${i}/${'x'.repeat(30_000)}`);
    for (const path of paths) table.add(path, a, WatchMode.standard);
    for (const path of paths) table.trigger(path, EventType.nodeDeleted, 1 as Zxid, []);
    // 262,144 letters of paths at most.
    expect([table.heldPathCount, table.watchCount]).toEqual([8, 0]);
    table.add(`/${'y'.repeat(300_000)}`, a, WatchMode.standard);
    table.trigger(`/${'y'.repeat(300_000)}`, EventType.nodeDeleted, 1 as Zxid, []);
    expect([table.heldPathCount, table.watchCount]).toEqual([0, 0]);
  });

  test('leaves nothing behind when it is not', () => {
    const table = new WatchTable();
    for (let i = 0; i < 5000; i++) {
      table.add(`/${i}`, i % 2 === 0 ? a : b, WatchMode.standard);
      table.trigger(`/${i}`, EventType.nodeCreated, 1 as Zxid, []);
    }
    const left: number[] = [];
    for (const [, paths] of table.watchers()) left.push([...paths].length);
    for (const [path] of table.watchedPaths()) left.push(path.length);
    expect([left, table.pathCount, table.watcherCount]).toEqual([[0, 0], 0, 2]);
    expect(table.heldPathCount).toBe(1024);
    table.removeWatcher(a);
    table.removeWatcher(b);
    expect([table.watchCount, table.watcherCount, table.heldPathCount]).toEqual([0, 0, 0]);
  });

  test('leaves nothing behind however often it fired, or was removed in between', () => {
    const table = new WatchTable();
    const fire = (path: string): void => {
      table.add(path, a, WatchMode.standard);
      table.trigger(path, EventType.nodeCreated, 1 as Zxid, []);
    };
    table.add('/kept', a, WatchMode.persistent);
    for (let i = 0; i < 300; i++) {
      fire(`/${i}`);
      fire(`/${i}`);
      table.add(`/${i}`, b, WatchMode.persistent);
      table.add(`/${i}`, a, WatchMode.standard);
      table.remove(`/${i}`, a, WatchMode.standard);
      table.remove(`/${i}`, b, WatchMode.all);
      if (i % 2 === 0) fire(`/${i}`);
    }
    for (let i = 0; i < 20; i++) fire(`/twice${i % 10}`);
    table.add('/shared', b, WatchMode.persistent);
    fire('/shared');
    table.add('/shared', a, WatchMode.standard);
    table.remove('/shared', a, WatchMode.standard);
    expect(table.heldPathCount).toBe(151 + 10 + 1);
    for (let i = 0; i < 1100; i++) fire('/x');
    expect([table.heldPathCount, table.watchCount, table.pathCount]).toEqual([3, 2, 2]);
    table.removeWatcher(b);
    expect([table.heldPathCount, table.watchCount, table.pathCount]).toEqual([2, 1, 1]);
    // With the last watch of a connection goes all that is left of it.
    table.remove('/kept', a, WatchMode.all);
    expect([table.heldPathCount, table.watcherCount]).toEqual([0, 0]);
  });
});

describe('a crowd on one path', () => {
  const COUNT = 600;
  const names = (herd: readonly Connection[]): string[] => herd.map((one) => `${one.name} data /n 7`);

  function fire(table: WatchTable): string[] {
    told.length = 0;
    table.trigger('/n', EventType.nodeDataChanged, 7 as Zxid, []);
    return [...told];
  }

  test('is told once each in the order it came, and leaves nothing behind', () => {
    const table = new WatchTable();
    const herd = Array.from({ length: COUNT }, (_, i) => new Connection(`${i}`));
    for (const one of herd) table.add('/n', one, WatchMode.standard);
    table.add('/other', herd[5] as Connection, WatchMode.standard);
    expect(fire(table)).toEqual(names(herd));
    expect([table.watchCount, table.pathCount, table.watcherCount]).toEqual([1, 1, COUNT]);
    expect(fire(table)).toEqual([]);
    // The first is kept for the case that it is set again.
    expect(table.heldPathCount).toBe(2);
    for (const one of herd) table.add('/n', one, WatchMode.standard);
    for (const one of herd.slice(0, 100)) table.removeWatcher(one);
    for (const one of herd.slice(100, 110)) table.remove('/n', one, WatchMode.standard);
    expect(fire(table)).toEqual(names(herd.slice(110)));
    for (const one of herd) table.removeWatcher(one);
    expect([table.watchCount, table.pathCount, table.watcherCount, table.heldPathCount]).toEqual([0, 0, 0, 0]);
  });

  test('keeps its lasting watches, and those of who watches many paths may be set again', () => {
    const table = new WatchTable();
    const herd = Array.from({ length: COUNT }, (_, i) => new Connection(`${i}`));
    const busy = herd[3] as Connection;
    for (let i = 0; i < 1100; i++) table.add(`/${i}`, busy, WatchMode.standard);
    for (const one of herd) table.add('/n', one, WatchMode.standard);
    const lasting = herd.filter((_, i) => i % 3 === 1);
    for (const one of lasting) table.add('/n', one, WatchMode.persistent);
    expect(fire(table)).toEqual(names(herd));
    expect([table.watchCount, table.pathCount]).toEqual([1100 + lasting.length, 1101]);
    expect(fire(table)).toEqual(names(lasting));
    table.add('/n', busy, WatchMode.standard);
    expect([table.modes('/n', busy), table.modes('/n', herd[4] as Connection), table.modes('/n', a)]).toEqual([
      WatchMode.standard,
      WatchMode.persistent,
      0,
    ]);
    expect(fire(table).sort()).toEqual(names([busy, ...lasting]).sort());
    for (const one of herd) table.removeWatcher(one);
    expect([table.watchCount, table.pathCount, table.watcherCount, table.heldPathCount]).toEqual([0, 0, 0, 0]);
  });
});

/** A list of (path, watcher, mode), searched from end to end. */
class DumbTable {
  all: { path: string; watcher: Connection; mode: number }[] = [];

  add(path: string, watcher: Connection, mode: number): void {
    if (this.modes(path, watcher) & mode) return;
    this.all.push({ path, watcher, mode });
  }

  modes(path: string, watcher: Connection): number {
    return this.all
      .filter((watch) => watch.path === path && watch.watcher === watcher)
      .reduce((modes, watch) => modes | watch.mode, 0);
  }

  remove(path: string, watcher: Connection, mask: number): void {
    this.all = this.all.filter(
      (watch) => watch.path !== path || watch.watcher !== watcher || (watch.mode & mask) === 0,
    );
  }

  trigger(path: string): Set<string> {
    const above = (other: string): boolean => other === '/' || path.startsWith(`${other}/`);
    const hit = this.all.filter(
      (watch) => watch.path === path || (watch.mode === WatchMode.recursive && above(watch.path)),
    );
    this.all = this.all.filter((watch) => watch.path !== path || watch.mode !== WatchMode.standard);
    return new Set(hit.map((watch) => watch.watcher.name));
  }
}

describe('a watch table', () => {
  const paths = ['/', '/a', '/a/b', '/a/b/c', '/ab'];
  const modes = [WatchMode.standard, WatchMode.persistent, WatchMode.recursive];

  test('does what a list of watches does', () => {
    const step = fc.record({
      op: fc.constantFrom('add', 'add', 'add', 'trigger', 'trigger', 'remove', 'close'),
      path: fc.constantFrom(...paths),
      who: fc.nat({ max: 3 }),
      mode: fc.constantFrom(...modes),
      all: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new WatchTable();
        const model = new DumbTable();
        const connections = ['a', 'b', 'c', 'd'].map((name) => new Connection(name));
        for (const { op, path, who, mode, all } of steps) {
          const connection = connections[who] as Connection;
          if (op === 'add') {
            table.add(path, connection, mode);
            model.add(path, connection, mode);
          } else if (op === 'trigger') {
            told.length = 0;
            const found = table.trigger(path, EventType.nodeDataChanged, 5 as Zxid, []);
            const expected = [...model.trigger(path)].sort();
            expect(told.sort()).toEqual(expected.map((name) => `${name} data ${path} 5`));
            expect(found.map((watcher) => (watcher as Connection).name).sort()).toEqual(expected);
          } else if (op === 'remove') {
            const mask = all ? WatchMode.all : mode;
            const there = (model.modes(path, connection) & mask) !== 0;
            expect(table.remove(path, connection, mask)).toBe(there);
            model.remove(path, connection, mask);
          } else {
            table.removeWatcher(connection);
            for (const other of paths) model.remove(other, connection, WatchMode.all);
          }
          for (const other of paths) {
            for (const one of connections) expect(table.modes(other, one)).toBe(model.modes(other, one));
          }
          const pairs = new Set(model.all.map((watch) => `${watch.path} ${watch.watcher.name}`));
          expect([table.watchCount, table.pathCount]).toEqual([
            pairs.size,
            new Set(model.all.map((watch) => watch.path)).size,
          ]);
        }
      }),
      { numRuns: 80 },
    );
  });
});

// Every path above is a part of the path: to look each of them up costs the square of its length, 60 GB of letters here.
test('a change of a very deep node costs its length, whatever is watched recursively', () => {
  const table = new WatchTable();
  const above = new Connection('above');
  const beside = new Connection('beside');
  const path = '/a'.repeat(250_000);
  table.add('/', above, WatchMode.recursive);
  table.add('/a/a', above, WatchMode.recursive);
  table.add('/b/b', beside, WatchMode.recursive);
  const found = (): readonly Watcher[] => table.trigger(path, EventType.nodeDataChanged, 1 as Zxid, []);
  for (let i = 0; i < 20; i++) expect(found()).toEqual([above]);
  table.remove('/', above, WatchMode.recursive);
  expect(found()).toEqual([above]);
  table.removeWatcher(above);
  expect(found()).toEqual([]);
  table.add('/a', above, WatchMode.recursive);
  expect(found()).toEqual([above]);
});
