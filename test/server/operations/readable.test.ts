import { describe, expect, it } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import { operationOfClient } from '../../../src/server/operations/operations.ts';
import { Request } from '../../../src/server/request.ts';
import {
  createBody,
  createTtlBody,
  multiBody,
  nullPathBody,
  pathVersionBody,
  setAclBody,
  setDataBody,
} from '../small-server.ts';

function isReadableWrite(type: number, body: Buffer): boolean {
  const asker = { sessionId: 1n, authIds: [], owner: undefined };
  return new Request(asker, 1, operationOfClient(type), body, 0).kind === 'write';
}

const openAcl = [...OPEN_ACL_UNSAFE];
const writes: [string, number, Buffer][] = [
  ['create', OpCode.create, createBody('/a', { data: Buffer.from('data') })],
  ['create without ACL', OpCode.create2, createBody('/a', { acl: undefined })],
  ['createTTL', OpCode.createTTL, createTtlBody('/a', 5, 1n)],
  ['createContainer', OpCode.createContainer, createBody('/a', { flags: 4 })],
  ['delete', OpCode.delete, pathVersionBody('/a', 3)],
  ['setData', OpCode.setData, setDataBody('/a', 'data')],
  ['setACL', OpCode.setACL, setAclBody('/a', openAcl)],
  ['reconfig', OpCode.reconfig, Buffer.from('ffffffffffffffffffffffffffffffffffffffff', 'hex')],
];

describe('a write is readable', () => {
  it.each(writes)('whole, and with more behind it, but at no earlier end: %s', (_what, type, body) => {
    expect(isReadableWrite(type, body)).toBe(true);
    expect(isReadableWrite(type, Buffer.concat([body, Buffer.alloc(3)]))).toBe(true);
    for (let end = 0; end < body.length; end++) expect(isReadableWrite(type, body.subarray(0, end))).toBe(false);
  });

  it('with null fields, however wrong they are', () => {
    expect(isReadableWrite(OpCode.delete, nullPathBody(Buffer.alloc(4)))).toBe(true);
    expect(isReadableWrite(OpCode.create, createBody('nonsense', { flags: 99, data: undefined }))).toBe(true);
  });

  it('but not with a negative length', () => {
    expect(isReadableWrite(OpCode.delete, Buffer.from('fffffffe00000000', 'hex'))).toBe(false);
  });

  it('without a record, for those that have none', () => {
    expect(isReadableWrite(OpCode.closeSession, Buffer.alloc(0))).toBe(true);
  });
});

describe('a multi that cannot be read spends a transaction all the same', () => {
  it.each<[string, Buffer]>([
    ['cut short', multiBody([OpCode.delete, pathVersionBody('/a')]).subarray(0, 20)],
    ['empty bytes', Buffer.alloc(0)],
    ['unknown parts', multiBody([OpCode.setACL, setAclBody('/a', openAcl)])],
    ['unknown flags, no ACL', multiBody([OpCode.create, createBody('/a', { flags: 9, acl: undefined })])],
    [
      'a mode that wants a ttl, then no ACL',
      multiBody([OpCode.create, createBody('/a', { flags: 5 })], [OpCode.create, createBody('/a', { acl: undefined })]),
    ],
    ['createTTL without ACL', multiBody([OpCode.createTTL, createBody('/a', { acl: undefined, flags: 5 }, true)])],
    ['good parts', multiBody([OpCode.create, createBody('/a')], [OpCode.setData, setDataBody('/a', '')])],
  ])('%s', (_what, body) => {
    expect(isReadableWrite(OpCode.multi, body)).toBe(true);
  });

  it('unless what is wrong first is a create without an ACL list', () => {
    const lacking = createBody('/a', { acl: undefined });
    expect(
      isReadableWrite(OpCode.multi, multiBody([OpCode.create, createBody('/a', { flags: 5, acl: undefined })])),
    ).toBe(false);
    expect(isReadableWrite(OpCode.multi, multiBody([OpCode.create, lacking]))).toBe(false);
    expect(
      isReadableWrite(OpCode.multi, multiBody([OpCode.delete, pathVersionBody('/a')], [OpCode.create2, lacking])),
    ).toBe(false);
    expect(isReadableWrite(OpCode.multi, multiBody([OpCode.sync, Buffer.alloc(0)], [OpCode.create, lacking]))).toBe(
      true,
    );
  });
});
