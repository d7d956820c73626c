import { describe, expect, it } from 'vitest';
import { CONFIG_PATH } from '../../../src/datatree/special-paths.ts';
import { CreateMode, ErrorCode, OpCode, Perm } from '../../../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import {
  ALICE,
  BOB,
  createBody,
  createTtlBody,
  home,
  multiBody,
  nullPathBody,
  pathVersionBody,
  SmallServer,
  setAclBody,
  setDataBody,
  stringBody,
} from '../small-server.ts';

const elsewhere = { ownerName: 'elsewhere' };
const errorNames = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));
const CAROL = 0x100000000000003n;
const openAcl = [...OPEN_ACL_UNSAFE];

function acl(perms: number): Acl[] {
  return [{ perms, id: { scheme: 'world', id: 'anyone' } }];
}

/** /open, /open/leaf, /eph (Alice's), and /locked-*: each lacks one permission on itself. */
function furnished(): SmallServer {
  const server = new SmallServer().open(ALICE, BOB);
  const nodes: [string, Acl[], number][] = [
    ['/open', openAcl, 0],
    ['/open/leaf', openAcl, 0],
    ['/eph', openAcl, CreateMode.ephemeral],
    ['/no-create', acl(Perm.all & ~Perm.create), 0],
    ['/no-delete', openAcl, 0],
    ['/no-delete/leaf', openAcl, 0],
    ['/no-write', acl(Perm.all & ~Perm.write), 0],
    ['/no-admin', acl(Perm.all & ~Perm.admin), 0],
    ['/no-read', acl(Perm.all & ~Perm.read), 0],
  ];
  for (const [path, nodeAcl, flags] of nodes) {
    expect(server.err(ALICE, OpCode.create, createBody(path, { acl: nodeAcl, flags }))).toBe(0);
  }
  server.write(ALICE, OpCode.setACL, setAclBody('/no-delete', acl(Perm.all & ~Perm.delete)));
  return server;
}

type Case = [what: string, type: number, body: Buffer, expected: string];

const invalidAcl: Acl[] = [{ perms: 31, id: { scheme: 'nonsense', id: '' } }];

const creates: Case[] = [
  ['a node', OpCode.create, createBody('/new'), 'ok'],
  ['a node with null data', OpCode.create, createBody('/new', { data: undefined }), 'ok'],
  ['a child of the root named twice over', OpCode.create, createBody('/zookeeper'), 'nodeExists'],
  ['the root', OpCode.create, createBody('/'), 'nodeExists'],
  ['below /zookeeper', OpCode.create, createBody('/zookeeper/mine'), 'ok'],
  ['unknown flags', OpCode.create, createBody('/new', { flags: 7 }), 'badArguments'],
  ['negative flags', OpCode.create2, createBody('/new', { flags: -1 }), 'badArguments'],
  ['a TTL mode without a ttl', OpCode.create2, createBody('/new', { flags: 5 }), 'badArguments'],
  ['no slash', OpCode.create, createBody('new'), 'badArguments'],
  ['an empty path', OpCode.create, createBody(''), 'badArguments'],
  ['a NUL', OpCode.create, createBody('/a\u0000'), 'badArguments'],
  ['a null path', OpCode.create, nullPathBody(createBody('').subarray(4)), 'marshallingError'],
  ['no ACL', OpCode.create, createBody('/new', { acl: undefined }), 'invalidACL'],
  ['an empty ACL', OpCode.create, createBody('/new', { acl: [] }), 'invalidACL'],
  ['an ACL of an unknown scheme', OpCode.create, createBody('/new', { acl: invalidAcl }), 'invalidACL'],
  ['ACL before parent', OpCode.create, createBody('/none/new', { acl: [] }), 'invalidACL'],
  ['NUL before ACL', OpCode.create, createBody('/a\u0000', { acl: [] }), 'badArguments'],
  ['no parent', OpCode.create, createBody('/none/new'), 'noNode'],
  ['a relative path whose parent is looked up first', OpCode.create, createBody('a/b'), 'noNode'],
  ['no permission', OpCode.create, createBody('/no-create/new'), 'noAuth'],
  ['permission before the path', OpCode.create, createBody('/no-create/\u0001'), 'noAuth'],
  ['permission before existence', OpCode.create, createBody('/no-create/.'), 'noAuth'],
  ['an invalid path', OpCode.create, createBody('/open/..'), 'badArguments'],
  ['a slash at the end', OpCode.create, createBody('/open/'), 'badArguments'],
  ['a slash at the end, sequential', OpCode.create, createBody('/open/', { flags: 2 }), 'ok'],
  ['an existing node', OpCode.create, createBody('/open/leaf'), 'nodeExists'],
  ['an existing node below an ephemeral', OpCode.create, createBody('/eph'), 'nodeExists'],
  ['a child of an ephemeral', OpCode.create, createBody('/eph/child'), 'noChildrenForEphemerals'],
  ['a container', OpCode.createContainer, createBody('/box', { flags: 4 }), 'ok'],
  ['a container of another mode', OpCode.createContainer, createBody('/box', { flags: 0 }), 'ok'],
  ['a node with a TTL', OpCode.createTTL, createTtlBody('/ttl', 5, 1n), 'ok'],
  ['a sequential node with a TTL', OpCode.createTTL, createTtlBody('/ttl', 6, 1099511627775n), 'ok'],
  ['a TTL of 0', OpCode.createTTL, createTtlBody('/ttl', 5, 0n), 'badArguments'],
  ['a TTL that is too long', OpCode.createTTL, createTtlBody('/ttl', 5, 1099511627776n), 'badArguments'],
  ['a negative TTL', OpCode.createTTL, createTtlBody('/ttl', 5, -1n), 'badArguments'],
  ['a ttl without its mode', OpCode.createTTL, createTtlBody('/ttl', 0, 5n), 'badArguments'],
  ['neither ttl nor its mode', OpCode.createTTL, createTtlBody('/ttl', 0, -1n), 'badArguments'],
];

const changes: Case[] = [
  ['delete a leaf', OpCode.delete, pathVersionBody('/open/leaf'), 'ok'],
  ['delete at its version', OpCode.delete, pathVersionBody('/open/leaf', 0), 'ok'],
  ['delete at another version', OpCode.delete, pathVersionBody('/open/leaf', 1), 'badVersion'],
  ['delete a parent', OpCode.delete, pathVersionBody('/open'), 'notEmpty'],
  ['delete at another version a parent', OpCode.delete, pathVersionBody('/open', 3), 'badVersion'],
  ['delete nothing', OpCode.delete, pathVersionBody('/none'), 'noNode'],
  ['delete below nothing', OpCode.delete, pathVersionBody('/none/leaf'), 'noNode'],
  ['delete without permission', OpCode.delete, pathVersionBody('/no-delete/leaf'), 'noAuth'],
  ['delete nothing without permission', OpCode.delete, pathVersionBody('/no-delete/none'), 'noAuth'],
  ['delete the root', OpCode.delete, pathVersionBody('/'), 'badArguments'],
  ['delete /zookeeper', OpCode.delete, pathVersionBody('/zookeeper'), 'badArguments'],
  ['delete /zookeeper/quota', OpCode.delete, pathVersionBody('/zookeeper/quota'), 'badArguments'],
  ['delete /zookeeper/config', OpCode.delete, pathVersionBody('/zookeeper/config'), 'badArguments'],
  ['delete without a slash', OpCode.delete, pathVersionBody('open'), 'badArguments'],
  ['delete a path with a NUL', OpCode.delete, pathVersionBody('/open\u0000'), 'badArguments'],
  ['delete a path that is only looked up', OpCode.delete, pathVersionBody('/open/leaf/'), 'noNode'],
  ['delete with a null path', OpCode.delete, nullPathBody(Buffer.alloc(4)), 'marshallingError'],
  ['delete an empty path', OpCode.delete, pathVersionBody(''), 'badArguments'],
  ['deleteContainer by a client', OpCode.deleteContainer, stringBody('/open/leaf'), 'unimplemented'],
  ['setData', OpCode.setData, setDataBody('/open', 'x'), 'ok'],
  ['setData of the root', OpCode.setData, setDataBody('/', 'x'), 'ok'],
  ['setData at its version', OpCode.setData, setDataBody('/open', 'x', 0), 'ok'],
  ['setData at another version', OpCode.setData, setDataBody('/open', 'x', 1), 'badVersion'],
  ['setData of nothing', OpCode.setData, setDataBody('/none', 'x'), 'noNode'],
  ['setData without permission', OpCode.setData, setDataBody('/no-write', 'x'), 'noAuth'],
  ['setData without permission at another version', OpCode.setData, setDataBody('/no-write', 'x', 9), 'noAuth'],
  ['setData of an invalid path', OpCode.setData, setDataBody('/open/', 'x'), 'badArguments'],
  ['setData of an empty path', OpCode.setData, setDataBody('', 'x'), 'badArguments'],
  ['setData of a null path', OpCode.setData, nullPathBody(Buffer.alloc(8)), 'badArguments'],
  ['setData of the configuration', OpCode.setData, setDataBody('/zookeeper/config', 'x'), 'noAuth'],
  ['setACL', OpCode.setACL, setAclBody('/open', acl(1)), 'ok'],
  ['setACL at its version', OpCode.setACL, setAclBody('/open', acl(1), 0), 'ok'],
  ['setACL at another version', OpCode.setACL, setAclBody('/open', acl(1), 1), 'badVersion'],
  ['setACL of nothing', OpCode.setACL, setAclBody('/none', acl(1)), 'noNode'],
  ['setACL of nothing to nothing', OpCode.setACL, setAclBody('/none', []), 'invalidACL'],
  ['setACL to null', OpCode.setACL, setAclBody('/open', undefined), 'invalidACL'],
  ['setACL without permission', OpCode.setACL, setAclBody('/no-admin', acl(1)), 'noAuth'],
  ['setACL without permission at another version', OpCode.setACL, setAclBody('/no-admin', acl(1), 5), 'noAuth'],
  ['setACL of an invalid path', OpCode.setACL, setAclBody('/open//', []), 'badArguments'],
  ['setACL of a null path', OpCode.setACL, nullPathBody(setAclBody('', acl(1)).subarray(4)), 'badArguments'],
  ['check on its own', OpCode.check, pathVersionBody('/open'), 'unimplemented'],
  ['reconfig', OpCode.reconfig, Buffer.alloc(20), 'reconfigDisabled'],
  ['a read', OpCode.getData, stringBody('/open'), 'unimplemented'],
  ['nonsense', 4711, Buffer.alloc(0), 'unimplemented'],
];

describe('a create of', () => {
  it.each(creates)('%s', (_what, type, body, expected) => {
    expect(errorNames.get(furnished().err(BOB, type, body))).toBe(expected);
  });
});

describe('a request to', () => {
  it.each(changes)('%s', (_what, type, body, expected) => {
    expect(errorNames.get(furnished().err(BOB, type, body))).toBe(expected);
  });
});

describe('whatever is refused', () => {
  const refused = [...creates, ...changes].filter(([, , , expected]) => expected !== 'ok');

  it.each(refused)('spends a zxid and changes nothing: %s', (_what, type, body, expected) => {
    const server = furnished();
    const before = server.database.tree.digest();
    const txn = server.prepare(server.request(BOB, type, body));
    const { result } = server.apply();
    const code = ErrorCode[expected as keyof typeof ErrorCode];
    expect(txn).toEqual({
      header: { clientId: BOB, cxid: 7, zxid: server.zxid, time: server.wallMs, type: OpCode.error },
      body: { kind: 'error', type: OpCode.error, err: code },
      digest: undefined,
    });
    expect(result.err).toBe(code);
    expect(server.database.tree.digest()).toBe(before);
    expect(server.database.lastProcessedZxid).toBe(server.zxid);
    expect(server.prep.pending.size).toBe(0);
  });
});

describe('the session', () => {
  const writes: [string, number, Buffer][] = [
    ['create', OpCode.create, createBody('/new')],
    ['create2', OpCode.create2, createBody('/new')],
    ['createContainer', OpCode.createContainer, createBody('/new', { flags: 4 })],
    ['createTTL', OpCode.createTTL, createTtlBody('/new', 5, 9n)],
    ['an ephemeral', OpCode.create, createBody('/new', { flags: 1 })],
    ['delete', OpCode.delete, pathVersionBody('/open/leaf')],
    ['setData', OpCode.setData, setDataBody('/open', 'x')],
    ['setACL', OpCode.setACL, setAclBody('/open', acl(1))],
  ];

  it.each(writes)('must not have moved: %s', (_what, type, body) => {
    expect(furnished().err(BOB, type, body)).toBe(ErrorCode.ok);
    const moved = furnished();
    moved.sessions.revalidate(BOB, 30_000, elsewhere, 0);
    expect(moved.err(BOB, type, body)).toBe(ErrorCode.sessionMoved);
  });

  it.each([
    ['a create that cannot be', OpCode.create, createBody('/new', { flags: 9 })],
    ['what cannot be read', OpCode.setData, Buffer.alloc(3)],
    ['a multi of nothing', OpCode.multi, Buffer.from('ffffffff01ffffffff', 'hex')],
  ])('must not have moved, whatever else is wrong: %s', (_what, type, body) => {
    const server = furnished();
    expect(server.err(BOB, type, body)).not.toBe(ErrorCode.sessionMoved);
    server.sessions.revalidate(BOB, 30_000, elsewhere, 0);
    expect(server.err(BOB, type, body)).toBe(ErrorCode.sessionMoved);
  });

  it.each(writes)('must not be closing: %s', (_what, type, body) => {
    const server = furnished();
    server.sessions.setClosing(BOB);
    expect(server.err(BOB, type, body)).toBe(ErrorCode.sessionExpired);
  });

  it.each(writes)('must be known: %s', (_what, type, body) => {
    expect(furnished().err(CAROL, type, body)).toBe(ErrorCode.sessionExpired);
  });

  it('is asked for before the path, after the flags', () => {
    const server = furnished();
    expect(server.err(CAROL, OpCode.create, createBody('new', { flags: 99 }))).toBe(ErrorCode.badArguments);
    expect(server.err(CAROL, OpCode.create, createBody('new'))).toBe(ErrorCode.sessionExpired);
    expect(server.err(CAROL, OpCode.delete, pathVersionBody('/'))).toBe(ErrorCode.sessionExpired);
    expect(server.err(CAROL, OpCode.reconfig, Buffer.alloc(20))).toBe(ErrorCode.reconfigDisabled);
  });

  it('that a standalone server does not know is unknown, except for ephemerals', () => {
    const server = new SmallServer({ isStandalone: true });
    expect(server.err(CAROL, OpCode.create, createBody('/new'))).toBe(ErrorCode.unknownSession);
    expect(server.err(CAROL, OpCode.create, createBody('/new', { flags: 1 }))).toBe(ErrorCode.sessionExpired);
  });
});

describe('a malformed record', () => {
  const bodies: [string, number, Buffer][] = [
    ['create', OpCode.create, createBody('/new')],
    ['createTTL', OpCode.createTTL, createTtlBody('/new', 5, 1n)],
    ['delete', OpCode.delete, pathVersionBody('/open/leaf')],
    ['setData', OpCode.setData, setDataBody('/open', 'x')],
    ['setACL', OpCode.setACL, setAclBody('/open', acl(1))],
    ['multi', OpCode.multi, multiBody([OpCode.delete, pathVersionBody('/open/leaf')])],
    ['createSession', OpCode.createSession, Buffer.alloc(4)],
    ['reconfig', OpCode.reconfig, Buffer.alloc(20)],
  ];

  it.each(bodies)('is a marshalling error wherever it ends: %s', (_what, type, body) => {
    const server = furnished();
    const before = server.database.tree.digest();
    for (let end = 0; end < body.length; end++) {
      expect(server.err(BOB, type, body.subarray(0, end))).toBe(ErrorCode.marshallingError);
    }
    expect(server.database.tree.digest()).toBe(before);
  });

  it('may be followed by anything', () => {
    const body = Buffer.concat([setDataBody('/open', 'x'), Buffer.from('more')]);
    expect(furnished().err(BOB, OpCode.setData, body)).toBe(ErrorCode.ok);
  });
});

describe('a reconfig', () => {
  const body = Buffer.alloc(20);

  it('is unimplemented where there are no members to change', () => {
    const server = new SmallServer({ isStandalone: true, prep: { reconfigEnabled: true } }).open(ALICE);
    expect(server.err(ALICE, OpCode.reconfig, body)).toBe(ErrorCode.unimplemented);
  });

  it('is noNode in a tree that has no place for them', () => {
    const members = { plan: () => 'server.1=a:2888:3888;2181' };
    const server = new SmallServer({ prep: { reconfigEnabled: true }, members }).open(ALICE);
    const { tree } = server.database;
    const lookup = tree.lookup.bind(tree);
    tree.lookup = (path) => (path === CONFIG_PATH ? -1 : lookup(path));
    expect(server.err(ALICE, OpCode.reconfig, body)).toBe(ErrorCode.noNode);
  });
});

describe('extended types', () => {
  it('are unimplemented unless enabled', () => {
    const server = new SmallServer({ prep: { extendedTypes: false } }).open(ALICE);
    expect(server.err(ALICE, OpCode.createTTL, createTtlBody('/ttl', 5, 1n))).toBe(ErrorCode.unimplemented);
    expect(server.err(ALICE, OpCode.create, createBody('/ttl', { flags: 6 }))).toBe(ErrorCode.unimplemented);
    expect(server.err(ALICE, OpCode.createTTL, createTtlBody('/ttl', 0, -1n))).toBe(ErrorCode.badArguments);
    expect(server.err(ALICE, OpCode.createContainer, createBody('/box', { flags: 4 }))).toBe(ErrorCode.ok);
  });
});

describe('the server itself', () => {
  it.each([
    ['an empty container', '/box', ErrorCode.ok],
    ['a plain leaf', '/open/leaf', ErrorCode.ok],
    ['a parent', '/open', ErrorCode.notEmpty],
    ['an ephemeral', '/eph', ErrorCode.badVersion],
    ['nothing', '/none', ErrorCode.noNode],
  ])('may deleteContainer %s: %s %d', (_what, path, expected) => {
    const server = furnished();
    server.write(ALICE, OpCode.createContainer, createBody('/box', { flags: 4 }));
    server.prepare(server.ownRequest(0n, OpCode.deleteContainer, stringBody(path)));
    expect(server.apply().answer.err).toBe(expected);
  });
});

describe('a node whose TTL of 3 ms was over when the server looked', () => {
  // A transaction takes a millisecond here.
  it.each([
    ['goes when nobody wrote it', ['/open', '/open', '/open'], ErrorCode.ok],
    ['stays as long as the TTL lasts', ['/open', '/open'], ErrorCode.badVersion],
    ['stays when it was written since', ['/open', '/ttl', '/open'], ErrorCode.badVersion],
    ['goes when that is long ago', ['/ttl', '/open', '/open', '/open'], ErrorCode.ok],
  ])('%s', (_what, written, expected) => {
    const server = furnished();
    server.write(ALICE, OpCode.createTTL, createTtlBody('/ttl', 5, 3n));
    for (const path of written) server.prepare(server.request(ALICE, OpCode.setData, setDataBody(path, 'x')));
    server.prepare(server.ownRequest(0n, OpCode.deleteContainer, stringBody('/ttl')));
    while (server.pending > 1) server.apply();
    expect(server.apply().answer.err).toBe(expected);
  });
});

describe('a super user', () => {
  it('may do everything', () => {
    const server = furnished();
    const ids = [home, { scheme: 'super', id: '' }];
    expect(server.err(BOB, OpCode.create, createBody('/no-create/x'), ids)).toBe(ErrorCode.ok);
    expect(server.err(BOB, OpCode.delete, pathVersionBody('/no-delete/leaf'), ids)).toBe(ErrorCode.ok);
    expect(server.err(BOB, OpCode.setData, setDataBody('/no-write', 'x'), ids)).toBe(ErrorCode.ok);
    expect(server.err(BOB, OpCode.setACL, setAclBody('/no-admin', acl(1)), ids)).toBe(ErrorCode.ok);
  });
});
