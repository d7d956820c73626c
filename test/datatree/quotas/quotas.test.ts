import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { Database } from '../../../src/datatree/database.ts';
import { PathTrie } from '../../../src/datatree/quotas/path-trie.ts';
import { StatsTrack } from '../../../src/datatree/quotas/stats-track.ts';
import { SnapshotDecoder } from '../../../src/datatree/snapshot/snapshot-decoder.ts';
import type { TxnBody } from '../../../src/jute/txns.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { OPTIONS } from '../histories.ts';
import * as t from '../txns.ts';

let db: Database;
let zxid: number;

beforeEach(() => {
  db = new Database({ ...OPTIONS, log: silentLog });
  zxid = 0;
});

function apply(...bodies: TxnBody[]): void {
  for (const body of bodies) {
    zxid++;
    expect(db.apply(t.txn(body, { zxid })).err).toBe(0);
  }
}

function limit(path: string, limits: string): void {
  const parts = path.split('/').slice(1);
  for (let i = 1; i <= parts.length; i++) {
    const above = `/zookeeper/quota/${parts.slice(0, i).join('/')}`;
    if (db.tree.lookup(above) < 0) apply(t.create(above));
  }
  apply(
    t.create(`/zookeeper/quota${path}/zookeeper_limits`, { data: limits }),
    t.create(`/zookeeper/quota${path}/zookeeper_stats`, { data: 'count=0,bytes=0' }),
  );
}

function usage(path: string): string | undefined {
  return db.tree.dataOf(db.tree.lookup(`/zookeeper/quota${path}/zookeeper_stats`))?.toString();
}

describe('usage', () => {
  test('is counted when the stats node is made, whatever the client wrote there', () => {
    apply(t.create('/q', { data: '12345' }), t.create('/q/a', { data: '123' }), t.create('/qq', { data: '1' }));
    apply(t.create('/q/a/b', { data: undefined }));
    limit('/q', 'count=10,bytes=100');
    expect(usage('/q')).toBe('count=3,bytes=8');
    limit('/none', 'count=1,bytes=1');
    expect(usage('/none')).toBe('count=0,bytes=0');
  });

  test('follows every change below, and none beside', () => {
    apply(t.create('/q'));
    limit('/q', 'count=10,bytes=100');
    apply(t.create('/q/a', { data: '123' }));
    expect(usage('/q')).toBe('count=2,bytes=3');
    apply(t.setData('/q/a', '12345'), t.setData('/q', '1'));
    expect(usage('/q')).toBe('count=2,bytes=6');
    apply(t.setData('/q/a', undefined), t.create('/qq', { data: 'xxx' }));
    expect(usage('/q')).toBe('count=2,bytes=1');
    apply(t.remove('/q/a'), t.create('/q/e', { ephemeral: true, data: 'ab' }));
    expect(usage('/q')).toBe('count=2,bytes=3');
    apply(t.closeSession('/q/e'));
    expect(usage('/q')).toBe('count=1,bytes=1');
  });

  test('is that of the deepest quota alone', () => {
    apply(t.create('/q'), t.create('/q/r'));
    limit('/q', 'count=10,bytes=-1');
    limit('/q/r', 'count=10,bytes=-1');
    apply(t.create('/q/r/s'), t.create('/q/t'));
    expect([usage('/q'), usage('/q/r')]).toEqual(['count=3,bytes=0', 'count=2,bytes=0']);
    apply(t.remove('/zookeeper/quota/q/r/zookeeper_limits'), t.create('/q/r/u'));
    expect([usage('/q'), usage('/q/r')]).toEqual(['count=4,bytes=0', 'count=2,bytes=0']);
  });

  test('keeps hard limits that stand in the stats', () => {
    apply(t.create('/q'));
    limit('/q', 'count=1,bytes=1');
    apply(t.setData('/zookeeper/quota/q/zookeeper_stats', 'count=5,bytes=6=;countHardLimit=7'));
    apply(t.create('/q/a', { data: 'x' }));
    expect(usage('/q')).toBe('count=6,bytes=7=;countHardLimit=7');
  });

  test('is left alone when it does not parse, or is not there', () => {
    apply(t.create('/q'));
    limit('/q', 'count=1,bytes=1');
    apply(t.setData('/zookeeper/quota/q/zookeeper_stats', 'mine'), t.create('/q/a'));
    expect(usage('/q')).toBe('mine');
    apply(t.remove('/zookeeper/quota/q/zookeeper_stats'), t.create('/q/b'));
    expect(db.tree.quotaAbove('/q')?.usage).toBeUndefined();
  });

  test('moves neither digest nor Stat nor data size', () => {
    apply(t.create('/q'));
    limit('/q', 'count=10,bytes=100');
    const stat = db.tree.persistedStat(db.tree.lookup('/zookeeper/quota/q/zookeeper_stats'));
    const { dataSizeApprox } = db.tree;
    apply(t.create('/q/a', { data: '1234567890' }));
    expect(db.tree.persistedStat(db.tree.lookup('/zookeeper/quota/q/zookeeper_stats'))).toEqual(stat);
    expect(db.tree.dataSizeApprox).toBe(dataSizeApprox + 4 + 10);
    apply(t.remove('/q/a'));
    const digest = db.tree.digest();
    apply(t.setData('/zookeeper/quota/q/zookeeper_stats', 'count=1,bytes=1'));
    expect(db.tree.digest()).toBe(digest);
  });

  test('is counted anew after loading', () => {
    apply(t.create('/q', { data: '123' }), t.create('/q/a'));
    limit('/q', 'count=10,bytes=100');
    apply(t.setData('/zookeeper/quota/q/zookeeper_stats', 'count=99,bytes=99'));
    const decoder = new SnapshotDecoder(OPTIONS);
    const cut = db.startCut();
    for (let part = cut.next(64); part !== undefined; part = cut.next(64)) decoder.push(part);
    db = decoder.finish(zxid as Zxid);
    expect(usage('/q')).toBe('count=2,bytes=3');
    apply(t.create('/q/b', { data: 'x' }));
    expect(usage('/q')).toBe('count=3,bytes=4');
  });

  test('in a cut is that of the cut\u2019s zxid', () => {
    apply(t.create('/q'));
    limit('/q', 'count=10,bytes=100');
    const cut = db.startCut();
    apply(t.create('/q/a', { data: 'x' }));
    const parts: Buffer[] = [];
    for (let part = cut.next(64); part !== undefined; part = cut.next(64)) parts.push(part);
    const text = Buffer.concat(parts).toString('latin1');
    expect([text.includes('count=1,bytes=0'), text.includes('count=2,bytes=1')]).toEqual([true, false]);
  });
});

describe('limits', () => {
  test('are those of the deepest quota above a path', () => {
    expect(db.tree.quotaAbove('/q')).toBeUndefined();
    apply(t.create('/q'));
    limit('/q', 'count=10,bytes=100=;byteHardLimit=200;countHardLimit=20');
    const quota = db.tree.quotaAbove('/q/a/b');
    expect(quota?.path).toBe('/q');
    expect([quota?.limits?.count, quota?.limits?.bytes]).toEqual([10n, 100n]);
    expect([quota?.limits?.countHardLimit, quota?.limits?.byteHardLimit]).toEqual([20n, 200n]);
    expect([quota?.usage?.count, quota?.usage?.bytes]).toEqual([1n, 0n]);
    expect(db.tree.quotaAbove('/other')).toBeUndefined();
    apply(t.remove('/zookeeper/quota/q/zookeeper_limits'));
    expect(db.tree.quotaAbove('/q')).toBeUndefined();
  });

  test('that do not parse are none', () => {
    apply(t.create('/q'));
    limit('/q', 'many');
    expect(db.tree.quotaAbove('/q')?.limits).toBeUndefined();
    expect(db.tree.quotaAbove('/q')?.usage?.count).toBe(1n);
  });

  test('on the root are not kept, where Apache stops serving', () => {
    apply(t.create('/zookeeper/quota/zookeeper_limits', { data: 'count=1,bytes=1' }));
    apply(t.create('/zookeeper/quota/zookeeper_stats'));
    expect(db.tree.quotaAbove('/q')).toBeUndefined();
    expect(usage('')).toBe('count=6,bytes=15');
    apply(t.remove('/zookeeper/quota/zookeeper_limits'), t.create('/zookeeper/zookeeper_limits'));
    apply(t.remove('/zookeeper/zookeeper_limits'));
  });
});

describe('the text of limits and usage', () => {
  test.each([
    ['', 'count=-1,bytes=-1'],
    ['count=5', 'count=5,bytes=-1'],
    ['bytes=7;count=5', 'count=5,bytes=7'],
    ['count=5,bytes=7=;byteHardLimit=9;countHardLimit=8', 'count=5,bytes=7=;byteHardLimit=9;countHardLimit=8'],
    ['countHardLimit=8,,;;count=1', 'count=1,bytes=-1=;countHardLimit=8'],
    ['count==5', 'count=-1,bytes=-1'],
    ['count=+5,bytes=-07,', 'count=5,bytes=-7'],
    ['z=1,a=2', 'count=-1,bytes=-1=;a=2;z=1'],
    ['bytes=9223372036854775807', 'count=-1,bytes=9223372036854775807'],
    [',', 'count=-1,bytes=-1'],
    ['=1=', 'count=-1,bytes=-1=;=1'],
  ])('%j means %j', (text, canonical) => {
    expect(StatsTrack.parse(text)?.toString()).toBe(canonical);
  });

  test.each([
    'count',
    'count=',
    ',count=1',
    'count=x',
    'count= 1',
    '=',
    'bytes=9223372036854775808',
    'count=1.0',
    'count=-',
  ])('%j means nothing', (text) => {
    expect(StatsTrack.parse(text)).toBeUndefined();
  });
});

describe('the trie of limited paths', () => {
  test('finds the deepest one at or above a path', () => {
    const trie = new PathTrie();
    for (const path of ['/a', '/a/b/c', '/x/y']) trie.add(path);
    const found = ['/', '/a', '/a/b', '/a/b/c', '/a/b/c/d', '/ab', '/x', '/x/y/z'].map((path) =>
      trie.deepestAbove(path),
    );
    expect(found).toEqual([undefined, '/a', '/a', '/a/b/c', '/a/b/c', undefined, undefined, '/x/y']);
  });

  test('forgets what is removed, and is empty in the end', () => {
    const trie = new PathTrie();
    trie.add('/a');
    trie.add('/a');
    trie.add('/a/b/c');
    trie.remove('/a/b');
    trie.remove('/z');
    trie.remove('/a');
    expect([trie.deepestAbove('/a/b'), trie.deepestAbove('/a/b/c'), trie.isEmpty]).toEqual([
      undefined,
      '/a/b/c',
      false,
    ]);
    trie.remove('/a/b/c');
    expect([trie.deepestAbove('/a/b/c'), trie.isEmpty]).toEqual([undefined, true]);
    trie.add('/b');
    trie.clear();
    expect([trie.deepestAbove('/b'), trie.isEmpty]).toEqual([undefined, true]);
  });

  test('overlooks blank parts, as Apache does', () => {
    const trie = new PathTrie();
    trie.add('/a/ /b');
    trie.add('/ ');
    expect([trie.deepestAbove('/a/b'), trie.deepestAbove('/a/  /b/c'), trie.deepestAbove('/')]).toEqual([
      '/a/b',
      '/a/b',
      undefined,
    ]);
  });
});
