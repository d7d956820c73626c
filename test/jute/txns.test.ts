import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { OpCode } from '../../src/jute/codes.ts';
import { Reader, TruncatedError } from '../../src/jute/reader.ts';
import { readTxn, readTxnBody, type Txn, type TxnBody, writeTxn, writeTxnBody } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import {
  acls,
  bool,
  buffer,
  type Fields,
  fieldsOf,
  golden,
  goldenRecords,
  type Json,
  list,
  long,
  number,
  text,
  zxid,
} from './golden.ts';

const TYPES: Record<string, number> = {
  CreateTxn: OpCode.create,
  CreateTxnV0: OpCode.create,
  CreateContainerTxn: OpCode.createContainer,
  CreateTTLTxn: OpCode.createTTL,
  DeleteTxn: OpCode.delete,
  SetDataTxn: OpCode.setData,
  SetACLTxn: OpCode.setACL,
  CheckVersionTxn: OpCode.check,
  CreateSessionTxn: OpCode.createSession,
  CloseSessionTxn: OpCode.closeSession,
  ErrorTxn: OpCode.error,
  MultiTxn: OpCode.multi,
};

/** Where a record may be missing, so many bytes are taken for the digest behind it. */
const DIGEST_BYTES = 12;

/** `fields` null: a closeSession without a record. */
function bodyOf(type: number, fields: Fields | null): TxnBody {
  const f = fields ?? {};
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return {
        kind: 'create',
        type,
        path: text(f.path),
        data: buffer(f.data),
        acl: acls(f.acl),
        ephemeral: f.ephemeral === undefined ? false : bool(f.ephemeral),
        parentCVersion: f.parentCVersion === undefined ? -1 : number(f.parentCVersion),
        ttl: f.ttl === undefined ? 0n : long(f.ttl),
      };
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { kind: 'delete', type, path: text(f.path) };
    case OpCode.setData:
    case OpCode.reconfig:
      return { kind: 'setData', type, path: text(f.path), data: buffer(f.data), version: number(f.version) };
    case OpCode.setACL:
      return { kind: 'setACL', type, path: text(f.path), acl: acls(f.acl), version: number(f.version) };
    case OpCode.check:
      return { kind: 'check', type, path: text(f.path), version: number(f.version) };
    case OpCode.createSession:
      return { kind: 'createSession', type, timeoutMs: number(f.timeOut) };
    case OpCode.closeSession:
      return { kind: 'closeSession', type, paths: fields === null ? undefined : list(f.paths2Delete).map(text) };
    case OpCode.error:
      return { kind: 'error', type, err: number(f.err) };
    default:
      throw new Error(`type ${type}`);
  }
}

function written(body: TxnBody): string {
  const w = new Writer(32);
  writeTxnBody(w, body);
  return w.take().toString('hex');
}

interface LoggedTxn {
  header: Fields;
  txn: Json;
  parts?: { type: number; record?: string; txn: Fields | null }[];
  digest?: Fields | null;
  payload: string;
}

function loggedTxns(): { where: string; logged: LoggedTxn }[] {
  const root = new URL('../golden/files/', import.meta.url);
  const found: { where: string; logged: LoggedTxn }[] = [];
  for (const dir of readdirSync(root).sort()) {
    for (const file of readdirSync(new URL(`${dir}/`, root))) {
      if (!/^log\..*\.jsonl$/.test(file)) continue;
      for (const line of golden(`files/${dir}/${file}`).trim().split('\n').slice(1)) {
        const logged = JSON.parse(line) as LoggedTxn;
        found.push({ where: `${dir}/${file} zxid ${text(logged.header.zxid)}`, logged });
      }
    }
  }
  return found;
}

function expectedTxn(logged: LoggedTxn): Txn {
  const type = number(logged.header.type);
  const body: TxnBody =
    logged.parts === undefined
      ? bodyOf(type, logged.txn as Fields | null)
      : { kind: 'multi', type, txns: logged.parts.map((part) => bodyOf(part.type, part.txn)) };
  const digest = logged.digest ?? undefined;
  return {
    header: {
      clientId: long(logged.header.clientId),
      cxid: number(logged.header.cxid),
      zxid: zxid(logged.header.zxid),
      time: number(logged.header.time),
      type,
    },
    body,
    digest: digest && { version: number(digest.version), treeDigest: long(digest.treeDigest) },
  };
}

describe('a transaction of Apache ZooKeeper', () => {
  const records = goldenRecords.filter(({ record }) => record in TYPES && record !== 'MultiTxn');

  test.each(records)('$record: $name', ({ record, fields, hex }) => {
    const type = TYPES[record] as number;
    const bytes = Buffer.from(hex, 'hex');
    const expected = bodyOf(type, fields);
    expect(readTxnBody(new Reader(bytes), type, bytes.length)).toEqual(expected);
    if (record !== 'CreateTxnV0') expect(written(expected)).toBe(hex);
  });

  test.each(goldenRecords.filter(({ record }) => record === 'MultiTxn'))('$record: $name', ({ fields, hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    const body = readTxnBody(new Reader(bytes), OpCode.multi, bytes.length);
    const parts = list(fields.txns).map((part) => ({
      type: number(fieldsOf(part).type),
      hex: text(fieldsOf(part).data),
    }));
    expect(body.kind === 'multi' && body.txns.map((part) => ({ type: part.type, hex: written(part) }))).toEqual(parts);
    expect(written(body)).toBe(hex);
  });

  test.each(records)('is refused when cut short, $record: $name', ({ record, hex }) => {
    const type = TYPES[record] as number;
    const bytes = Buffer.from(hex, 'hex');
    for (let length = 0; length < bytes.length; length++) {
      // Old forms that are only shorter: a create without parentCVersion, a closeSession without anything.
      if (record === 'CreateTxn' && length >= bytes.length - 4) continue;
      if (record === 'CloseSessionTxn' && (length === 0 || length === DIGEST_BYTES)) continue;
      expect(() => readTxnBody(new Reader(bytes, 0, length), type, length), `${length}`).toThrow(TruncatedError);
    }
  });
});

describe('the logs of real servers', () => {
  test('hold transactions that are read, and written again to the byte', () => {
    const logged = loggedTxns();
    expect(logged.length).toBeGreaterThan(300);
    for (const { where, logged: one } of logged) {
      const payload = Buffer.from(one.payload, 'hex');
      const txn = readTxn(payload);
      expect(txn, where).toEqual(expectedTxn(one));
      const w = new Writer(64);
      writeTxn(w, txn);
      expect(w.take().toString('hex'), where).toBe(one.payload);
    }
  });

  test('hold nothing that fails otherwise than with ProtocolError when cut short', () => {
    for (const { logged } of loggedTxns()) {
      const payload = Buffer.from(logged.payload, 'hex');
      for (let length = 0; length < payload.length; length++) {
        try {
          readTxn(payload.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    }
  });
});

describe('a closeSession', () => {
  const header = `${'00'.repeat(7)}01${'00'.repeat(4)}${'00'.repeat(7)}05${'00'.repeat(8)}fffffff5`;

  function read(rest: string): Txn {
    return readTxn(Buffer.from(header + rest.replaceAll(' ', ''), 'hex'));
  }

  test('may have no record, with or without a digest behind', () => {
    expect([read('').body, read('').digest]).toEqual([
      { kind: 'closeSession', type: OpCode.closeSession, paths: undefined },
      undefined,
    ]);
    const digested = read('00000002 0000000100000002');
    expect([digested.body, digested.digest]).toEqual([
      { kind: 'closeSession', type: OpCode.closeSession, paths: undefined },
      { version: 2, treeDigest: 0x100000002n },
    ]);
  });

  test('may have an empty list, with or without a digest behind', () => {
    expect(read('00000000').body).toEqual({ kind: 'closeSession', type: OpCode.closeSession, paths: [] });
    const digested = read('00000000 00000002 0000000100000002');
    expect([digested.body, digested.digest?.treeDigest]).toEqual([
      { kind: 'closeSession', type: OpCode.closeSession, paths: [] },
      0x100000002n,
    ]);
  });

  test('may have a list as long as a digest', () => {
    expect(read('00000001 00000004 2f616263').body).toEqual({
      kind: 'closeSession',
      type: OpCode.closeSession,
      paths: ['/abc'],
    });
  });
});

describe('bytes that are no transaction', () => {
  test('are refused by the type', () => {
    for (const type of [OpCode.exists, OpCode.sync, 99, -2]) {
      expect(() => readTxnBody(new Reader(Buffer.alloc(64)), type, 64)).toThrow(`unknown transaction type ${type}`);
    }
  });

  test('are refused when a multi holds a multi', () => {
    const w = new Writer(16);
    w.writeInt(1);
    w.writeInt(OpCode.multi);
    w.writeInt(4);
    w.writeInt(0);
    const bytes = w.take();
    expect(() => readTxnBody(new Reader(bytes), OpCode.multi, bytes.length)).toThrow('a multi within a multi');
  });
});
