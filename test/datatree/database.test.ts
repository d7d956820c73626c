import { beforeEach, describe, expect, test } from 'vitest';
import type { LogFields } from '../../src/base/log.ts';
import { Database, type DatabaseOptions } from '../../src/datatree/database.ts';
import { contentCrc, digestFrom } from '../../src/datatree/digest/digest.ts';
import { CONTAINER_OWNER } from '../../src/datatree/tree/owner-kind.ts';
import { ErrorCode, OpCode } from '../../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from '../../src/jute/data-records.ts';
import type { TxnBody } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import { makeZxid, type Zxid } from '../../src/jute/zxid.ts';
import { logTo } from '../fakes/log-to.ts';
import { dump, sessionsOf, steppedThrough } from './histories.ts';
import * as t from './txns.ts';

const lines: { level: string; message: string; fields: LogFields }[] = [];

const log = logTo((level, message, fields) => lines.push({ level, message, fields }));
const OPTIONS: DatabaseOptions = {
  extendedTypes: true,
  emulate353Ttl: false,
  digest: true,
  hashKey: { low: 1, high: 2 },
  log,
};
const BOB: Acl[] = [{ perms: 31, id: { scheme: 'digest', id: 'bob:x' } }];

let db: Database;
let zxid: number;

beforeEach(() => {
  lines.length = 0;
  db = new Database(OPTIONS);
  zxid = 0;
});

function apply(body: TxnBody, extra: t.Extra = {}) {
  zxid++;
  return db.apply(t.txn(body, { zxid, ...extra }));
}

function statOf(path: string) {
  return db.tree.clientStat(db.tree.lookup(path));
}

describe('a fresh tree', () => {
  test('holds the root and the reserved nodes', () => {
    expect([...dump(db).keys()].sort()).toEqual(['/', '/zookeeper', '/zookeeper/config', '/zookeeper/quota']);
    expect(db.tree.aclOf(db.tree.lookup('/'))).toEqual(OPEN_ACL_UNSAFE);
    expect(db.tree.aclOf(db.tree.lookup('/zookeeper/config'))).toEqual(READ_ACL_UNSAFE);
    expect(statOf('/zookeeper/config').aversion).toBe(-1);
    expect(statOf('/zookeeper')).toEqual({
      czxid: 0,
      mzxid: 0,
      ctime: 0,
      mtime: 0,
      version: 0,
      cversion: -2,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 0,
      numChildren: 2,
      pzxid: 0,
    });
    expect(db.tree.dataOf(db.tree.lookup('/zookeeper'))).toEqual(Buffer.alloc(0));
  });

  test('counts what mntr of an empty Apache server counts', () => {
    const { nodeCount, dataSizeApprox, ephemeralCount } = db.tree;
    const acls = db.tree.copyAcls().count;
    expect({ nodeCount, dataSizeApprox, ephemeralCount, acls }).toEqual({
      nodeCount: 5,
      dataSizeApprox: 44,
      ephemeralCount: 0,
      acls: 1,
    });
    expect(db.tree.digest()).toBe(1371985504n);
  });

  test('has the root under two names', () => {
    expect(db.tree.lookup('')).toBe(db.tree.lookup('/'));
    expect([db.tree.lookup('/none'), db.tree.lookup('zookeeper'), db.tree.lookup('/zookeeper/')]).toEqual([-1, -1, -1]);
  });
});

describe('create', () => {
  test('makes a node and moves its parent', () => {
    expect(apply(t.create('/a', { data: 'hello' }))).toEqual({
      type: OpCode.create,
      err: 0,
      path: '/a',
      stat: undefined,
      items: undefined,
    });
    expect(statOf('/a')).toEqual({
      czxid: 1,
      mzxid: 1,
      ctime: 1001,
      mtime: 1001,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 5,
      numChildren: 0,
      pzxid: 1,
    });
    expect(statOf('/')).toMatchObject({ cversion: 0, pzxid: 1, numChildren: 2 });
    expect([db.tree.nodeCount, db.tree.dataSizeApprox]).toEqual([6, 44 + 7]);
  });

  test('answers with the Stat where the reply holds one', () => {
    for (const [path, body] of [
      ['/c2', t.create('/c2', { type: OpCode.create2 })],
      ['/box', t.createContainer('/box')],
      ['/ttl', t.createTtl('/ttl', 5)],
    ] as const) {
      expect(apply(body)).toMatchObject({ type: body.type, err: 0, path, stat: statOf(path) });
    }
  });

  test('keeps null data apart from empty data', () => {
    apply(t.create('/null', { data: undefined }));
    apply(t.create('/empty'));
    expect(db.tree.dataOf(db.tree.lookup('/null'))).toBeUndefined();
    expect(db.tree.dataOf(db.tree.lookup('/empty'))).toEqual(Buffer.alloc(0));
    expect([statOf('/null').dataLength, statOf('/empty').dataLength]).toEqual([0, 0]);
  });

  test('copies the data', () => {
    const body = t.create('/a', { data: 'before' });
    apply(body);
    body.data?.fill(0);
    expect(db.tree.dataOf(db.tree.lookup('/a'))?.toString()).toBe('before');
  });

  test('shows clients the owner of an ephemeral, and no mark of another kind', () => {
    apply(t.create('/e', { ephemeral: true }), { session: -5n });
    apply(t.createContainer('/c'));
    apply(t.createTtl('/t', 0xffffffffff));
    expect([statOf('/e').ephemeralOwner, statOf('/c').ephemeralOwner, statOf('/t').ephemeralOwner]).toEqual([
      -5n,
      0n,
      0n,
    ]);
    const stored = (path: string): bigint => db.tree.persistedStat(db.tree.lookup(path)).ephemeralOwner;
    expect([stored('/e'), stored('/c'), stored('/t')]).toEqual([-5n, CONTAINER_OWNER, -0xffff0000000001n]);
    expect(db.tree.ephemeralsOf(-5n)).toEqual(['/e']);
    expect(db.tree.ephemeralOwners()).toEqual([-5n]);
  });

  test('takes a null ACL for the open one', () => {
    apply(t.create('/a', { acl: undefined }));
    expect(db.tree.aclOf(db.tree.lookup('/a'))).toEqual(OPEN_ACL_UNSAFE);
  });

  test('says that the parent is missing, also for a path that is none', () => {
    for (const path of ['/a/b', 'a', '', '/', '/a/', '//a']) {
      expect(apply(t.create(path)), path).toMatchObject({ err: ErrorCode.noNode });
    }
    expect(db.tree.nodeCount).toBe(5);
    expect(statOf('/').pzxid).toBe(0);
  });

  test('repeated restores the ACL and keeps the rest', () => {
    apply(t.create('/a', { data: 'first', acl: BOB }));
    apply(t.setData('/a', 'second'));
    apply(t.setAcl('/a', [...OPEN_ACL_UNSAFE]));
    const stat = statOf('/a');
    expect(apply(t.create('/a', { data: 'first', acl: BOB, parentCVersion: 1 })).err).toBe(ErrorCode.nodeExists);
    expect(db.tree.aclOf(db.tree.lookup('/a'))).toEqual(BOB);
    expect(statOf('/a')).toEqual(stat);
    expect(statOf('/')).toMatchObject({ pzxid: 1, numChildren: 2 });
  });

  test('repeated raises the counters of a parent that is behind, and never lowers them', () => {
    apply(t.create('/p'));
    apply(t.create('/p/a', { parentCVersion: 7 }));
    expect([db.tree.persistedStat(db.tree.lookup('/p')).cversion, statOf('/p').pzxid]).toEqual([7, 2]);
    apply(t.create('/p/a', { parentCVersion: 9 }));
    expect([db.tree.persistedStat(db.tree.lookup('/p')).cversion, statOf('/p').pzxid]).toEqual([9, 3]);
    apply(t.create('/p/a', { parentCVersion: 8 }));
    apply(t.create('/p/b', { parentCVersion: 8 }));
    expect([db.tree.persistedStat(db.tree.lookup('/p')).cversion, statOf('/p').pzxid]).toEqual([9, 3]);
  });

  test('counts on from the parent when the transaction does not say how far, and stops at the largest int', () => {
    apply(t.create('/p'));
    apply(t.create('/p/a', { parentCVersion: 0x7fffffff }));
    apply(t.create('/p/b'));
    apply(t.create('/p/c', { parentCVersion: -0x80000000 }));
    expect(db.tree.persistedStat(db.tree.lookup('/p')).cversion).toBe(0x7fffffff);
    expect(statOf('/p')).toMatchObject({ pzxid: 2, numChildren: 3, cversion: -5 });
  });
});

describe('delete', () => {
  test('takes the node away and moves the parent', () => {
    apply(t.create('/p'));
    apply(t.create('/p/a', { data: 'xyz' }));
    expect(apply(t.remove('/p/a'))).toMatchObject({ type: OpCode.delete, err: 0, path: '/p/a', stat: undefined });
    expect(db.tree.lookup('/p/a')).toBe(-1);
    expect(statOf('/p')).toMatchObject({ pzxid: 3, numChildren: 0, cversion: 2 });
    expect([db.tree.nodeCount, db.tree.dataSizeApprox]).toEqual([6, 46]);
  });

  test('of a node that is gone raises the parent\u2019s pzxid, and never lowers it', () => {
    apply(t.create('/p'));
    expect(apply(t.remove('/p/a')).err).toBe(ErrorCode.noNode);
    expect(statOf('/p').pzxid).toBe(2);
    apply(t.create('/p/b', { parentCVersion: 1 }), { zxid: 9 });
    db.setLastProcessed(2 as Zxid);
    apply(t.remove('/p/a'));
    expect(statOf('/p').pzxid).toBe(9);
    expect(apply(t.remove('/none/a')).err).toBe(ErrorCode.noNode);
  });

  test('of a node with children, which only a fuzzy snapshot has, takes these too', () => {
    apply(t.create('/p'));
    apply(t.create('/p/a'));
    apply(t.create('/p/a/e', { ephemeral: true }));
    apply(t.create('/p/b', { data: 'data' }));
    apply(t.remove('/p'));
    expect([...dump(db).keys()].sort()).toEqual(['/', '/zookeeper', '/zookeeper/config', '/zookeeper/quota']);
    expect([db.tree.nodeCount, db.tree.dataSizeApprox, db.tree.ephemeralCount]).toEqual([5, 44, 0]);
  });

  test('never takes the root', () => {
    expect(apply(t.remove('/')).err).toBe(ErrorCode.noNode);
    expect(apply(t.remove('')).err).toBe(ErrorCode.noNode);
    expect(db.tree.lookup('/')).toBeGreaterThanOrEqual(0);
  });
});

describe('setData and setACL', () => {
  test('set what the transaction says', () => {
    apply(t.create('/a', { data: 'hello' }));
    const set = apply(t.setData('/a', 'hi', 8));
    expect(set).toMatchObject({ type: OpCode.setData, err: 0, path: '/a', stat: statOf('/a') });
    expect(statOf('/a')).toMatchObject({
      czxid: 1,
      mzxid: 2,
      mtime: 1002,
      ctime: 1001,
      version: 8,
      dataLength: 2,
      pzxid: 1,
    });
    expect(db.tree.dataSizeApprox).toBe(44 + 4);
    const guarded = apply(t.setAcl('/a', BOB, 5));
    expect(guarded).toMatchObject({ type: OpCode.setACL, err: 0, path: '/a', stat: statOf('/a') });
    expect(statOf('/a')).toMatchObject({ mzxid: 2, aversion: 5, version: 8 });
    expect(db.tree.aclOf(db.tree.lookup('/a'))).toEqual(BOB);
  });

  test('on a node that is gone do nothing', () => {
    expect(apply(t.setData('/a', 'x'))).toMatchObject({ err: ErrorCode.noNode, stat: undefined });
    expect(apply(t.setAcl('/a', BOB))).toMatchObject({ err: ErrorCode.noNode, stat: undefined });
  });

  test('work on the root', () => {
    apply(t.setData('/', 'root', 1));
    expect([statOf('/').mzxid, db.tree.dataOf(db.tree.lookup(''))?.toString()]).toEqual([1, 'root']);
    const [root, zookeeper] = [db.tree.lookup('/'), db.tree.lookup('/zookeeper')];
    const stat = db.tree.persistedStat(root);
    expect(db.tree.digestOf(root)).toBe(digestFrom(contentCrc('/', Buffer.from('root')), stat));
    expect(db.tree.digestOf(root)).toBe(digestFrom(contentCrc('', Buffer.from('root')), stat));
    expect(db.tree.digest()).toBe(BigInt(db.tree.digestOf(root) + db.tree.digestOf(zookeeper)));
  });

  test('by reconfig show the new configuration with version -1', () => {
    const body: TxnBody = {
      kind: 'setData',
      type: OpCode.reconfig,
      path: '/zookeeper/config',
      data: Buffer.from('v'),
      version: -1,
    };
    expect(apply(body)).toMatchObject({ type: OpCode.reconfig, err: 0 });
    expect(statOf('/zookeeper/config')).toMatchObject({ version: -1, mzxid: 1 });
  });
});

describe('multi', () => {
  test('does every part at one zxid', () => {
    const done = apply(
      t.multi(
        t.check('/'),
        t.create('/a'),
        t.create('/a/b', { type: OpCode.create2 }),
        t.setData('/a', 'x'),
        t.remove('/a/b'),
      ),
    );
    expect(done.items?.map(({ type, err, path }) => [type, err, path])).toEqual([
      [OpCode.check, 0, '/'],
      [OpCode.create, 0, '/a'],
      [OpCode.create2, 0, '/a/b'],
      [OpCode.setData, 0, '/a'],
      [OpCode.delete, 0, '/a/b'],
    ]);
    // Each Stat is that of its moment.
    expect(done.items?.[3]?.stat).toMatchObject({ numChildren: 1, cversion: 1, pzxid: 1 });
    expect(statOf('/a')).toMatchObject({ czxid: 1, mzxid: 1, pzxid: 1, numChildren: 0, cversion: 2 });
    expect([done.type, done.err, done.path]).toEqual([OpCode.multi, 0, '']);
  });

  test('that failed does nothing, and answers for every part', () => {
    const done = apply(t.multi(t.create('/a'), t.failure(-103), t.failure(-2), t.check('/')));
    expect(done.items?.map(({ type, err }) => [type, err])).toEqual([
      [OpCode.error, 0],
      [OpCode.error, -103],
      [OpCode.error, -2],
      [OpCode.error, -2],
    ]);
    expect([done.err, db.tree.lookup('/a'), db.lastProcessedZxid]).toEqual([-103, -1, 1]);
  });

  test('replayed goes on past parts that are done already', () => {
    apply(t.create('/a'));
    const done = apply(t.multi(t.create('/a'), t.create('/b'), t.remove('/none')));
    expect([done.err, done.items?.map(({ err }) => err)]).toEqual([-110, [-110, 0, -101]]);
    expect(db.tree.lookup('/b')).toBeGreaterThanOrEqual(0);
  });

  test('may be empty', () => {
    expect(apply(t.multi())).toEqual({ type: OpCode.multi, err: 0, path: '', stat: undefined, items: [] });
  });
});

describe('sessions', () => {
  test('come and go with their ephemerals', () => {
    apply(t.openSession(30_000), { session: 1n });
    apply(t.openSession(20_000), { session: -2n });
    apply(t.create('/p'));
    apply(t.create('/p/mine', { ephemeral: true }), { session: 1n });
    apply(t.create('/p/also', { ephemeral: true }), { session: 1n });
    apply(t.create('/p/other', { ephemeral: true }), { session: -2n });
    expect([db.sessions.size, db.sessions.timeoutOf(1n), db.sessions.has(3n), db.tree.ephemeralCount]).toEqual([
      2,
      30_000,
      false,
      3,
    ]);
    expect(apply(t.closeSession('/p/also', '/p/mine'), { session: 1n })).toMatchObject({
      type: OpCode.closeSession,
      err: 0,
    });
    expect([...sessionsOf(db)]).toEqual([[-2n, 20_000]]);
    expect([db.tree.childNames(db.tree.lookup('/p')), statOf('/p').pzxid]).toEqual([['other'], 7]);
    expect([db.tree.ephemeralsOf(1n), db.tree.ephemeralOwners()]).toEqual([[], [-2n]]);
  });

  test('closed without a list lose what the tree says they have', () => {
    apply(t.create('/mine', { ephemeral: true }), { session: 1n });
    apply({ kind: 'closeSession', type: OpCode.closeSession, paths: undefined }, { session: 1n });
    expect(db.tree.lookup('/mine')).toBe(-1);
    expect(lines).toEqual([]);
  });

  test('closed with a list that lacks some lose these too, and it is said', () => {
    apply(t.create('/one', { ephemeral: true }), { session: 255n });
    apply(t.create('/two', { ephemeral: true }), { session: 255n });
    apply(t.closeSession('/two', '/never'), { session: 255n });
    expect([db.tree.lookup('/one'), db.tree.lookup('/two')]).toEqual([-1, -1]);
    expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { session: '0xff', zxid: 3, nodes: 1 }],
    ]);
  });

  test('closed twice move the parent as once (ZOOKEEPER-3145)', () => {
    apply(t.create('/p'));
    apply(t.create('/p/e', { ephemeral: true }), { session: 1n });
    apply(t.remove('/p/e'), { session: 1n });
    // The snapshot was written when the node was gone; the list still names it.
    apply(t.closeSession('/p/e'), { session: 1n });
    expect(statOf('/p').pzxid).toBe(4);
  });
});

describe('an error', () => {
  test('is a transaction that changes nothing', () => {
    const before = dump(db);
    expect(apply(t.failure(ErrorCode.badVersion))).toMatchObject({ type: OpCode.error, err: ErrorCode.badVersion });
    expect([dump(db), db.lastProcessedZxid]).toEqual([before, 1]);
  });
});

describe('the last processed zxid', () => {
  test('can be set to the start of an epoch', () => {
    db.setLastProcessed(makeZxid(2, 0));
    expect(db.lastProcessedZxid).toBe(2 * 2 ** 32);
    apply(t.create('/a'), { zxid: 2 * 2 ** 32 + 1 });
    expect(db.lastProcessedZxid).toBe(2 * 2 ** 32 + 1);
  });

  test('keeps a transaction out that is not above it', () => {
    apply(t.create('/a'), { zxid: 7 });
    for (const zxid of [7, 6]) expect(apply(t.remove('/a'), { zxid })).toMatchObject({ err: 0, stat: undefined });
    expect([db.tree.lookup('/a') >= 0, db.lastProcessedZxid]).toEqual([true, 7]);
  });
});

describe('digests', () => {
  test('that differ from the transaction\u2019s are counted, and logged once', () => {
    apply(t.create('/a'), { digest: 5n });
    apply(t.create('/b'), { digest: 6n });
    apply(t.failure(-1), { digest: db.tree.digest() });
    expect(db.digestMismatches).toBe(2);
    expect(lines.map(({ level, fields }) => [level, fields.zxid, fields.expected])).toEqual([['error', 1, '5']]);
  });

  test('of another version are not compared', () => {
    const txn = t.txn(t.create('/a'), { digest: 5n });
    if (txn.digest !== undefined) txn.digest.version = 1;
    db.apply(txn);
    expect(db.digestMismatches).toBe(0);
  });

  test('are remembered each 128 zxids, 1024 of them', () => {
    for (let i = 0; i < 300; i++) apply(t.failure(-1));
    expect(db.digestLog).toEqual([
      { zxid: 128, version: 2, digest: 1371985504n },
      { zxid: 256, version: 2, digest: 1371985504n },
    ]);
    for (let i = 0; i < 1100; i++) apply(t.failure(-1), { zxid: 128 * (10 + i) });
    expect([db.digestLog.length, db.digestLog[1023]?.zxid]).toEqual([1024, 128 * 1109]);
  });

  test('can be off', () => {
    db = new Database({ ...OPTIONS, digest: false });
    apply(t.create('/a'), { digest: 5n, zxid: 128 });
    db.expectDigest({ zxid: 128 as Zxid, version: 2, digest: 1n });
    expect([db.tree.digest(), db.digestMismatches, db.digestLog, db.startCut().digest]).toEqual([0n, 0, [], undefined]);
  });

  test('of a fuzzy snapshot count from the zxid at which it was finished', () => {
    db.expectDigest({ zxid: 3 as Zxid, version: 2, digest: 1371985504n });
    apply(t.failure(-1), { digest: 1n });
    apply(t.failure(-1), { digest: 1n });
    apply(t.failure(-1), { digest: 1n });
    expect(db.digestMismatches).toBe(0);
    apply(t.failure(-1), { digest: 1n });
    expect(db.digestMismatches).toBe(1);
  });

  test('of a fuzzy snapshot can be wrong, or never come', () => {
    db.expectDigest({ zxid: 1 as Zxid, version: 2, digest: 1n });
    apply(t.failure(-1));
    expect(db.digestMismatches).toBe(1);
    db.expectDigest({ zxid: 5 as Zxid, version: 2, digest: 1n });
    apply(t.failure(-1), { zxid: 7 });
    apply(t.failure(-1), { zxid: 8, digest: 3n });
    expect(db.digestMismatches).toBe(2);
  });

  test('of a state that its leader changed while sending it count from the last transaction it may hold', () => {
    db.becomeFuzzy();
    for (let i = 0; i < 128; i++) apply(t.failure(-1), { digest: 1n });
    db.fuzzyUntil(130 as Zxid);
    apply(t.failure(-1), { digest: 1n });
    const cut = db.startCut();
    cut.cancel();
    expect(cut.digest).toBe('none');
    expect([db.digestMismatches, db.wasFuzzy, db.digestLog]).toEqual([0, true, []]);
    apply(t.failure(-1), { digest: 1n });
    db.startCut().cancel();
    expect([db.digestMismatches, db.wasFuzzy]).toEqual([1, false]);
  });

  test('of an exact state count, whatever its leader says of a fuzzy one', () => {
    db.fuzzyUntil(5 as Zxid);
    apply(t.failure(-1), { digest: 1n });
    expect([db.digestMismatches, db.wasFuzzy]).toEqual([1, false]);
  });

  test('of a state that its leader left alone show it as exact', () => {
    db.becomeFuzzy();
    db.fuzzyUntil(2 as Zxid);
    apply(t.failure(-1), { digest: 1371985504n });
    apply(t.failure(-1), { digest: 1371985504n });
    expect([db.digestMismatches, db.wasFuzzy]).toEqual([0, false]);
  });

  test('of an exact snapshot are compared at once, and older or empty ones not at all', () => {
    apply(t.failure(-1));
    apply(t.failure(-1));
    db.expectDigest({ zxid: 1 as Zxid, version: 2, digest: 1n });
    db.expectDigest({ zxid: 0 as Zxid, version: 2, digest: 1n });
    db.expectDigest({ zxid: 2 as Zxid, version: 1, digest: 1n });
    db.expectDigest({ zxid: 2 as Zxid, version: 2, digest: 1371985504n });
    expect(db.digestMismatches).toBe(0);
    db.expectDigest({ zxid: 2 as Zxid, version: 2, digest: 1n });
    expect(db.digestMismatches).toBe(1);
    // One that is older hides nothing of what follows.
    db.expectDigest({ zxid: 1 as Zxid, version: 2, digest: 1n });
    apply(t.failure(-1), { digest: 4n });
    expect(db.digestMismatches).toBe(2);
  });
});

describe('setConfig', () => {
  test('shows the configuration as a server does at its start', () => {
    db.setConfig('server.1=a:1:2:participant\nversion=100000000', makeZxid(1, 0), 5000);
    const config = db.tree.lookup('/zookeeper/config');
    expect(db.tree.dataOf(config)?.toString()).toBe('server.1=a:1:2:participant\nversion=100000000');
    expect(statOf('/zookeeper/config')).toMatchObject({
      mzxid: 2 ** 32,
      mtime: 5000,
      version: -1,
      czxid: 0,
      aversion: -1,
    });
    expect([db.lastProcessedZxid, db.tree.digest()]).toEqual([0, 1371985504n]);
  });

  test('makes the node where an old snapshot has none', () => {
    apply(t.remove('/zookeeper/config'));
    db.setConfig('x', makeZxid(0, 0), 1);
    expect(statOf('/zookeeper/config')).toMatchObject({ aversion: -1, dataLength: 1 });
    expect(db.tree.aclOf(db.tree.lookup('/zookeeper/config'))).toEqual(READ_ACL_UNSAFE);
  });
});

describe('reads', () => {
  test('write the same Stat that they hand out', () => {
    apply(t.create('/e', { ephemeral: true, data: 'abc' }), { session: -0x7f00000000000001n, time: 1_700_000_000_123 });
    const w = new Writer();
    const node = db.tree.lookup('/e');
    db.tree.writeDataAndStat(node, w);
    expect(w.take().toString('hex')).toBe(
      [
        '00000003616263',
        '0000000000000001',
        '0000000000000001',
        '0000018bcfe5687b',
        '0000018bcfe5687b',
        '000000000000000000000000',
        '80ffffffffffffff',
        '0000000300000000',
        '0000000000000001',
      ].join(''),
    );
  });

  test('list children in the order of their creation', () => {
    apply(t.create('/p'));
    for (const name of ['b', 'a', '\u00e4', 'c']) apply(t.create(`/p/${name}`));
    apply(t.remove('/p/a'));
    apply(t.create('/p/a'));
    expect(db.tree.childNames(db.tree.lookup('/p'))).toEqual(['b', '\u00e4', 'c', 'a']);
    expect(db.tree.childNames(db.tree.lookup('/'))).toEqual(['zookeeper', 'p']);
    const w = new Writer();
    db.tree.writeChildren(db.tree.lookup('/p'), w);
    expect(w.take().toString('hex')).toBe('00000004000000016200000002c3a400000001630000000161');
    db.tree.writeChildren(db.tree.lookup('/p/a'), w);
    expect(w.take().toString('hex')).toBe('00000000');
  });

  test('count all descendants', () => {
    for (const path of ['/a', '/a/b', '/a/b/c', '/ab', '/a/d']) apply(t.create(path));
    const count = (path: string): number => db.tree.allChildrenNumber(path);
    expect([count('/a'), count('/a/b'), count('/ab'), count('/'), count(''), count('/none')]).toEqual([
      3, 1, 0, 8, 9, 0,
    ]);
  });

  test('name containers and TTL nodes whose time has come', () => {
    const at = { time: 1000 };
    for (const path of ['/fresh', '/used', '/full']) apply(t.createContainer(path), at);
    apply(t.create('/used/x'), at);
    apply(t.remove('/used/x'), at);
    apply(t.create('/full/x'), at);
    apply(t.createTtl('/short', 10), at);
    apply(t.createTtl('/long', 100_000), at);
    apply(t.createTtl('/parent', 10), at);
    apply(t.create('/parent/x'), at);
    apply(t.createTtl('/gone', 10), at);
    apply(t.remove('/gone'), at);
    apply(t.create('/plain'), at);
    expect(steppedThrough(db.tree.containerCandidates(1010, 0))).toEqual(['/used']);
    expect(steppedThrough(db.tree.containerCandidates(1011, 0))).toEqual(['/used', '/short']);
    expect(steppedThrough(db.tree.containerCandidates(1011, 10))).toEqual(['/fresh', '/used', '/short']);
    expect(steppedThrough(db.tree.containerCandidates(200_000, 0))).toEqual(['/used', '/short', '/long']);
    apply(t.setData('/short', 'x'), { time: 2000 });
    expect(steppedThrough(db.tree.containerCandidates(2010, 0))).toEqual(['/used']);
    apply(t.remove('/used'));
    apply(t.remove('/short'));
    expect(steppedThrough(db.tree.containerCandidates(2010, 0))).toEqual([]);
  });

  test('name the rest when the node that was looked at last goes between two steps', () => {
    for (let i = 0; i <= 10_000; i++) apply(t.createTtl(`/n${i}`, 10), { time: 1000 });
    const steps = db.tree.containerCandidates(2000, 0);
    expect(steps.next().done).toBe(false);
    for (const i of [3, 9999]) apply(t.remove(`/n${i}`));
    for (const i of [1, 2]) apply(t.createTtl(`/later${i}`, 10), { time: 1000 });
    const named = steppedThrough(steps);
    expect([named.length, named.slice(-3)]).toEqual([10_003, ['/n10000', '/later1', '/later2']]);
  });
});
