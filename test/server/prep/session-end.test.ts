import { describe, expect, it } from 'vitest';
import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import type { CloseSessionTxn, Txn } from '../../../src/jute/txns.ts';
import { ALICE, BOB, createBody, pathVersionBody, SmallServer, setDataBody } from '../small-server.ts';

const EPHEMERAL = 1;
const NOTHING = Buffer.alloc(0);

/** Alice owns two below /p and one below /q, all applied. */
function opened(): SmallServer {
  const server = new SmallServer().open(ALICE, BOB);
  for (const path of ['/p', '/q']) server.write(BOB, OpCode.create, createBody(path));
  for (const path of ['/p/1', '/q/2', '/p/3']) {
    expect(server.err(ALICE, OpCode.create, createBody(path, { flags: EPHEMERAL }))).toBe(ErrorCode.ok);
  }
  return server;
}

function named(txn: Txn): readonly string[] | undefined {
  return (txn.body as CloseSessionTxn).paths;
}

function isRefused(txn: Txn): number {
  return txn.body.kind === 'error' ? txn.body.err : ErrorCode.ok;
}

describe('behind the end of a session that is not applied yet', () => {
  it('what it owned is gone, may be made again, and its parents have no children', () => {
    const server = opened();
    const ask = (type: number, body: Buffer): number => isRefused(server.prepare(server.request(BOB, type, body)));
    const end = server.prepare(server.request(ALICE, OpCode.closeSession, NOTHING));
    expect(named(end)).toEqual(['/p/1', '/q/2', '/p/3']);
    expect(ask(OpCode.setData, setDataBody('/p/1', 'x'))).toBe(ErrorCode.noNode);
    expect(ask(OpCode.delete, pathVersionBody('/p/3', -1))).toBe(ErrorCode.noNode);
    expect(ask(OpCode.create, createBody('/p/1', { flags: EPHEMERAL }))).toBe(ErrorCode.ok);
    expect(ask(OpCode.create, createBody('/p/1'))).toBe(ErrorCode.nodeExists);
    expect(ask(OpCode.delete, pathVersionBody('/q', -1))).toBe(ErrorCode.ok);
    expect(ask(OpCode.delete, pathVersionBody('/p', -1))).toBe(ErrorCode.notEmpty);
    server.applyAll();
    expect(server.database.tree.childNames(server.database.tree.lookup('/p'))).toEqual(['1']);
    expect(server.database.tree.ephemeralsOf(BOB)).toEqual(['/p/1']);
    expect(server.database.digestMismatches).toBe(0);
    expect(ask(OpCode.delete, pathVersionBody('/p/1', -1))).toBe(ErrorCode.ok);
  });

  it('what changed, went or came before it is taken as it will be', () => {
    const server = opened();
    const prepare = (session: bigint, type: number, body: Buffer): Txn =>
      server.prepare(server.request(session, type, body));
    prepare(BOB, OpCode.delete, pathVersionBody('/p/1', -1));
    prepare(BOB, OpCode.create, createBody('/p/1', { flags: EPHEMERAL }));
    prepare(BOB, OpCode.setData, setDataBody('/q/2', 'changed'));
    prepare(ALICE, OpCode.create, createBody('/q/4', { flags: EPHEMERAL }));
    prepare(ALICE, OpCode.create, createBody('/q/5', { flags: EPHEMERAL }));
    prepare(BOB, OpCode.delete, pathVersionBody('/q/5', -1));
    expect(named(prepare(ALICE, OpCode.closeSession, NOTHING))).toEqual(['/q/2', '/p/3', '/q/4']);
    expect(isRefused(prepare(BOB, OpCode.delete, pathVersionBody('/q', -1)))).toBe(ErrorCode.ok);
    server.applyAll();
    expect(server.database.tree.childNames(server.database.tree.lookup('/p'))).toEqual(['1']);
    expect(server.database.tree.ephemeralCount).toBe(1);
    expect(server.database.digestMismatches).toBe(0);
  });

  it('a second end of it names nothing, and one that is forgotten takes nothing along', () => {
    const server = opened();
    const end = (): Txn => server.prepare(server.request(ALICE, OpCode.closeSession, NOTHING));
    expect([named(end())?.length, named(end())?.length]).toEqual([3, 0]);
    server.prep.reset();
    expect(named(end())?.length).toBe(3);
  });

  it('that names nothing for its length leads to the same tree', () => {
    const server = new SmallServer({ prep: { maxTxnBytes: 2000 } }).open(ALICE, BOB);
    server.write(BOB, OpCode.create, createBody('/p'));
    for (let i = 0; i < 300; i++) server.write(ALICE, OpCode.create, createBody(`/p/${i}`, { flags: EPHEMERAL }));
    expect(named(server.prepare(server.request(ALICE, OpCode.closeSession, NOTHING)))).toBeUndefined();
    expect(isRefused(server.prepare(server.request(BOB, OpCode.delete, pathVersionBody('/p', -1))))).toBe(ErrorCode.ok);
    server.applyAll();
    expect([server.database.tree.lookup('/p'), server.database.tree.ephemeralCount]).toEqual([-1, 0]);
    expect(server.database.digestMismatches).toBe(0);
  });
});
