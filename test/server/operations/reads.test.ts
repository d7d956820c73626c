import { beforeEach, describe, expect, it } from 'vitest';
import type { Watcher } from '../../../src/datatree/watches/watcher.ts';
import { readDataAndStat, writeMultiHeader, writeSetWatches } from '../../../src/jute/client-records.ts';
import { AddWatchMode, CreateMode, ErrorCode, OpCode, Perm, WatcherType } from '../../../src/jute/codes.ts';
import { type Acl, type Id, readAcls, readStat } from '../../../src/jute/data-records.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { Writer } from '../../../src/jute/writer.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { LearnerSessionTracker } from '../../../src/server/sessions/learner-session-tracker.ts';
import {
  ALICE,
  BOB,
  createBody,
  createTtlBody,
  home,
  multiBody,
  nullPathBody,
  pathNumberBody,
  pathVersionBody,
  SmallServer,
  setAclBody,
  setDataBody,
  stringBody,
  watchBody,
} from '../small-server.ts';

const bob: Id = { scheme: 'digest', id: 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=' };

class Recorder implements Watcher {
  readonly events: [number, string, number][] = [];

  onWatchEvent(type: number, path: string, zxid: Zxid): void {
    this.events.push([type, path, zxid]);
  }

  mayRead(): boolean {
    return true;
  }
}

let server: SmallServer;
let watcher: Recorder;

/** zxids: 1 and 2 the sessions, 3 /a, 4 /a/b, 5 /a/c, 6 /secret, 7 /box, 8 /ttl, 9 /e, 10 /a changed, 11 /a/c gone. */
beforeEach(() => {
  server = new SmallServer().open(ALICE, BOB);
  watcher = new Recorder();
  const secret: Acl[] = [
    { perms: Perm.all, id: bob },
    { perms: Perm.write, id: { scheme: 'world', id: 'anyone' } },
  ];
  server.write(ALICE, OpCode.create, createBody('/a', { data: Buffer.from('old') }));
  server.write(ALICE, OpCode.create, createBody('/a/b', { data: undefined }));
  server.write(ALICE, OpCode.create, createBody('/a/c'));
  server.write(ALICE, OpCode.create, createBody('/secret', { acl: secret }));
  server.write(ALICE, OpCode.createContainer, createBody('/box', { flags: CreateMode.container }));
  server.write(ALICE, OpCode.createTTL, createTtlBody('/ttl', CreateMode.persistentWithTTL, 5000n));
  server.write(ALICE, OpCode.create, createBody('/e', { flags: CreateMode.ephemeral }));
  server.write(ALICE, OpCode.setData, setDataBody('/a', 'new'));
  server.write(ALICE, OpCode.delete, pathVersionBody('/a/c'));
});

const statOfA = {
  czxid: 3,
  mzxid: 10,
  ctime: 1003,
  mtime: 1010,
  version: 1,
  cversion: 3,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 3,
  numChildren: 1,
  pzxid: 11,
};

function stringsOf(r: Reader): string[] | undefined {
  return r.readStrings()?.sort();
}

describe('an answered read', () => {
  it('exists: the Stat as clients are shown it', () => {
    const { err, body } = server.read(BOB, OpCode.exists, watchBody('/a'));
    expect(err).toBe(0);
    const r = new Reader(body);
    expect(readStat(r)).toEqual(statOfA);
    expect(r.remaining).toBe(0);
  });

  it('exists: the owner of an ephemeral, and none of a container or a TTL', () => {
    const owner = (path: string) =>
      readStat(new Reader(server.read(BOB, OpCode.exists, watchBody(path)).body)).ephemeralOwner;
    expect(owner('/e')).toBe(ALICE);
    expect(owner('/box')).toBe(0n);
    expect(owner('/ttl')).toBe(0n);
  });

  it('getData: data and Stat, null data as null', () => {
    expect(readDataAndStat(new Reader(server.read(BOB, OpCode.getData, watchBody('/a')).body))).toEqual({
      data: Buffer.from('new'),
      stat: statOfA,
    });
    expect(readDataAndStat(new Reader(server.read(BOB, OpCode.getData, watchBody('/a/b')).body)).data).toBeUndefined();
  });

  it('getChildren and getChildren2: the names, the second with the Stat', () => {
    expect(stringsOf(new Reader(server.read(BOB, OpCode.getChildren, watchBody('/a')).body))).toEqual(['b']);
    const r = new Reader(server.read(BOB, OpCode.getChildren2, watchBody('/a')).body);
    expect(stringsOf(r)).toEqual(['b']);
    expect(readStat(r)).toEqual(statOfA);
    const root = new Reader(server.read(BOB, OpCode.getChildren, watchBody('/')).body);
    expect(stringsOf(root)).toEqual(['a', 'box', 'e', 'secret', 'ttl', 'zookeeper']);
  });

  it('of the empty path is one of the root', () => {
    for (const type of [OpCode.exists, OpCode.getData, OpCode.getChildren2]) {
      expect(server.read(BOB, type, watchBody(''))).toEqual(server.read(BOB, type, watchBody('/')));
    }
  });

  it('getAllChildrenNumber: all descendants, of the root the reserved nodes as well', () => {
    const count = (path: string) => server.read(BOB, OpCode.getAllChildrenNumber, stringBody(path)).body.readInt32BE(0);
    expect(count('/a')).toBe(1);
    expect(count('/e')).toBe(0);
    expect(count('/')).toBe(9);
  });

  it('getEphemerals: the own ones that begin with a string', () => {
    server.write(ALICE, OpCode.create, createBody('/a/eph', { flags: CreateMode.ephemeral }));
    const own = (session: bigint, prefix: string | undefined) =>
      stringsOf(new Reader(server.read(session, OpCode.getEphemerals, stringBody(prefix)).body));
    expect(own(ALICE, undefined)).toEqual(['/a/eph', '/e']);
    expect(own(ALICE, '')).toEqual(['/a/eph', '/e']);
    expect(own(ALICE, ' ')).toEqual(['/a/eph', '/e']);
    expect(own(ALICE, '/')).toEqual(['/a/eph', '/e']);
    expect(own(ALICE, '/a/ep')).toEqual(['/a/eph']);
    expect(own(ALICE, '/none')).toEqual([]);
    expect(own(BOB, '/')).toEqual([]);
  });

  it('whoAmI: scheme and name of every id', () => {
    const { body } = server.read(BOB, OpCode.whoAmI, Buffer.alloc(0), watcher, [
      home,
      bob,
      { scheme: 'super', id: '' },
    ]);
    const r = new Reader(body);
    const pairs: (string | undefined)[][] = [];
    for (let i = r.readInt(); i > 0; i--) pairs.push([r.readString(), r.readString()]);
    expect(pairs).toEqual([
      ['ip', '127.0.0.1'],
      ['digest', 'bob'],
      ['super', ''],
    ]);
  });

  it('sync: the path as it came, null too', () => {
    expect(server.read(BOB, OpCode.sync, stringBody('no path at all'))).toEqual({
      err: 0,
      body: stringBody('no path at all'),
    });
    expect(server.read(BOB, OpCode.sync, stringBody(undefined))).toEqual({ err: 0, body: stringBody(undefined) });
  });
});

describe('getACL', () => {
  const aclFor = (ids: Id[], path = '/secret') => {
    const { err, body } = server.read(BOB, OpCode.getACL, stringBody(path), watcher, ids);
    return err === 0 ? readAcls(new Reader(body)) : err;
  };

  it('shows everything to whoever may administer the node', () => {
    expect(aclFor([home, bob])).toEqual([
      { perms: Perm.all, id: bob },
      { perms: Perm.write, id: { scheme: 'world', id: 'anyone' } },
    ]);
  });

  it('is refused to whoever may neither read nor administer', () => {
    expect(aclFor([home])).toBe(ErrorCode.noAuth);
    expect(aclFor([home], '/none')).toBe(ErrorCode.noNode);
  });

  it('hides the hashes of digests from whoever may only read', () => {
    const readable: Acl[] = [
      { perms: Perm.all, id: bob },
      { perms: Perm.all, id: { scheme: 'sasl', id: 'eve:x' } },
      { perms: Perm.read, id: { scheme: 'world', id: 'anyone' } },
    ];
    const lax = new SmallServer({
      auth: { providerClasses: ['org.apache.zookeeper.server.auth.SASLAuthenticationProvider'] },
    }).open(BOB);
    lax.write(BOB, OpCode.create, createBody('/r', { acl: readable }));
    const { body } = lax.read(BOB, OpCode.getACL, stringBody('/r'));
    expect(readAcls(new Reader(body))?.map((entry) => entry.id.id)).toEqual(['bob:x', 'eve:x', 'anyone']);
  });

  it.each([
    ['user:ab\ncd:ef', 'user:x\ncd:x'],
    ['user:ab\rcd:ef', 'user:x\rcd:x'],
    ['user:ab\u0085c:d', 'user:x\u0085c:x'],
    ['u:x\u2028y:z', 'u:x\u2028y:x'],
  ])('hides line by line, as Java’s pattern does: %j', (id, shown) => {
    const acl: Acl[] = [
      { perms: 31, id: { scheme: 'digest', id } },
      { perms: Perm.read, id: { scheme: 'world', id: 'anyone' } },
    ];
    // Stored by another release; ours would not take an id with two colons.
    const txn = server.prepare(server.request(ALICE, OpCode.setACL, setAclBody('/a', acl.slice(1))));
    if (txn.body.kind === 'setACL') txn.body.acl = acl;
    server.apply();
    const { body } = server.read(BOB, OpCode.getACL, stringBody('/a'));
    expect(readAcls(new Reader(body))?.[0]?.id.id).toBe(shown);
  });

  it('ends with the Stat', () => {
    const r = new Reader(server.read(BOB, OpCode.getACL, stringBody('/a')).body);
    readAcls(r);
    expect(readStat(r)).toEqual(statOfA);
  });
});

describe('a read that fails', () => {
  it.each<[string, number, Buffer, number]>([
    ['exists of nothing', OpCode.exists, watchBody('/none'), ErrorCode.noNode],
    ['exists of a NUL', OpCode.exists, watchBody('/\u0000'), ErrorCode.badArguments],
    ['exists without permission', OpCode.exists, watchBody('/secret'), ErrorCode.noAuth],
    ['exists of null', OpCode.exists, nullPathBody(Buffer.alloc(1)), ErrorCode.marshallingError],
    ['getData of nothing', OpCode.getData, watchBody('/none'), ErrorCode.noNode],
    ['getData of what is no path', OpCode.getData, watchBody('a//b/'), ErrorCode.noNode],
    ['getData without permission', OpCode.getData, watchBody('/secret'), ErrorCode.noAuth],
    ['getData of null', OpCode.getData, nullPathBody(Buffer.alloc(1)), ErrorCode.marshallingError],
    ['getChildren of nothing', OpCode.getChildren, watchBody('/none'), ErrorCode.noNode],
    ['getChildren without permission', OpCode.getChildren, watchBody('/secret'), ErrorCode.noAuth],
    ['getChildren2 of nothing', OpCode.getChildren2, watchBody('/none'), ErrorCode.noNode],
    ['getChildren2 without permission', OpCode.getChildren2, watchBody('/secret'), ErrorCode.noAuth],
    ['getChildren2 of null', OpCode.getChildren2, nullPathBody(Buffer.alloc(1)), ErrorCode.marshallingError],
    ['getACL of null', OpCode.getACL, stringBody(undefined), ErrorCode.marshallingError],
    ['getAllChildrenNumber of nothing', OpCode.getAllChildrenNumber, stringBody('/none'), ErrorCode.noNode],
    ['getAllChildrenNumber of null', OpCode.getAllChildrenNumber, stringBody(undefined), ErrorCode.marshallingError],
    ['getAllChildrenNumber without permission', OpCode.getAllChildrenNumber, stringBody('/secret'), ErrorCode.noAuth],
    ['checkWatches without a watch', OpCode.checkWatches, pathNumberBody('/a', 2), ErrorCode.noWatcher],
    ['checkWatches of no type', OpCode.checkWatches, pathNumberBody('/a', 6), ErrorCode.marshallingError],
    ['removeWatches without a watch', OpCode.removeWatches, pathNumberBody('/a', 3), ErrorCode.noWatcher],
    ['removeWatches of no type', OpCode.removeWatches, pathNumberBody('/a', 0), ErrorCode.marshallingError],
    ['addWatch of no mode', OpCode.addWatch, pathNumberBody('/a', 2), ErrorCode.marshallingError],
  ])('%s', (_what, type, body, expected) => {
    expect(server.read(BOB, type, body, watcher)).toEqual({ err: expected, body: Buffer.alloc(0) });
  });

  it.each([
    OpCode.exists,
    OpCode.getData,
    OpCode.getChildren,
    OpCode.getChildren2,
    OpCode.getACL,
    OpCode.getAllChildrenNumber,
    OpCode.getEphemerals,
    OpCode.checkWatches,
    OpCode.addWatch,
    OpCode.setWatches,
    OpCode.setWatches2,
    OpCode.multiRead,
    OpCode.sync,
  ])('operation %d is a marshalling error when its record ends early', (type) => {
    expect(server.read(BOB, type, Buffer.from([0, 0, 0, 2, 0x2f]))).toEqual({
      err: ErrorCode.marshallingError,
      body: Buffer.alloc(0),
    });
  });

  it('through a session that moved, or is closing', () => {
    expect(server.read(BOB, OpCode.whoAmI, Buffer.alloc(0)).err).toBe(0);
    server.sessions.revalidate(BOB, 30_000, { ownerName: 'elsewhere' }, 0);
    expect(server.read(BOB, OpCode.whoAmI, Buffer.alloc(0)).err).toBe(ErrorCode.sessionMoved);
    server.sessions.setClosing(BOB);
    expect(server.read(BOB, OpCode.sync, stringBody('/')).err).toBe(ErrorCode.sessionExpired);
  });

  it('but not on a learner, which leaves sessions to the leader', () => {
    const learner = new LearnerSessionTracker();
    expect(learner.check()).toBe(ErrorCode.ok);
  });
});

describe('a watch', () => {
  const triggers = () => {
    for (const path of ['/none', '/a', '/secret']) {
      server.write(BOB, OpCode.create, createBody(path));
      server.write(BOB, OpCode.setData, setDataBody(path, 'x'), [home, bob]);
      server.write(BOB, OpCode.create, createBody(`${path}/child`), [home, bob]);
    }
    return watcher.events.map(([type, path]) => `${type} ${path}`);
  };

  it.each<[string, number, string, string[]]>([
    ['exists of nothing leaves a data watch', OpCode.exists, '/none', ['1 /none']],
    ['exists leaves a data watch', OpCode.exists, '/a', ['3 /a']],
    ['exists without permission leaves none', OpCode.exists, '/secret', []],
    ['getData of nothing leaves none', OpCode.getData, '/none', []],
    ['getData leaves a data watch', OpCode.getData, '/a', ['3 /a']],
    ['getData without permission leaves none', OpCode.getData, '/secret', []],
    ['getChildren of nothing leaves none', OpCode.getChildren, '/none', []],
    ['getChildren leaves a child watch', OpCode.getChildren, '/a', ['4 /a']],
    ['getChildren2 leaves a child watch', OpCode.getChildren2, '/a', ['4 /a']],
    ['getChildren2 without permission leaves none', OpCode.getChildren2, '/secret', []],
  ])('%s', (_what, type, path, events) => {
    server.read(ALICE, type, watchBody(path, true), watcher);
    expect(triggers()).toEqual(events);
  });

  it('is left by none of them that does not ask', () => {
    for (const type of [OpCode.exists, OpCode.getData, OpCode.getChildren, OpCode.getChildren2]) {
      server.read(ALICE, type, watchBody('/a', false), watcher);
    }
    expect(triggers()).toEqual([]);
  });

  it('of addWatch stays, needs neither node nor permission, and is answered with an ErrorResponse', () => {
    const answer = server.read(ALICE, OpCode.addWatch, pathNumberBody('/none', AddWatchMode.persistent), watcher);
    expect(answer).toEqual({ err: 0, body: Buffer.alloc(4) });
    const recursive = pathNumberBody('/secret', AddWatchMode.persistentRecursive);
    expect(server.read(ALICE, OpCode.addWatch, recursive, watcher).err).toBe(0);
    expect(triggers()).toEqual(['1 /none', '3 /none', '4 /none', '3 /secret', '1 /secret/child']);
  });

  it('is found and removed by its type', () => {
    server.read(ALICE, OpCode.getData, watchBody('/a', true), watcher);
    const ask = (op: number, type: number) => server.read(ALICE, op, pathNumberBody('/a', type), watcher);
    expect(ask(OpCode.checkWatches, WatcherType.children).err).toBe(ErrorCode.noWatcher);
    expect(ask(OpCode.checkWatches, WatcherType.data)).toEqual({ err: 0, body: Buffer.alloc(0) });
    expect(ask(OpCode.checkWatches, WatcherType.any).err).toBe(0);
    expect(ask(OpCode.removeWatches, WatcherType.persistent).err).toBe(ErrorCode.noWatcher);
    expect(ask(OpCode.removeWatches, WatcherType.data)).toEqual({ err: 0, body: Buffer.alloc(0) });
    expect(ask(OpCode.removeWatches, WatcherType.data).err).toBe(ErrorCode.noWatcher);
    expect(triggers()).toEqual([]);
  });

  it('on no path is another than that on the empty path', () => {
    const ask = (op: number, path: string | undefined, number: number) =>
      server.read(ALICE, op, pathNumberBody(path, number), watcher).err;
    server.read(ALICE, OpCode.exists, watchBody('', true), watcher);
    expect(ask(OpCode.checkWatches, undefined, WatcherType.any)).toBe(ErrorCode.noWatcher);
    expect(ask(OpCode.addWatch, undefined, AddWatchMode.persistent)).toBe(0);
    expect(ask(OpCode.checkWatches, '', WatcherType.persistent)).toBe(ErrorCode.noWatcher);
    expect(ask(OpCode.removeWatches, undefined, WatcherType.persistent)).toBe(0);
    expect(ask(OpCode.checkWatches, '', WatcherType.data)).toBe(0);
  });

  it('set again after a reconnect tells what was missed', () => {
    const w = new Writer();
    const lists = {
      relativeZxid: 9 as Zxid,
      data: ['/a', '/e', '/gone'],
      exist: ['/a', '/none'],
      child: ['/a', '/e', '/gone'],
      persistent: ['/p'],
      persistentRecursive: ['/r'],
    };
    writeSetWatches(w, lists, true);
    expect(server.read(ALICE, OpCode.setWatches2, w.take(), watcher)).toEqual({ err: 0, body: Buffer.alloc(0) });
    expect(watcher.events).toEqual([
      [3, '/a', -1],
      [2, '/gone', -1],
      [1, '/a', -1],
      [4, '/a', -1],
      [2, '/gone', -1],
    ]);
    const has = (path: string, type: number) =>
      server.read(ALICE, OpCode.checkWatches, pathNumberBody(path, type), watcher).err === 0;
    expect(has('/e', WatcherType.data)).toBe(true);
    expect(has('/e', WatcherType.children)).toBe(true);
    expect(has('/none', WatcherType.data)).toBe(true);
    expect(has('/p', WatcherType.persistent)).toBe(true);
    expect(has('/r', WatcherType.persistentRecursive)).toBe(true);
    expect(has('/a', WatcherType.any)).toBe(false);
  });
});

describe('multiRead', () => {
  function body(...items: [type: number, path: string | undefined, watch?: boolean][]): Buffer {
    const w = new Writer();
    for (const [type, path, watch] of items) {
      writeMultiHeader(w, type, false, -1);
      w.writeString(path);
      w.writeBool(watch ?? false);
    }
    writeMultiHeader(w, -1, true, -1);
    return w.take();
  }

  it('answers each read for itself', () => {
    const request = body(
      [OpCode.getData, '/a', true],
      [OpCode.getChildren, '/a', true],
      [OpCode.getData, '/none'],
      [OpCode.getChildren, '/secret'],
    );
    const answer = server.read(BOB, OpCode.multiRead, request, watcher);
    expect(answer.err).toBe(0);
    const r = new Reader(answer.body);
    const header = () => [r.readInt(), r.readBool(), r.readInt()];
    expect(header()).toEqual([OpCode.getData, false, 0]);
    expect(readDataAndStat(r)).toEqual({ data: Buffer.from('new'), stat: statOfA });
    expect(header()).toEqual([OpCode.getChildren, false, 0]);
    expect(r.readStrings()).toEqual(['b']);
    expect(header()).toEqual([OpCode.error, false, ErrorCode.noNode]);
    expect(r.readInt()).toBe(ErrorCode.noNode);
    expect(header()).toEqual([OpCode.error, false, ErrorCode.noAuth]);
    expect(r.readInt()).toBe(ErrorCode.noAuth);
    expect(header()).toEqual([-1, true, -1]);
    expect(r.remaining).toBe(0);
    server.write(BOB, OpCode.setData, setDataBody('/a', 'x'));
    expect(watcher.events).toEqual([]);
  });

  it('may be empty', () => {
    expect(server.read(BOB, OpCode.multiRead, body()).body.toString('hex')).toBe('ffffffff01ffffffff');
  });

  const ending = 'ffffffff01ffffffff';
  const nothing = 'ffffffff00ffffff9bffffff9b';

  it.each<[string, Buffer, string]>([
    ['another read', body([OpCode.getData, '/a'], [OpCode.exists, '/a']), ''],
    ['reads and writes', Buffer.concat([body([OpCode.getData, '/a']).subarray(0, -9), oneDelete()]), ''],
    ['writes and reads', Buffer.concat([oneDelete().subarray(0, -9), body([OpCode.getData, '/a'])]), ''],
    ['half a record', body([OpCode.getData, '/a']).subarray(0, 12), ''],
    ['writes', oneDelete(), ending],
    ['a null path', body([OpCode.getData, undefined]), ending],
    ['a null path behind another', body([OpCode.getData, '/none'], [OpCode.getData, undefined]), nothing + ending],
  ])('of %s is a marshalling error of the whole, with the body Apache has by then', (_what, request, expected) => {
    const { err, body: partial } = server.read(BOB, OpCode.multiRead, request);
    expect([err, partial.toString('hex')]).toEqual([ErrorCode.marshallingError, expected]);
  });

  function oneDelete(): Buffer {
    return multiBody([OpCode.delete, pathVersionBody('/a')]);
  }
});
