import { describe, expect, it } from 'vitest';
import { CreateMode, ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import type { TxnBody } from '../../../src/jute/txns.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { sequenceSuffix } from '../../../src/server/operations/writes/create.ts';
import {
  ALICE,
  BOB,
  createBody,
  createTtlBody,
  here,
  home,
  multiBody,
  pathVersionBody,
  SmallServer,
  setAclBody,
  setDataBody,
} from '../small-server.ts';

const openAcl = [...OPEN_ACL_UNSAFE];
const sequential = { flags: CreateMode.persistentSequential };

function bodyOf(server: SmallServer, type: number, body: Buffer, sessionId = ALICE): TxnBody {
  return server.prepare(server.request(sessionId, type, body)).body;
}

function pathOf(body: TxnBody): string | number {
  return body.kind === 'create' ? body.path : body.kind === 'error' ? body.err : body.kind;
}

describe('the transaction of a write', () => {
  it('carries client, xid, zxid, time, and the digest it leads to', () => {
    const server = new SmallServer().open(ALICE);
    const txn = server.prepare(server.request(ALICE, OpCode.create, createBody('/a', { data: Buffer.from('d') })));
    expect(txn.header).toEqual({ clientId: ALICE, cxid: 7, zxid: 2, time: 1002, type: OpCode.create });
    expect(txn.body).toEqual({
      kind: 'create',
      type: OpCode.create,
      path: '/a',
      data: Buffer.from('d'),
      acl: openAcl,
      ephemeral: false,
      parentCVersion: 1,
      ttl: 0n,
    });
    server.apply();
    expect(txn.digest).toEqual({ version: 2, treeDigest: server.database.tree.digest() });
  });

  it('has no digest when digests are off', () => {
    const server = new SmallServer({ prep: { digest: false } }).open(ALICE);
    expect(server.prepare(server.request(ALICE, OpCode.create, createBody('/a'))).digest).toBeUndefined();
  });

  it.each<[string, number, Buffer, Partial<TxnBody>]>([
    ['delete', OpCode.delete, pathVersionBody('/n'), { kind: 'delete', path: '/n' }],
    ['setData', OpCode.setData, setDataBody('/n', 'new'), { kind: 'setData', data: Buffer.from('new'), version: 1 }],
    ['setACL', OpCode.setACL, setAclBody('/n', openAcl), { kind: 'setACL', acl: openAcl, version: 1 }],
    ['container', OpCode.createContainer, createBody('/c', { flags: 4 }), { kind: 'create', parentCVersion: 2 }],
    ['TTL', OpCode.createTTL, createTtlBody('/t', 5, 9n), { kind: 'create', type: OpCode.createTTL, ttl: 9n }],
    ['ephemeral', OpCode.create2, createBody('/e', { flags: 1 }), { kind: 'create', ephemeral: true }],
    [
      'container made by create',
      OpCode.create,
      createBody('/c', { flags: 4 }),
      { type: OpCode.create, ephemeral: false },
    ],
    ['ephemeral made by createContainer', OpCode.createContainer, createBody('/c', { flags: 1 }), { ephemeral: false }],
  ])('of a %s', (_what, type, body, expected) => {
    const server = new SmallServer().open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/n'));
    expect(bodyOf(server, type, body)).toMatchObject(expected);
    const { txn } = server.apply();
    expect(txn.digest?.treeDigest).toBe(server.database.tree.digest());
  });

  it('counts versions on while they wait to be applied', () => {
    const server = new SmallServer().open(ALICE);
    server.prepare(server.request(ALICE, OpCode.create, createBody('/a')));
    expect(bodyOf(server, OpCode.setData, setDataBody('/a', '1', 0))).toMatchObject({ version: 1 });
    expect(bodyOf(server, OpCode.setData, setDataBody('/a', '2', 0))).toMatchObject({ err: ErrorCode.badVersion });
    expect(bodyOf(server, OpCode.setData, setDataBody('/a', '2', 1))).toMatchObject({ version: 2 });
    expect(bodyOf(server, OpCode.setACL, setAclBody('/a', openAcl, 0))).toMatchObject({ version: 1 });
    expect(bodyOf(server, OpCode.delete, pathVersionBody('/a', 2))).toMatchObject({ kind: 'delete' });
    expect(bodyOf(server, OpCode.setData, setDataBody('/a', '3'))).toMatchObject({ err: ErrorCode.noNode });
    expect(bodyOf(server, OpCode.create, createBody('/a'))).toMatchObject({ kind: 'create', parentCVersion: 2 });
  });

  it('wraps a version like an int, through -1, which then matches whatever is expected of any', () => {
    const server = new SmallServer().open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/a'));
    const jump = server.request(ALICE, OpCode.setData, setDataBody('/a', 'x'));
    for (const [before, after] of [
      [2147483647, -2147483648],
      [-2, -1],
      [-1, 0],
    ] as const) {
      const txn = server.prepare(jump);
      if (txn.body.kind === 'setData') txn.body.version = before;
      txn.digest = undefined;
      server.apply();
      expect(bodyOf(server, OpCode.setData, setDataBody('/a', 'x', before))).toMatchObject({ version: after });
      server.apply();
    }
  });

  it('sees an ACL that is on its way', () => {
    const server = new SmallServer().open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/a'));
    server.prepare(server.request(ALICE, OpCode.setACL, setAclBody('/a', [{ perms: 1, id: openAcl[0]!.id }])));
    expect(bodyOf(server, OpCode.setData, setDataBody('/a', 'x'))).toMatchObject({ err: ErrorCode.noAuth });
  });
});

describe('sequence numbers', () => {
  it.each([
    [0, '0000000000'],
    [7, '0000000007'],
    [2147483647, '2147483647'],
    [-2147483648, '-2147483648'],
    [-5, '-000000005'],
    [-1, '-000000001'],
  ])('of %d are written %s', (count, suffix) => {
    expect(sequenceSuffix(count)).toBe(suffix);
  });

  it('count every create below the parent, pending ones too, and no delete', () => {
    const server = new SmallServer().open(ALICE);
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/a')))).toBe('/a');
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/a/s-', sequential)))).toBe('/a/s-0000000000');
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/a/plain')))).toBe('/a/plain');
    expect(pathOf(bodyOf(server, OpCode.delete, pathVersionBody('/a/plain')))).toBe('delete');
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/a/', sequential)))).toBe('/a/0000000002');
    server.applyAll();
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/a/s-', sequential)))).toBe('/a/s-0000000003');
  });

  it('are not used up by a multi that fails', () => {
    const server = new SmallServer().open(ALICE);
    server.prepare(server.request(ALICE, OpCode.create, createBody('/a')));
    const failing = multiBody(
      [OpCode.create, createBody('/a/s-', sequential)],
      [OpCode.delete, pathVersionBody('/none')],
    );
    server.prepare(server.request(ALICE, OpCode.multi, failing));
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/a/s-', sequential)))).toBe('/a/s-0000000000');
  });

  it('meet a name that was made by hand', () => {
    const server = new SmallServer().open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/s-0000000002'));
    server.write(ALICE, OpCode.create, createBody('/x'));
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/s-', sequential)))).toBe(ErrorCode.nodeExists);
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/s-', sequential)))).toBe(ErrorCode.nodeExists);
  });

  it('end at 2147483647, where the counter of the parent stays', () => {
    const server = new SmallServer().open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/a'));
    const txn = server.prepare(server.request(ALICE, OpCode.create, createBody('/a/x')));
    if (txn.body.kind === 'create') txn.body.parentCVersion = 2147483647;
    txn.digest = undefined;
    server.apply();
    const last = server.prepare(server.request(ALICE, OpCode.create, createBody('/a/s-', sequential)));
    expect(last.body).toMatchObject({ path: '/a/s-2147483647', parentCVersion: -2147483648 });
    server.apply();
    expect(last.digest?.treeDigest).toBe(server.database.tree.digest());
    expect(pathOf(bodyOf(server, OpCode.create, createBody('/a/s-', sequential)))).toBe(ErrorCode.nodeExists);
  });
});

describe('a multi', () => {
  it('is one transaction of all its parts, each seeing the earlier ones', () => {
    const server = new SmallServer().open(ALICE);
    const body = multiBody(
      [OpCode.create, createBody('/a', { data: Buffer.from('1') })],
      [OpCode.check, pathVersionBody('/a', 0)],
      [OpCode.setData, setDataBody('/a', '2', 0)],
      [OpCode.create2, createBody('/a/b-', sequential)],
      [OpCode.delete, pathVersionBody('/a/b-0000000000')],
      [OpCode.delete, pathVersionBody('/a', 1)],
      [OpCode.create, createBody('/a')],
    );
    const txn = server.prepare(server.request(ALICE, OpCode.multi, body));
    expect(txn.header.type).toBe(OpCode.multi);
    expect(txn.body).toMatchObject({
      kind: 'multi',
      txns: [
        { kind: 'create', path: '/a', parentCVersion: 1 },
        { kind: 'check', path: '/a', version: 1 },
        { kind: 'setData', path: '/a', version: 1 },
        { kind: 'create', type: OpCode.create2, path: '/a/b-0000000000', parentCVersion: 1 },
        { kind: 'delete', path: '/a/b-0000000000' },
        { kind: 'delete', path: '/a' },
        { kind: 'create', path: '/a', parentCVersion: 2 },
      ],
    });
    expect(server.apply().result.err).toBe(0);
    expect(txn.digest?.treeDigest).toBe(server.database.tree.digest());
  });

  it('that fails keeps its first parts, names the failure, and undoes itself', () => {
    const server = new SmallServer().open(ALICE);
    const digest = server.database.tree.digest();
    const body = multiBody(
      [OpCode.create, createBody('/a')],
      [OpCode.create, createBody('/a/b')],
      [OpCode.check, pathVersionBody('/a', 3)],
      [OpCode.delete, pathVersionBody('/none')],
      [OpCode.create, createBody('/c')],
    );
    const txn = server.prepare(server.request(ALICE, OpCode.multi, body));
    expect(txn.header.type).toBe(OpCode.multi);
    expect(txn.digest).toEqual({ version: 2, treeDigest: digest });
    expect(txn.body).toMatchObject({
      txns: [
        { kind: 'create', path: '/a' },
        { kind: 'create', path: '/a/b' },
        { kind: 'error', err: ErrorCode.badVersion },
        { kind: 'error', err: ErrorCode.runtimeInconsistency },
        { kind: 'error', err: ErrorCode.runtimeInconsistency },
      ],
    });
    expect(bodyOf(server, OpCode.create, createBody('/a/b'))).toMatchObject({ err: ErrorCode.noNode });
    const { result } = server.apply();
    expect(result.items?.map((item) => item.err)).toEqual([0, 0, ErrorCode.badVersion, -2, -2]);
    expect(server.database.tree.digest()).toBe(digest);
  });

  it('that fails leaves what was pending before it as it was', () => {
    const server = new SmallServer().open(ALICE);
    server.prepare(server.request(ALICE, OpCode.create, createBody('/a')));
    server.prepare(server.request(ALICE, OpCode.setData, setDataBody('/a', '1')));
    const body = multiBody(
      [OpCode.setData, setDataBody('/a', '2', 1)],
      [OpCode.delete, pathVersionBody('/a', 2)],
      [OpCode.check, pathVersionBody('/none', 0)],
    );
    server.prepare(server.request(ALICE, OpCode.multi, body));
    expect(bodyOf(server, OpCode.setData, setDataBody('/a', '2', 1))).toMatchObject({ version: 2 });
  });

  it('may be empty, even in a session that is gone', () => {
    const server = new SmallServer();
    expect(bodyOf(server, OpCode.multi, multiBody())).toEqual({ kind: 'multi', type: OpCode.multi, txns: [] });
    expect(server.apply().result).toMatchObject({ err: 0, items: [] });
  });

  it('asks for the session at every part', () => {
    const server = new SmallServer();
    const body = multiBody([OpCode.check, pathVersionBody('/', -1)]);
    expect(bodyOf(server, OpCode.multi, body)).toMatchObject({ txns: [{ err: ErrorCode.sessionExpired }] });
  });

  it.each<[string, number, Buffer, Partial<TxnBody>]>([
    [
      'a container asked for with create',
      OpCode.create,
      createBody('/c', { flags: 4 }),
      { type: OpCode.createContainer },
    ],
    ['createContainer of a plain mode', OpCode.createContainer, createBody('/c'), { type: OpCode.createContainer }],
    [
      'createTTL of a plain mode',
      OpCode.createTTL,
      createTtlBody('/c', 1, 5n),
      { type: OpCode.create, ephemeral: true },
    ],
    ['createTTL of a container', OpCode.createTTL, createTtlBody('/c', 4, 5n), { type: OpCode.createContainer }],
    ['createTTL', OpCode.createTTL, createTtlBody('/c', 5, 5n), { type: OpCode.createTTL, ttl: 5n }],
    ['createTTL of no mode', OpCode.createTTL, createTtlBody('/c', 77, 5n), { err: ErrorCode.badArguments }],
    ['createTTL with a bad ttl', OpCode.createTTL, createTtlBody('/c', 5, 0n), { err: ErrorCode.badArguments }],
    ['an empty ACL', OpCode.create, createBody('/c', { acl: [] }), { err: ErrorCode.invalidACL }],
  ])('takes %s for what Apache takes it', (_what, type, body, expected) => {
    const server = new SmallServer().open(ALICE);
    expect(bodyOf(server, OpCode.multi, multiBody([type, body]))).toMatchObject({ txns: [expected] });
    server.apply();
    expect(server.database.digestMismatches).toBe(0);
  });

  it.each<[string, Buffer]>([
    ['unknown flags', multiBody([OpCode.create, createBody('/c', { flags: 7 })])],
    ['a TTL mode without ttl', multiBody([OpCode.create2, createBody('/c', { flags: 5 })])],
    ['no ACL list', multiBody([OpCode.create, createBody('/c', { acl: undefined })])],
    ['setACL', multiBody([OpCode.setACL, setAclBody('/c', openAcl)])],
    ['a read', multiBody([OpCode.getData, createBody('/c')])],
    ['sync', multiBody([OpCode.sync, createBody('/c')])],
    ['deleteContainer', multiBody([OpCode.deleteContainer, createBody('/c')])],
    ['a null path', multiBody([OpCode.setData, Buffer.from('ffffffffffffffffffffffff', 'hex')])],
    [
      'an ACL id that is null, behind a good part',
      multiBody([OpCode.create, createBody('/c')], [OpCode.create, nullIdBody()]),
    ],
  ])('cannot hold %s: a marshalling error of the whole', (_what, body) => {
    const server = new SmallServer().open(ALICE);
    const txn = server.prepare(server.request(ALICE, OpCode.multi, body));
    expect(txn.header.type).toBe(OpCode.error);
    expect(txn.body).toMatchObject({ err: ErrorCode.marshallingError });
    expect(bodyOf(server, OpCode.delete, pathVersionBody('/c'))).toMatchObject({ err: ErrorCode.noNode });
  });
});

/** create /d with the ACL digest:null */
function nullIdBody(): Buffer {
  return createBody('/d', { acl: [{ perms: 31, id: { scheme: 'digest', id: '\u0000null' } }] });
}

describe('a session', () => {
  function withEphemerals(): SmallServer {
    const server = new SmallServer().open(ALICE, BOB);
    const ephemeral = { flags: CreateMode.ephemeral };
    server.write(ALICE, OpCode.create, createBody('/a'));
    server.write(ALICE, OpCode.create, createBody('/a/one', ephemeral));
    server.write(ALICE, OpCode.create, createBody('/two', ephemeral));
    server.write(BOB, OpCode.create, createBody('/a/bob', ephemeral));
    return server;
  }

  it('that closes names its ephemerals', () => {
    const server = withEphemerals();
    const txn = server.prepare(server.request(ALICE, OpCode.closeSession, Buffer.alloc(0)));
    expect(txn.body).toEqual({ kind: 'closeSession', type: OpCode.closeSession, paths: ['/a/one', '/two'] });
    server.apply();
    expect(txn.digest?.treeDigest).toBe(server.database.tree.digest());
    expect(server.database.tree.lookup('/two')).toBe(-1);
    expect(server.database.sessions.has(ALICE)).toBe(false);
  });

  it('that closes names those on their way, and not those already gone or become another’s', () => {
    const server = withEphemerals();
    const ephemeral = { flags: CreateMode.ephemeral };
    server.prepare(server.request(ALICE, OpCode.delete, pathVersionBody('/two')));
    server.prepare(server.request(ALICE, OpCode.create, createBody('/three', ephemeral)));
    server.prepare(server.request(ALICE, OpCode.create, createBody('/four', ephemeral)));
    server.prepare(server.request(ALICE, OpCode.delete, pathVersionBody('/three')));
    server.prepare(server.request(BOB, OpCode.create, createBody('/three', ephemeral)));
    server.prepare(server.request(BOB, OpCode.create, createBody('/two', ephemeral)));
    const close = bodyOf(server, OpCode.closeSession, Buffer.alloc(0));
    expect(close).toMatchObject({ paths: ['/a/one', '/four'] });
    expect(bodyOf(server, OpCode.closeSession, Buffer.alloc(0), BOB)).toMatchObject({
      paths: ['/a/bob', '/three', '/two'],
    });
    server.applyAll();
    expect(server.database.digestMismatches).toBe(0);
    expect(server.database.tree.ephemeralCount).toBe(0);
  });

  it('that closes names those of which some were applied meanwhile', () => {
    const server = new SmallServer().open(ALICE);
    for (const path of ['/one', '/two', '/three']) {
      server.prepare(server.request(ALICE, OpCode.create, createBody(path, { flags: CreateMode.ephemeral })));
    }
    server.apply();
    expect(bodyOf(server, OpCode.closeSession, Buffer.alloc(0))).toMatchObject({ paths: ['/one', '/two', '/three'] });
  });

  it('that closes frees the parents of its ephemerals at once', () => {
    const server = withEphemerals();
    server.write(BOB, OpCode.delete, pathVersionBody('/a/bob'));
    server.prepare(server.request(ALICE, OpCode.closeSession, Buffer.alloc(0)));
    expect(bodyOf(server, OpCode.delete, pathVersionBody('/a'), BOB)).toMatchObject({ kind: 'delete' });
  });

  it('that closes names nothing when closeSession transactions are to be empty', () => {
    const server = new SmallServer({ prep: { listClosedPaths: false } }).open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/e', { flags: CreateMode.ephemeral }));
    const txn = server.prepare(server.request(ALICE, OpCode.closeSession, Buffer.alloc(0)));
    expect(txn.body).toEqual({ kind: 'closeSession', type: OpCode.closeSession, paths: undefined });
    server.apply();
    expect(server.database.tree.lookup('/e')).toBe(-1);
    expect(txn.digest?.treeDigest).toBe(server.database.tree.digest());
  });

  it('is refused everything from its close on', () => {
    const server = withEphemerals();
    server.prepare(server.request(ALICE, OpCode.closeSession, Buffer.alloc(0)));
    expect(bodyOf(server, OpCode.create, createBody('/x'))).toMatchObject({ err: ErrorCode.sessionExpired });
    expect(bodyOf(server, OpCode.closeSession, Buffer.alloc(0))).toMatchObject({ kind: 'closeSession', paths: [] });
    server.applyAll();
    expect(bodyOf(server, OpCode.create, createBody('/x'))).toMatchObject({ err: ErrorCode.sessionExpired });
  });

  it('closes through a server it has moved away from', () => {
    const server = withEphemerals();
    server.sessions.revalidate(ALICE, 30_000, { ownerName: 'elsewhere' }, 0);
    expect(bodyOf(server, OpCode.closeSession, Buffer.alloc(0))).toMatchObject({ kind: 'closeSession' });
  });

  it('is created by whoever submits it, and tracked from then on', () => {
    const server = new SmallServer();
    const learner = { ownerName: 'learner' };
    const request = server.request(BOB, OpCode.createSession, Buffer.from([0, 0, 0x0f, 0xa0]), [home], learner);
    expect(server.prepare(request).body).toEqual({ kind: 'createSession', type: -10, timeoutMs: 4000 });
    expect(server.sessions.check(BOB, here)).toBe(ErrorCode.sessionMoved);
    expect(server.sessions.check(BOB, learner)).toBe(ErrorCode.ok);
    server.apply();
    expect(server.database.sessions.timeoutOf(BOB)).toBe(4000);
  });

  it('cannot be created again while it closes', () => {
    const server = new SmallServer().open(ALICE);
    server.prepare(server.request(ALICE, OpCode.closeSession, Buffer.alloc(0)));
    const again = bodyOf(server, OpCode.createSession, Buffer.from([0, 0, 0x0f, 0xa0]));
    expect(again).toMatchObject({ err: ErrorCode.sessionExpired });
  });
});

describe('a new role', () => {
  it('starts from the tree alone', () => {
    const server = new SmallServer().open(ALICE);
    server.prepare(server.request(ALICE, OpCode.create, createBody('/a', { flags: CreateMode.ephemeral })));
    server.prep.reset();
    expect(server.prep.pending.size).toBe(0);
    expect(bodyOf(server, OpCode.delete, pathVersionBody('/a'))).toMatchObject({ err: ErrorCode.noNode });
    expect(bodyOf(server, OpCode.closeSession, Buffer.alloc(0))).toMatchObject({ paths: [] });
  });

  it('forgets the changes up to the zxid applied, and keeps the later ones', () => {
    const server = new SmallServer().open(ALICE);
    const first = server.prepare(server.request(ALICE, OpCode.create, createBody('/a')));
    server.prepare(server.request(ALICE, OpCode.setData, setDataBody('/a', 'x')));
    expect(server.prep.pending.size).toBe(3);
    server.prep.onApplied((first.header.zxid - 1) as Zxid);
    expect(server.prep.pending.size).toBe(3);
    server.apply();
    expect(server.prep.pending.size).toBe(1);
    server.apply();
    expect(server.prep.pending.size).toBe(0);
  });
});
