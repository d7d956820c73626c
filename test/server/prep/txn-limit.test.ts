import { describe, expect, it } from 'vitest';
import { CreateMode, ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { readTxn, writeTxn } from '../../../src/jute/txns.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { ALICE, createBody, home, multiBody, SmallServer, setAclBody, setDataBody } from '../small-server.ts';

/** As an Apache follower takes by default. */
const MOST = 2_097_150;
const ids = [home, ...Array.from({ length: 127 }, (_, i) => ({ scheme: 'digest', id: `user${i}:${'x'.repeat(28)}` }))];
const authAcl = (entries: number) =>
  Array.from({ length: entries }, (_, i) => ({ perms: i + 1, id: { scheme: 'auth', id: '' } }));

describe('a transaction that not every server could take', () => {
  it('is refused whole when it is a multi whose auth entries become every proved id', () => {
    const server = new SmallServer().open(ALICE);
    const creates = Array.from(
      { length: 20_500 },
      (_, i) => [OpCode.create, createBody(`/n${i}`, { acl: authAcl(1) })] as const,
    );
    expect(server.err(ALICE, OpCode.multi, multiBody(...creates), ids)).toBe(ErrorCode.marshallingError);
    expect(server.database.tree.lookup('/n0')).toBe(-1);
    expect(server.prep.pending.size).toBe(0);
    expect(server.err(ALICE, OpCode.multi, multiBody(...creates.slice(0, 200)), ids)).toBe(0);
    expect(server.database.tree.lookup('/n199')).not.toBe(-1);
  });

  it('is refused long before the whole of it is made', () => {
    const server = new SmallServer().open(ALICE);
    const { pending } = server.prep;
    const create = pending.create.bind(pending);
    let made = 0;
    pending.create = (...node) => {
      made++;
      create(...node);
    };
    const creates = Array.from(
      { length: 5000 },
      (_, i) => [OpCode.create, createBody(`/n${i}`, { acl: authAcl(1) })] as const,
    );
    expect(server.err(ALICE, OpCode.multi, multiBody(...creates), ids)).toBe(ErrorCode.marshallingError);
    expect(made).toBeLessThan(400);
  });

  it('is refused when it is a write by itself, at the byte', () => {
    const server = new SmallServer({ prep: { maxTxnBytes: 1000 } }).open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/a'));
    // Header 32 and digest 12, path 6, length 4, version 4.
    expect(server.err(ALICE, OpCode.setData, setDataBody('/a', 'x'.repeat(942)))).toBe(0);
    expect(server.err(ALICE, OpCode.setData, setDataBody('/a', 'x'.repeat(943)))).toBe(ErrorCode.marshallingError);
    expect(server.err(ALICE, OpCode.setACL, setAclBody('/a', authAcl(1)), ids)).toBe(ErrorCode.marshallingError);
  });

  it('is never the end of a session: it leaves the names of its ephemerals to each server', () => {
    const server = new SmallServer().open(ALICE);
    const names = ['a', 'b', 'c'].map((letter) => `/${letter.repeat(900_000)}`);
    for (const path of names)
      expect(server.err(ALICE, OpCode.create, createBody(path, { flags: CreateMode.ephemeral }))).toBe(0);
    const txn = server.prepare(server.ownRequest(ALICE, OpCode.closeSession, Buffer.alloc(0)));
    const w = new Writer();
    writeTxn(w, txn);
    const payload = w.take();
    expect(payload.length).toBe(32);
    expect(readTxn(payload).body).toEqual({ kind: 'closeSession', type: OpCode.closeSession, paths: undefined });
    server.apply();
    expect(names.map((path) => server.database.tree.lookup(path))).toEqual([-1, -1, -1]);
    server.open(ALICE);
    server.write(ALICE, OpCode.create, createBody('/after'));
    expect(server.database.digestMismatches).toBe(0);
  });

  it('names the ephemerals of a session as long as all can take it', () => {
    const server = new SmallServer().open(ALICE);
    const path = `/${'a'.repeat(900_000)}`;
    server.write(ALICE, OpCode.create, createBody(path, { flags: CreateMode.ephemeral }));
    const txn = server.prepare(server.ownRequest(ALICE, OpCode.closeSession, Buffer.alloc(0)));
    expect(txn.body).toMatchObject({ paths: [path] });
    expect(txn.digest).toBeDefined();
    const w = new Writer();
    writeTxn(w, txn);
    expect(w.length).toBeLessThan(MOST);
  });
});
