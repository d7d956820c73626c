import { describe, expect, it } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { operationOfClient, operationOfServer } from '../../../src/server/operations/operations.ts';
import { readParts } from '../../../src/server/operations/writes/multi.ts';

describe('what a client may ask', () => {
  it('is this, and nothing else', () => {
    const table = Object.entries(OpCode).map(([name, type]) => {
      const { kind, lastOp } = operationOfClient(type);
      return [name, kind, lastOp];
    });
    expect(table).toEqual([
      ['notification', 'unknown', 'NA'],
      ['create', 'write', 'CREA'],
      ['delete', 'write', 'DELE'],
      ['exists', 'read', 'EXIS'],
      ['getData', 'read', 'GETD'],
      ['setData', 'write', 'SETD'],
      ['getACL', 'read', 'GETA'],
      ['setACL', 'write', 'SETA'],
      ['getChildren', 'read', 'GETC'],
      ['sync', 'sync', 'SYNC'],
      ['ping', 'ping', 'PING'],
      ['getChildren2', 'read', 'GETC'],
      ['check', 'unknown', 'NA'],
      ['multi', 'write', 'MULT'],
      ['create2', 'write', 'CREA'],
      ['reconfig', 'write', 'RECO'],
      ['checkWatches', 'read', 'CHKW'],
      ['removeWatches', 'read', 'REMW'],
      ['createContainer', 'write', 'CREA'],
      ['deleteContainer', 'unknown', 'NA'],
      ['createTTL', 'write', 'CREA'],
      ['multiRead', 'read', 'MLTR'],
      ['auth', 'auth', 'NA'],
      ['setWatches', 'read', 'SETW'],
      ['sasl', 'sasl', 'NA'],
      ['getEphemerals', 'read', 'GETE'],
      ['getAllChildrenNumber', 'read', 'GETACN'],
      ['setWatches2', 'read', 'STW2'],
      ['addWatch', 'read', 'ADDW'],
      ['whoAmI', 'read', 'HOMI'],
      ['createSession', 'unknown', 'NA'],
      ['closeSession', 'write', 'CLOS'],
      ['error', 'unknown', 'NA'],
    ]);
  });

  it.each([10, 23, 99, 108, 9999, -2, -12, 2147483647, -2147483648])('does not include operation %d', (type) => {
    expect(operationOfClient(type)).toMatchObject({ kind: 'unknown', lastOp: 'NA' });
  });
});

describe('what a server may forward', () => {
  it('is what a client may write, and what only servers submit', () => {
    const writes = Object.entries(OpCode).filter(([, type]) => operationOfServer(type).kind === 'write');
    expect(writes.map(([name]) => name)).toEqual([
      'create',
      'delete',
      'setData',
      'setACL',
      'multi',
      'create2',
      'reconfig',
      'createContainer',
      'deleteContainer',
      'createTTL',
      'createSession',
      'closeSession',
    ]);
  });

  it('is nothing else', () => {
    const kinds = new Set(Object.values(OpCode).map((type) => operationOfServer(type).kind));
    expect([...kinds].sort()).toEqual(['unknown', 'write']);
  });
});

describe('what a multi may hold', () => {
  it('is every write that says how it is read in one', () => {
    const said = Object.entries(OpCode).flatMap(([name, type]) => {
      const operation = operationOfServer(type);
      return operation.kind === 'write' && operation.inMulti?.read !== undefined ? [name] : [];
    });
    const taken = said.filter((name) => {
      const header = Buffer.alloc(9);
      header.writeInt32BE(OpCode[name as keyof typeof OpCode]);
      try {
        readParts(new Reader(header));
      } catch (error) {
        return !(error as Error).message.includes('does not fit into a multi');
      }
      return true;
    });
    expect(said).toEqual(['create', 'delete', 'setData', 'create2', 'createContainer', 'createTTL']);
    expect(taken).toEqual(said);
  });
});
