import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import type { Acl, Id } from '../../../src/jute/data-records.ts';
import { type Txn, writeTxn } from '../../../src/jute/txns.ts';
import { Writer } from '../../../src/jute/writer.ts';
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
  stringBody,
} from '../small-server.ts';

/** Histories of requests over a few names, so that most meet what earlier ones left, applied or still pending. */
interface Command {
  sessionId: bigint;
  ids: readonly Id[];
  type: number;
  body: Buffer;
  /** By the server itself, without an owner. */
  own: boolean;
}

const alice: Id = { scheme: 'digest', id: 'alice:a' };
const CAROL = 0x100000000000003n;
const SESSIONS = [ALICE, BOB, 0x100000000000011n, 0x100000000000012n, 0x100000000000013n, 0x100000000000014n];

const path = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('/a', '/b', '/a/x', '/a/y', '/b/x', '/b/y', '/a/x/1', '/b/x/1') },
  { weight: 1, arbitrary: fc.constantFrom('/', '/zookeeper/z', '', '/a/', 'a', '/..', '/zookeeper', '/a/x/1/2') },
);
const openAcl: Acl[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }];
const acl: fc.Arbitrary<Acl[]> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(openAcl) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Acl[][]>(
      [{ perms: 31, id: { scheme: 'auth', id: '' } }],
      [{ perms: 3, id: { scheme: 'world', id: 'anyone' } }],
      [{ perms: 29, id: { scheme: 'ip', id: '127.0.0.1' } }],
      [],
    ),
  },
);
const version = fc.constantFrom(-1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2);
const flags = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4) },
  { weight: 1, arbitrary: fc.constant(9) },
);
const data = fc.constantFrom(undefined, Buffer.alloc(0), Buffer.from('some data'), Buffer.alloc(300, 'x'));

const part: fc.Arbitrary<readonly [number, Buffer]> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom(OpCode.create, OpCode.create2, OpCode.createContainer), path, flags, acl, data)
      .map(([type, p, f, a, d]) => [type, createBody(p, { flags: f, acl: a, data: d })] as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, fc.constantFrom(5, 5, 5, 6, 6, 0, 4), fc.constantFrom(50n, 50n, 50n, 0n, -1n))
      .map(([p, f, ttl]) => [OpCode.createTTL, createTtlBody(p, f, ttl)] as const),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(path, version).map(([p, v]) => [OpCode.delete, pathVersionBody(p, v)] as const),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(path, fc.constantFrom('', 'new'), version)
      .map(([p, d, v]) => [OpCode.setData, setDataBody(p, d, v)] as const),
  },
);
const check = fc.tuple(path, version).map(([p, v]) => [OpCode.check, pathVersionBody(p, v)] as const);
const setAcl = fc.tuple(path, acl, version).map(([p, a, v]) => [OpCode.setACL, setAclBody(p, a, v)] as const);
const multi = fc
  .array(fc.oneof({ weight: 5, arbitrary: part }, { weight: 1, arbitrary: check }), {
    minLength: 0,
    maxLength: 3,
    size: 'max',
  })
  .map((parts) => [OpCode.multi, multiBody(...parts)] as const);
/** An id is never used twice, so none is created here: Carol's session is unknown throughout. */
const close = fc.constant([OpCode.closeSession, Buffer.alloc(0)] as const);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .tuple(
        fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...SESSIONS) }, { weight: 1, arbitrary: fc.constant(CAROL) }),
        fc.boolean(),
        fc.oneof(
          { weight: 40, arbitrary: part },
          { weight: 4, arbitrary: setAcl },
          { weight: 12, arbitrary: multi },
          { weight: 1, arbitrary: close },
        ),
      )
      .map(([sessionId, proved, [type, body]]) => {
        return { sessionId, ids: proved ? [alice, home] : [home], type, body, own: false };
      }),
  },
  {
    weight: 1,
    arbitrary: path.map((p) => {
      return { sessionId: 0n, ids: [], type: OpCode.deleteContainer, body: stringBody(p), own: true };
    }),
  },
);

function populated(): SmallServer {
  const server = new SmallServer().open(...SESSIONS);
  for (const name of ['/a', '/b', '/a/x', '/b/y']) server.write(ALICE, OpCode.create, createBody(name));
  return server;
}

function submit(server: SmallServer, c: Command): Txn {
  const request = c.own
    ? server.ownRequest(c.sessionId, c.type, c.body, c.ids)
    : server.request(c.sessionId, c.type, c.body, c.ids, here);
  return server.prepare(request);
}

function bytesOf(txn: Txn): string {
  const w = new Writer();
  writeTxn(w, txn);
  return w.take().toString('hex');
}

/** Steps: a command, or how many pending transactions are applied before the next. */
const history = fc.array(fc.tuple(command, fc.integer({ min: 0, max: 3 })), {
  minLength: 1,
  maxLength: 80,
  size: 'max',
});

describe('any history of requests', () => {
  it('becomes the same transactions, however late they are applied', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const prompt = populated();
        const late = populated();
        for (const [c, applied] of steps) {
          const expected = bytesOf(submit(prompt, c));
          prompt.applyAll();
          expect(bytesOf(submit(late, c))).toBe(expected);
          for (let i = 0; i < applied && late.pending > 0; i++) late.apply();
        }
        late.applyAll();
        expect(late.database.tree.digest()).toBe(prompt.database.tree.digest());
        expect(late.prep.pending.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('is applied without an error, and leads to the digests it names', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const server = populated();
        for (const [c] of steps) submit(server, c);
        while (server.pending > 0) {
          const { txn, result } = server.apply();
          const body = txn.body;
          const failed = body.kind === 'error' || (body.kind === 'multi' && body.txns.some((t) => t.kind === 'error'));
          if (!failed) expect(result.err).toBe(ErrorCode.ok);
          if (body.kind === 'error') continue;
          expect(txn.digest?.treeDigest).toBe(server.database.tree.digest());
        }
        expect(server.database.digestMismatches).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves nothing behind that the next role would see', () => {
    fc.assert(
      fc.property(history, command, (steps, next) => {
        const server = populated();
        const fresh = populated();
        for (const [c] of steps) submit(server, c);
        server.prep.reset();
        server.zxid = fresh.zxid;
        // Sessions belong to the role as well; only their part of the state outlives it here.
        fc.pre(steps.every(([c]) => c.type !== OpCode.closeSession));
        expect(bytesOf(submit(server, next))).toBe(bytesOf(submit(fresh, next)));
      }),
      { numRuns: 100 },
    );
  });
});
