import { describe, expect, it } from 'vitest';
import { CreateMode, ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE, readStat } from '../../../src/jute/data-records.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { writeCommitReply } from '../../../src/server/answers/commit-replies.ts';
import { reconfig } from '../../../src/server/operations/writes/reconfig.ts';
import {
  ALICE,
  createBody,
  createTtlBody,
  multiBody,
  pathVersionBody,
  SmallServer,
  setAclBody,
  setDataBody,
} from '../small-server.ts';

const openAcl = [...OPEN_ACL_UNSAFE];

/** zxid 1 is the session, 2 creates /n. */
function furnished(): SmallServer {
  const server = new SmallServer().open(ALICE);
  server.write(ALICE, OpCode.create, createBody('/n'));
  return server;
}

describe('the reply to a write', () => {
  it('create: the path alone', () => {
    const answer = furnished().write(
      ALICE,
      OpCode.create,
      createBody('/s-', { flags: CreateMode.persistentSequential }),
    );
    expect(answer.err).toBe(0);
    expect(answer.body.toString('hex')).toBe(`0000000d${Buffer.from('/s-0000000001').toString('hex')}`);
  });

  it.each<[string, number, Buffer, bigint]>([
    ['create2', OpCode.create2, createBody('/new'), 0n],
    ['create2 of an ephemeral', OpCode.create2, createBody('/new', { flags: CreateMode.ephemeral }), ALICE],
    ['createContainer', OpCode.createContainer, createBody('/new', { flags: CreateMode.container }), 0n],
    ['createTTL', OpCode.createTTL, createTtlBody('/new', CreateMode.persistentWithTTL, 77n), 0n],
  ])('%s: path and Stat', (_what, type, body, ephemeralOwner) => {
    const r = new Reader(furnished().write(ALICE, type, body).body);
    expect(r.readString()).toBe('/new');
    expect(readStat(r)).toEqual({
      czxid: 3,
      mzxid: 3,
      ctime: 1003,
      mtime: 1003,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner,
      dataLength: 0,
      numChildren: 0,
      pzxid: 3,
    });
    expect(r.remaining).toBe(0);
  });

  it('setData and setACL: the Stat', () => {
    const server = furnished();
    const data = new Reader(server.write(ALICE, OpCode.setData, setDataBody('/n', 'four')).body);
    expect(readStat(data)).toMatchObject({ version: 1, aversion: 0, mzxid: 3, mtime: 1003, dataLength: 4 });
    const acl = new Reader(server.write(ALICE, OpCode.setACL, setAclBody('/n', openAcl)).body);
    expect(readStat(acl)).toMatchObject({ version: 1, aversion: 1, mzxid: 3 });
    expect(acl.remaining).toBe(0);
  });

  it.each<[string, number, Buffer]>([
    ['delete', OpCode.delete, pathVersionBody('/n')],
    ['closeSession', OpCode.closeSession, Buffer.alloc(0)],
  ])('%s: nothing', (_what, type, body) => {
    expect(furnished().write(ALICE, type, body)).toEqual({ err: 0, body: Buffer.alloc(0) });
  });

  it('that failed: the code alone', () => {
    expect(furnished().write(ALICE, OpCode.create2, createBody('/n'))).toEqual({
      err: ErrorCode.nodeExists,
      body: Buffer.alloc(0),
    });
  });

  it('reconfig, which an Apache leader may have allowed: the new membership and the Stat', () => {
    const server = furnished();
    const text = Buffer.from('server.1=a:1:2:participant\nversion=100000002');
    const txn = server.prepare(server.request(ALICE, OpCode.setData, setDataBody('/n', text.toString())));
    const result = server.apply().result;
    const w = new Writer();
    expect(writeCommitReply(reconfig, txn, result, w)).toBe(0);
    const r = new Reader(w.take());
    expect(r.readBuffer()).toEqual(text);
    expect(readStat(r)).toMatchObject({ mzxid: 3 });
  });
});

describe('the reply to a multi', () => {
  it('answers part by part', () => {
    const body = multiBody(
      [OpCode.create, createBody('/a')],
      [OpCode.create2, createBody('/b')],
      [OpCode.createContainer, createBody('/c', { flags: CreateMode.container })],
      [OpCode.createTTL, createTtlBody('/t', CreateMode.persistentWithTTL, 1n)],
      [OpCode.check, pathVersionBody('/n', 0)],
      [OpCode.setData, setDataBody('/n', 'x')],
      [OpCode.delete, pathVersionBody('/a')],
    );
    const answer = furnished().write(ALICE, OpCode.multi, body);
    expect(answer.err).toBe(0);
    const r = new Reader(answer.body);
    const header = () => [r.readInt(), r.readBool(), r.readInt()];
    expect(header()).toEqual([OpCode.create, false, 0]);
    expect(r.readString()).toBe('/a');
    for (const path of ['/b', '/c', '/t']) {
      expect(header()).toEqual([OpCode.create2, false, 0]);
      expect(r.readString()).toBe(path);
      expect(readStat(r)).toMatchObject({ czxid: 3, ephemeralOwner: 0n });
    }
    expect(header()).toEqual([OpCode.check, false, 0]);
    expect(header()).toEqual([OpCode.setData, false, 0]);
    expect(readStat(r)).toMatchObject({ version: 1, mzxid: 3 });
    expect(header()).toEqual([OpCode.delete, false, 0]);
    expect(header()).toEqual([-1, true, -1]);
    expect(r.remaining).toBe(0);
  });

  it('that failed is err 0 and an error for every part', () => {
    const body = multiBody(
      [OpCode.create, createBody('/a')],
      [OpCode.check, pathVersionBody('/n', 5)],
      [OpCode.delete, pathVersionBody('/n')],
    );
    const answer = furnished().write(ALICE, OpCode.multi, body);
    expect(answer.err).toBe(0);
    expect(answer.body.toString('hex')).toBe(
      [
        'ffffffff 00 00000000 00000000',
        'ffffffff 00 ffffff99 ffffff99',
        'ffffffff 00 fffffffe fffffffe',
        'ffffffff 01 ffffffff',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('that is empty ends at once', () => {
    expect(furnished().write(ALICE, OpCode.multi, multiBody()).body.toString('hex')).toBe('ffffffff01ffffffff');
  });

  it('that could not be read is a marshalling error', () => {
    expect(furnished().write(ALICE, OpCode.multi, Buffer.from([1]))).toEqual({
      err: ErrorCode.marshallingError,
      body: Buffer.alloc(0),
    });
  });

  it('whose session has moved has none, as the caller is told', () => {
    const server = furnished();
    const body = multiBody([OpCode.create, createBody('/a')]);
    const answer = server.write(ALICE, OpCode.multi, body, undefined, { ownerName: 'elsewhere' });
    expect(answer).toEqual({ err: ErrorCode.sessionMoved, body: Buffer.alloc(0) });
  });
});
