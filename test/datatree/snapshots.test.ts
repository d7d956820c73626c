import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { Database } from '../../src/datatree/database.ts';
import { CutAccount } from '../../src/datatree/snapshot/cut-account.ts';
import { SnapshotCut } from '../../src/datatree/snapshot/snapshot-cut.ts';
import { SnapshotDecoder } from '../../src/datatree/snapshot/snapshot-decoder.ts';
import type { CutTree } from '../../src/datatree/tree/tree-views.ts';
import { type Acl, type StatPersisted, writeAcls, writeStatPersisted } from '../../src/jute/data-records.ts';
import type { TxnBody } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { logTo } from '../fakes/log-to.ts';
import { comparable, dump, OPTIONS, sessionsOf, steppedThrough } from './histories.ts';
import * as t from './txns.ts';

function bytesOf(cut: SnapshotCut, maxBytes = 1000): Buffer {
  const parts: Buffer[] = [];
  for (let part = cut.next(maxBytes); part !== undefined; part = cut.next(maxBytes)) parts.push(part);
  return Buffer.concat(parts);
}

function applied(...bodies: TxnBody[]): Database {
  const db = new Database(OPTIONS);
  bodies.forEach((body, i) => {
    db.apply(t.txn(body, { zxid: i + 1 }));
  });
  return db;
}

function load(bytes: Buffer): Database {
  const decoder = new SnapshotDecoder(OPTIONS);
  expect(decoder.push(bytes)).toBe(true);
  return decoder.finish(9 as Zxid);
}

/** A snapshot put together by hand. */
class Stream {
  private readonly w = new Writer();

  int(value: number): this {
    this.w.writeInt(value);
    return this;
  }

  session(id: bigint, timeoutMs: number): this {
    this.w.writeLong(id);
    return this.int(timeoutMs);
  }

  acl(id: number, acl: Acl[] | undefined): this {
    this.w.writeSafeLong(id);
    writeAcls(this.w, acl);
    return this;
  }

  node(path: string | undefined, aclId = -1, stat: Partial<StatPersisted> = {}): this {
    this.w.writeString(path);
    this.w.writeBuffer(undefined);
    this.w.writeSafeLong(aclId);
    const zero = 0 as Zxid;
    const times = { czxid: zero, mzxid: zero, ctime: 0, mtime: 0 };
    writeStatPersisted(this.w, {
      ...times,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      pzxid: zero,
      ...stat,
    });
    return this;
  }

  end(): Buffer {
    this.w.writeString('/');
    return this.w.take();
  }
}

const BOB: Acl[] = [{ perms: 31, id: { scheme: 'digest', id: 'bob:x' } }];

describe('a cut', () => {
  test('of a small tree is this stream', () => {
    const db = applied(t.openSession(5000), t.create('/a', { data: 'hi', acl: BOB }));
    const hex = bytesOf(db.startCut()).toString('hex');
    const none = '00'.repeat(68);
    expect(hex).toBe(
      [
        // sessions
        '00000001 0000000000000077 00001388',
        // ACLs: read by anyone, for /zookeeper/config; Bob's
        '00000002 0000000000000001 00000001 00000001 00000005 776f726c64 00000006 616e796f6e65',
        '0000000000000002 00000001 0000001f 00000006 646967657374 00000005 626f623a78',
        // the root, with one create below it
        '00000000 00000000 ffffffffffffffff',
        `${none.slice(0, 64)} 00000000 00000001 00000000 0000000000000000 0000000000000002`,
        `0000000a ${Buffer.from('/zookeeper').toString('hex')} 00000000 ffffffffffffffff ${'00'.repeat(60)}`,
        `00000010 ${Buffer.from('/zookeeper/quota').toString('hex')} 00000000 ffffffffffffffff ${'00'.repeat(60)}`,
        `00000011 ${Buffer.from('/zookeeper/config').toString('hex')} 00000000 0000000000000001`,
        `${'00'.repeat(40)} ffffffff ${'00'.repeat(16)}`,
        '00000002 2f61 00000002 6869 0000000000000002',
        '0000000000000002 0000000000000002 00000000000003ea 00000000000003ea',
        `${'00'.repeat(12)} 0000000000000000 0000000000000002`,
        // the end
        '00000001 2f',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  test('comes in slices of about the size asked for', () => {
    const db = applied(...Array.from({ length: 100 }, (_, i) => t.create(`/${i}`, { data: 'x'.repeat(100) })));
    const cut = db.startCut();
    const first = cut.next(1) as Buffer;
    const second = cut.next(1000) as Buffer;
    expect([first.length < 200, second.length >= 1000, second.length < 1300]).toEqual([true, true, true]);
  });

  test('is unmoved by what happens after its start', () => {
    const bodies = [t.create('/a', { data: 'a' }), t.create('/a/b', { data: 'b', acl: BOB }), t.create('/c')];
    const still = bytesOf(applied(...bodies).startCut());
    const db = applied(...bodies);
    const cut = db.startCut();
    const first = cut.next(1) as Buffer;
    const later = [
      t.setData('/a/b', 'changed'),
      t.remove('/c'),
      t.create('/c', { data: 'again' }),
      t.create('/a/d', { data: 'new' }),
      t.remove('/a/b'),
      t.setAcl('/a', BOB),
      t.openSession(1),
    ];
    later.forEach((body, i) => {
      db.apply(t.txn(body, { zxid: 10 + i }));
    });
    const bytes = Buffer.concat([first, bytesOf(cut)]);
    expect(bytes.length).toBe(still.length);
    expect(comparable(dump(load(bytes)))).toEqual(comparable(dump(load(still))));
    // A node made anew in the place of one that was written early is not part of it, nor mistaken for it.
    expect(comparable(dump(load(bytesOf(db.startCut()))))).toEqual(comparable(dump(db)));
  });

  test('does not miss its way when the node it comes to next goes', () => {
    const bodies = [t.create('/a'), t.create('/a/b'), t.create('/c'), t.create('/d'), t.create('/e')];
    const expected = comparable(dump(applied(...bodies)));
    for (let steps = 0; steps < 12; steps++) {
      for (const victim of ['/a/b', '/c', '/d', '/e']) {
        const db = applied(...bodies);
        const cut = db.startCut();
        const parts: Buffer[] = [];
        // Each step is one node.
        for (let i = 0; i < steps; i++) parts.push(cut.next(1) ?? Buffer.alloc(0));
        db.apply(t.txn(t.remove(victim), { zxid: 10 }));
        db.apply(t.txn(t.create('/new'), { zxid: 11 }));
        parts.push(bytesOf(cut, 1));
        expect(comparable(dump(load(Buffer.concat(parts)))), `${victim} after ${steps}`).toEqual(expected);
      }
    }
  });

  test('that is over, or cancelled, is forgotten by the tree', () => {
    for (const end of [(cut: SnapshotCut) => cut.cancel(), (cut: SnapshotCut) => bytesOf(cut)]) {
      const db = applied(t.create('/a'));
      const cut = db.startCut();
      cut.next(1);
      end(cut);
      let asked = 0;
      cut.beforeChange = (): void => {
        asked++;
      };
      db.apply(t.txn(t.setData('/a', 'x'), { zxid: 5 }));
      expect([cut.next(1000), cut.next(1000), asked]).toEqual([undefined, undefined, 0]);
      cut.cancel();
    }
  });
});

describe('a cut of a tree that changes meanwhile', () => {
  /** /a, /a/a and so on; the paths from the top down. */
  function chain(depth: number): { db: Database; paths: string[] } {
    const paths: string[] = [];
    for (let i = 1; i <= depth; i++) paths.push('/a'.repeat(i));
    return { db: applied(...paths.map((path) => t.create(path))), paths };
  }

  test('keeps one node for a change in the deep, not all above it', () => {
    const { db, paths } = chain(200);
    const cut = db.startCut();
    db.apply(t.txn(t.setData(paths.at(-1) as string, 'changed'), { zxid: 1000 }));
    db.apply(t.txn(t.setData(paths.at(-1) as string, 'again'), { zxid: 1001 }));
    // path 4 + 400, data 4, ACL 8, Stat 60
    expect([cut.heldBytes, db.cuts.heldBytes, db.cuts.openCuts]).toEqual([476, 476, 1]);
    expect(comparable(dump(load(bytesOf(cut))))).toEqual(comparable(dump(chain(200).db)));
    expect([cut.heldBytes, db.cuts.heldBytes, db.cuts.openCuts]).toEqual([0, 0, 0]);
  });

  test('and is 10,000 nodes deep has every node once', () => {
    const db = new Database({ ...OPTIONS, digest: false });
    const empty = bytesOf(db.startCut()).length;
    const paths = Array.from({ length: 10_000 }, (_, i) => '/a'.repeat(i + 1));
    for (const [i, path] of paths.entries()) db.apply(t.txn(t.create(path), { zxid: i + 1 }));
    const cut = db.startCut();
    let bytes = (cut.next(1000) as Buffer).length;
    db.apply(t.txn(t.setData(paths.at(-1) as string, 'changed'), { zxid: 20_000 }));
    for (const [i, path] of paths.slice(-50).reverse().entries()) db.apply(t.txn(t.remove(path), { zxid: 20_001 + i }));
    for (let part = cut.next(1 << 20); part !== undefined; part = cut.next(1 << 20)) bytes += part.length;
    // Of each node the path and its length, then 4 for no data, 8 for the ACL, 60 for the Stat; 35 for the one ACL.
    expect(bytes).toBe(empty + 35 + 10_000 * 76 + 2 * ((10_000 * 10_001) / 2));
    expect(db.tree.nodeCount).toBe(9_955);
  });

  test('writes what went where it stood, however many went around it', () => {
    const names = ['/a', '/b', '/c', '/d', '/e', '/f'];
    const order = (gone: readonly string[], first: number): string[] => {
      const db = applied(...names.map((name) => t.create(name)));
      const cut = db.startCut();
      const parts: Buffer[] = [];
      for (let i = 0; i < first; i++) parts.push(cut.next(1) as Buffer);
      for (const name of gone) db.apply(t.txn(t.remove(name), { zxid: db.lastProcessedZxid + 1 }));
      parts.push(bytesOf(cut, 1));
      return load(Buffer.concat(parts)).tree.childNames(0).slice(1);
    };
    for (const first of [1, 7, 8, 9, 11, 14]) {
      for (const gone of [['/c'], ['/c', '/d'], ['/d', '/c'], ['/f', '/e', '/a'], ['/b', '/d', '/c', '/e'], names]) {
        expect(order(gone, first), `${gone} after ${first}`).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      }
    }
  });

  test('is given up when all cuts together keep too much, the one that keeps most first', () => {
    const db = applied(...Array.from({ length: 10 }, (_, i) => t.create(`/${i}`, { data: 'x'.repeat(1000) })));
    const tree = db.tree as unknown as CutTree;
    const account = new CutAccount(6000);
    const open = (): SnapshotCut => new SnapshotCut(tree, db.sessions, db.lastProcessedZxid, 'none', account);
    const change = (path: string): void => {
      db.apply(t.txn(t.setData(path, 'y'), { zxid: db.lastProcessedZxid + 1 }));
    };
    const older = open();
    for (const path of ['/0', '/1', '/2']) change(path);
    const newer = open();
    change('/3');
    expect([older.defect, newer.defect, account.openCuts]).toEqual([undefined, undefined, 2]);
    change('/4');
    expect(account.heldBytes).toBe(newer.heldBytes);
    expect(older.next(1000)).toBeUndefined();
    expect(older.defect).toBe('open snapshots hold 6468 bytes of what changed since they began, more than 6000');
    expect(bytesOf(newer).length).toBeGreaterThan(7000);
    expect([newer.defect, account.openCuts, account.heldBytes]).toEqual([undefined, 0, 0]);
  });
});

describe('the decoder', () => {
  const db = applied(
    t.openSession(5000),
    t.create('/a', { data: 'hi', acl: BOB }),
    t.create('/a/e', { ephemeral: true, data: undefined }),
    t.createTtl('/t', 5),
    t.createContainer('/box'),
    t.setData('/', 'root'),
  );
  const bytes = bytesOf(db.startCut());

  test('takes the stream in chunks of any size, and leaves what follows it', () => {
    for (const size of [1, 2, 3, 7, 64, bytes.length, bytes.length + 20]) {
      const stream = Buffer.concat([bytes, Buffer.from('BenWasHere')]);
      const decoder = new SnapshotDecoder(OPTIONS);
      let done = false;
      for (let at = 0; at < stream.length; at += size) {
        done = decoder.push(stream.subarray(at, at + size));
        expect(done).toBe(at + size >= bytes.length);
      }
      expect(decoder.rest.toString()).toBe('BenWasHere');
      const loaded = decoder.finish(6 as Zxid);
      expect(comparable(dump(loaded))).toEqual(comparable(dump(db)));
      expect([sessionsOf(loaded), loaded.tree.digest(), loaded.lastProcessedZxid]).toEqual([
        sessionsOf(db),
        db.tree.digest(),
        6,
      ]);
      expect([loaded.tree.nodeCount, loaded.tree.ephemeralCount, loaded.tree.ephemeralsOf(0x77n)]).toEqual([
        9,
        1,
        ['/a/e'],
      ]);
      expect(steppedThrough(loaded.tree.containerCandidates(1e12, 1))).toEqual(['/box', '/t']);
    }
  });

  test('keeps nothing of a chunk but copies: its buffer may hold the next one', () => {
    const paths = ['/plain', '/plain/below', '/zwölf', '/zwölf/äöü'];
    const wide = applied(...paths.map((path) => t.create(path, { data: path.repeat(50) })), t.remove('/plain/below'));
    const stream = bytesOf(wide.startCut());
    for (const size of [5, 100, 700]) {
      const decoder = new SnapshotDecoder(OPTIONS);
      const buffer = Buffer.alloc(size);
      for (let at = 0; at < stream.length; at += size) {
        const chunk = buffer.subarray(0, stream.copy(buffer, 0, at, at + size));
        decoder.push(chunk);
        chunk.fill(0xee);
      }
      const loaded = decoder.finish(5 as Zxid);
      expect([...dump(loaded)]).toEqual([...dump(wide)]);
      expect(loaded.tree.digest()).toBe(wide.tree.digest());
    }
  });

  test('waits for every byte that is missing, and refuses to finish without it', () => {
    for (let length = 0; length < bytes.length; length++) {
      const decoder = new SnapshotDecoder(OPTIONS);
      expect(decoder.push(bytes.subarray(0, length))).toBe(false);
      expect(() => decoder.finish(1 as Zxid)).toThrow(ProtocolError);
      expect(decoder.push(bytes.subarray(length))).toBe(true);
    }
  });

  test('does not look at a large record again before enough of it is there', { timeout: 5000 }, () => {
    const stream = bytesOf(applied(t.create('/big', { data: 'x'.repeat(30_000_000) })).startCut());
    const decoder = new SnapshotDecoder(OPTIONS);
    for (let at = 0; at < stream.length; at += 1000) decoder.push(stream.subarray(at, at + 1000));
    const loaded = decoder.finish(1 as Zxid);
    expect(loaded.tree.clientStat(loaded.tree.lookup('/big')).dataLength).toBe(30_000_000);
  });

  test('counts the root twice, as Apache does after loading', () => {
    expect([db.tree.dataSizeApprox, load(bytes).tree.dataSizeApprox]).toEqual([44 + 2 + 2 + 4 + 2 + 4 + 4, 66]);
  });

  test('drops ACLs that nobody uses, and finds those that two ids name', () => {
    const stream = new Stream().int(0).int(3).acl(5, BOB).acl(6, []).acl(7, BOB);
    const loaded = load(stream.node('').node('/a', 5).node('/b', 7).end());
    expect(loaded.tree.copyAcls().count).toBe(1);
    for (const path of ['/a', '/b']) expect(loaded.tree.aclOf(loaded.tree.lookup(path))).toEqual(BOB);
    expect([...dump(load(bytesOf(loaded.startCut())))]).toEqual([...dump(loaded)]);
  });

  test('lets nobody but super at a node whose ACL is lost, until the log sets it (ZOOKEEPER-4846)', () => {
    const warnings: unknown[] = [];
    const log = logTo((level, _message, fields) => level === 'warn' && warnings.push(fields));
    const decoder = new SnapshotDecoder({ ...OPTIONS, log });
    decoder.push(new Stream().int(0).int(1).acl(1, []).node('').node('/a', 2).node('/b', 2).end());
    const loaded = decoder.finish(1 as Zxid);
    expect(warnings).toEqual([{ nodes: 2 }]);
    const aclOf = (path: string): readonly Acl[] => loaded.tree.aclOf(loaded.tree.lookup(path));
    expect(aclOf('/a')).toEqual([{ perms: 0, id: { scheme: 'world', id: 'anyone' } }]);
    // Replay gives the id 2 to another list first; the nodes must not fall for it.
    loaded.apply(t.txn(t.create('/c', { acl: BOB }), { zxid: 2 }));
    expect(aclOf('/a')).toEqual([{ perms: 0, id: { scheme: 'world', id: 'anyone' } }]);
    loaded.apply(t.txn(t.create('/a'), { zxid: 3 }));
    loaded.apply(t.txn(t.remove('/b'), { zxid: 4 }));
    expect(aclOf('/a')).toEqual([{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]);
    expect(aclOf('/c')).toEqual(BOB);
  });

  test('reads a Stat of any numbers: those below zero, and the largest', () => {
    const stat = { czxid: -1 as Zxid, mzxid: 0x1fffffffffffff as Zxid, ctime: -5, mtime: 0x1fffffffffffff };
    const stream = new Stream()
      .int(0)
      .int(0)
      .node('')
      .node('/a', -1, stat)
      .node('/b', -1, { ephemeralOwner: 1n << 40n });
    const { tree } = load(stream.end());
    expect(tree.persistedStat(tree.lookup('/a'))).toMatchObject(stat);
    expect(tree.persistedStat(tree.lookup('/b')).ephemeralOwner).toBe(1n << 40n);
  });

  test('takes the owner of the root for nothing', () => {
    const loaded = load(new Stream().int(0).int(0).node('', -1, { ephemeralOwner: 5n }).end());
    expect([loaded.tree.ephemeralCount, loaded.tree.nodeCount]).toEqual([0, 2]);
  });

  test.each<[string, Buffer, string]>([
    ['a negative number of sessions', new Stream().int(-1).end(), '-1 sessions in a snapshot'],
    ['a negative number of ACLs', new Stream().int(0).int(-5).end(), '-5 ACLs in a snapshot'],
    ['an ACL that is null', new Stream().int(0).int(1).acl(1, undefined).end(), '-1 entries of an ACL'],
    ['a tree without a root', new Stream().int(0).int(0).end(), 'without a root'],
    ['a node before the root', new Stream().int(0).int(0).node('/a').end(), 'no place in the tree for /a'],
    ['a node without its parent', new Stream().int(0).int(0).node('').node('/a/b').end(), 'no place in the tree'],
    ['a node twice', new Stream().int(0).int(0).node('').node('/a').node('/a').end(), 'no place in the tree'],
    ['the root twice', new Stream().int(0).int(0).node('').node('').end(), 'no place in the tree'],
    ['a name that is empty', new Stream().int(0).int(0).node('').node('/a').node('/a/').end(), 'no place in the tree'],
    ['two slashes', new Stream().int(0).int(0).node('').node('//a').end(), 'no place in the tree'],
    ['a path that is null', new Stream().int(0).int(0).node('').node(undefined).end(), 'path of a node is null'],
    ['a path without a slash', new Stream().int(0).int(0).node('').node('a').end(), 'no place in the tree'],
    ['a path of nonsense length', Buffer.from('0000000000000000fffffffe', 'hex'), 'unreasonable length -2'],
    ['a record larger than any', Buffer.from('00000000000000007fffffff', 'hex'), 'a record of 2147483647 bytes'],
  ])('refuses %s', (_, stream, message) => {
    const push = (size: number): void => {
      const decoder = new SnapshotDecoder(OPTIONS);
      for (let at = 0; at < stream.length; at += size) decoder.push(stream.subarray(at, at + size));
    };
    for (const size of [1, 1000]) {
      expect(() => push(size)).toThrow(ProtocolError);
      expect(() => push(size)).toThrow(message);
    }
  });
});
