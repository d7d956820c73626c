import { describe, expect, test } from 'vitest';
import * as client from '../../src/jute/client-records.ts';
import * as data from '../../src/jute/data-records.ts';
import { Reader, TruncatedError } from '../../src/jute/reader.ts';
import { Writer } from '../../src/jute/writer.ts';
import {
  acls,
  bool,
  buffer,
  type Fields,
  fieldsOf,
  goldenRecords,
  id,
  list,
  long,
  number,
  optionalText,
  stat,
  statPersisted,
  text,
  texts,
  zxid,
} from './golden.ts';

/** One record: how we read it, how we write it, and what its fields are to us. */
interface Codec {
  read?: (r: Reader) => unknown;
  write?: (w: Writer, value: never) => void;
  value: (fields: Fields) => unknown;
}

const path = (fields: Fields): string => optionalText(fields.path) ?? '';

function codec<T>(
  value: (fields: Fields) => T,
  read: ((r: Reader) => T) | undefined,
  write: ((w: Writer, value: T) => void) | undefined,
): Codec {
  return {
    value,
    ...(read === undefined ? {} : { read }),
    ...(write === undefined ? {} : { write: write as (w: Writer, value: never) => void }),
  };
}

const pathVersion = codec(
  (f): client.PathVersion => ({ path: path(f), version: number(f.version) }),
  client.readPathVersion,
  client.writePathVersion,
);
const pathWatch = codec(
  (f): client.PathWatch => ({ path: path(f), watch: bool(f.watch) }),
  client.readPathWatch,
  client.writePathWatch,
);
const pathType = codec(
  (f): client.PathNumber => ({ path: path(f), number: number(f.type ?? f.mode) }),
  client.readPathNumber,
  client.writePathNumber,
);
const setWatches = (withPersistent: boolean): Codec =>
  codec(
    (f): client.SetWatches => ({
      relativeZxid: zxid(f.relativeZxid),
      data: texts(f.dataWatches),
      exist: texts(f.existWatches),
      child: texts(f.childWatches),
      persistent: withPersistent ? texts(f.persistentWatches) : [],
      persistentRecursive: withPersistent ? texts(f.persistentRecursiveWatches) : [],
    }),
    (r) => client.readSetWatches(r, withPersistent),
    (w, lists) => client.writeSetWatches(w, lists, withPersistent),
  );
const create = (withTTL: boolean): Codec =>
  codec(
    (f): client.CreateRequest => ({
      path: path(f),
      data: buffer(f.data),
      acl: acls(f.acl),
      flags: number(f.flags),
      ttl: withTTL ? long(f.ttl) : -1n,
    }),
    (r) => client.readCreateRequest(r, withTTL),
    (w, request) => client.writeCreateRequest(w, request, withTTL),
  );

const CODECS: Record<string, Codec> = {
  RequestHeader: codec(
    (f) => ({ xid: number(f.xid), type: number(f.type) }),
    (r) => ({ xid: r.readInt(), type: r.readInt() }),
    (w, h) => client.writeRequestHeader(w, h.xid, h.type),
  ),
  ReplyHeader: codec(
    (f): client.ReplyHeader => ({ xid: number(f.xid), zxid: zxid(f.zxid), err: number(f.err) }),
    client.readReplyHeader,
    (w, h) => client.writeReplyHeader(w, h.xid, h.zxid, h.err),
  ),
  ConnectRequest: codec(
    (f): client.ConnectRequest => ({
      protocolVersion: number(f.protocolVersion),
      lastZxidSeen: zxid(f.lastZxidSeen),
      timeoutMs: number(f.timeOut),
      sessionId: long(f.sessionId),
      password: buffer(f.passwd),
      readOnly: bool(f.readOnly),
    }),
    client.readConnectRequest,
    client.writeConnectRequest,
  ),
  ConnectResponse: codec(
    (f): client.ConnectResponse => ({
      protocolVersion: number(f.protocolVersion),
      timeoutMs: number(f.timeOut),
      sessionId: long(f.sessionId),
      password: buffer(f.passwd) as Buffer,
      readOnly: bool(f.readOnly),
    }),
    client.readConnectResponse,
    client.writeConnectResponse,
  ),
  CreateRequest: create(false),
  CreateTTLRequest: create(true),
  DeleteRequest: pathVersion,
  CheckVersionRequest: pathVersion,
  ExistsRequest: pathWatch,
  GetDataRequest: pathWatch,
  GetChildrenRequest: pathWatch,
  GetChildren2Request: pathWatch,
  SetDataRequest: codec(
    (f): client.SetDataRequest => ({ path: path(f), data: buffer(f.data), version: number(f.version) }),
    client.readSetDataRequest,
    client.writeSetDataRequest,
  ),
  SetACLRequest: codec(
    (f): client.SetAclRequest => ({ path: path(f), acl: acls(f.acl), version: number(f.version) }),
    client.readSetAclRequest,
    client.writeSetAclRequest,
  ),
  ReconfigRequest: codec(
    (f): client.ReconfigRequest => ({
      joiningServers: optionalText(f.joiningServers),
      leavingServers: optionalText(f.leavingServers),
      newMembers: optionalText(f.newMembers),
      curConfigId: long(f.curConfigId),
    }),
    client.readReconfigRequest,
    undefined,
  ),
  CheckWatchesRequest: pathType,
  RemoveWatchesRequest: pathType,
  AddWatchRequest: pathType,
  AuthPacket: codec(
    (f): client.AuthPacket => ({ type: number(f.type), scheme: text(f.scheme), auth: buffer(f.auth) }),
    client.readAuthPacket,
    client.writeAuthPacket,
  ),
  SetWatches: setWatches(false),
  SetWatches2: setWatches(true),
  WatcherEvent: codec(
    (f): client.WatcherEvent => ({ type: number(f.type), state: number(f.state), path: text(f.path) }),
    client.readWatcherEvent,
    (w, event) => client.writeWatcherEvent(w, event.type, event.state, event.path),
  ),
  ExistsResponse: codec((f) => stat(f.stat), data.readStat, data.writeStat),
  SetDataResponse: codec((f) => stat(f.stat), data.readStat, data.writeStat),
  SetACLResponse: codec((f) => stat(f.stat), data.readStat, data.writeStat),
  GetDataResponse: codec(
    (f) => ({ data: buffer(f.data), stat: stat(f.stat) }),
    client.readDataAndStat,
    (w, reply) => {
      w.writeBuffer(reply.data);
      data.writeStat(w, reply.stat);
    },
  ),
  GetACLResponse: codec(
    (f) => ({ acl: acls(f.acl), stat: stat(f.stat) }),
    (r) => ({ acl: data.readAcls(r), stat: data.readStat(r) }),
    (w, reply) => {
      data.writeAcls(w, reply.acl);
      data.writeStat(w, reply.stat);
    },
  ),
  WhoAmIResponse: codec(
    (f) =>
      list(f.clientInfo).map((info) => ({ scheme: text(fieldsOf(info).authScheme), id: text(fieldsOf(info).user) })),
    data.readIds,
    client.writeClientInfos,
  ),
  Stat: codec(stat, data.readStat, data.writeStat),
  StatPersisted: codec(statPersisted, data.readStatPersisted, data.writeStatPersisted),
  ACL: codec((f): data.Acl => ({ perms: number(f.perms), id: id(f.id) }), data.readAcl, data.writeAcl),
  MultiHeader: codec(
    (f): client.MultiHeader => ({ type: number(f.type), done: bool(f.done), err: number(f.err) }),
    client.readMultiHeader,
    (w, h) => client.writeMultiHeader(w, h.type, h.done, h.err),
  ),
};

/** Stats that say more than a double holds; nobody's counters get there. */
const BEYOND_DOUBLES = 'exists response with edge values';
/** Read by Java as a replacement character per half, and by us. */
const BEYOND_BMP = 'create with a supplementary letter (two surrogates, three bytes each)';
/** Clients and servers before 3.4 end here. */
const SHORTEST: Record<string, number> = { ConnectRequest: 1, ConnectResponse: 1 };

const records = goldenRecords.filter(({ record, name }) => record in CODECS && name !== BEYOND_DOUBLES);

describe('as Apache ZooKeeper 3.9.5 writes it', () => {
  test.each(records)('$record: $name', ({ record, name, fields, hex }) => {
    const { read, write, value } = CODECS[record] as Codec;
    const bytes = Buffer.from(hex, 'hex');
    const expected = value(name === BEYOND_BMP ? { ...fields, path: '/\ufffd\ufffd' } : fields);
    if (read !== undefined) {
      const r = new Reader(bytes);
      expect(read(r)).toEqual(expected);
      expect(r.remaining).toBe(0);
    }
    if (write !== undefined) {
      const w = new Writer(16);
      write(w, value(fields) as never);
      const wroteNullPathAsEmpty = hex.startsWith('ffffffff') && record === 'CreateRequest';
      const wroteNullListsAsEmpty = name === 'setWatches with null lists';
      if (!wroteNullPathAsEmpty && !wroteNullListsAsEmpty) expect(w.take().toString('hex')).toBe(hex);
    }
  });

  test.each(records)('cut short at every byte, $record: $name', ({ record, hex }) => {
    const { read } = CODECS[record] as Codec;
    if (read === undefined) return;
    const bytes = Buffer.from(hex, 'hex');
    for (let length = 0; length < bytes.length; length++) {
      if (length === bytes.length - (SHORTEST[record] ?? 0)) continue;
      expect(() => read(new Reader(bytes, 0, length)), `${length} bytes`).toThrow(TruncatedError);
    }
  });

  test('there is a codec for every record that one side of a client connection reads or writes', () => {
    const others = new Set(goldenRecords.map(({ record }) => record).filter((record) => !(record in CODECS)));
    expect([...others].sort()).toEqual([
      // A single string, int or buffer, or a list: read and written where they are used.
      'CheckVersionTxn',
      'CloseSessionTxn',
      'Create2Response',
      'CreateContainerTxn',
      'CreateResponse',
      'CreateSessionTxn',
      'CreateTTLTxn',
      'CreateTxn',
      'CreateTxnV0',
      'DeleteTxn',
      'ErrorResponse',
      'ErrorTxn',
      'FileHeader',
      'GetACLRequest',
      'GetAllChildrenNumberRequest',
      'GetAllChildrenNumberResponse',
      'GetChildren2Response',
      'GetChildrenResponse',
      'GetEphemeralsRequest',
      'GetEphemeralsResponse',
      'GetSASLRequest',
      'LearnerInfo',
      'MultiOperationRecord',
      'MultiResponse',
      'MultiTxn',
      'QuorumAuthPacket',
      'QuorumPacket',
      'SetACLTxn',
      'SetDataTxn',
      'SetSASLResponse',
      'SyncRequest',
      'SyncResponse',
      'TxnDigest',
      'TxnHeader',
    ]);
  });
});

describe('ids and ACLs', () => {
  test('keep null apart from empty', () => {
    const bytes = Buffer.from('0000001fffffffff00000000', 'hex');
    const acl = data.readAcl(new Reader(bytes));
    expect([data.isNullText(acl.id.scheme), acl.id.id]).toEqual([true, '']);
    const w = new Writer(16);
    data.writeAcl(w, acl);
    expect(w.take()).toEqual(bytes);
  });

  test('are refused in a number that the bytes cannot hold', () => {
    expect(() => data.readAcls(new Reader(Buffer.from('7fffffff0000001f', 'hex')))).toThrow(TruncatedError);
    expect(data.readAcls(new Reader(Buffer.from('fffffffe', 'hex')))).toEqual([]);
  });
});

describe('a connect request of an old client', () => {
  test('ends before readOnly, and the reply does too', () => {
    const bytes = Buffer.from(`${'00'.repeat(12)}00007530${'00'.repeat(8)}00000010${'00'.repeat(16)}`, 'hex');
    const request = client.readConnectRequest(new Reader(bytes));
    expect(request.readOnly).toBeUndefined();
    const w = new Writer(16);
    client.writeConnectRequest(w, request);
    expect(w.take()).toEqual(bytes);
    client.writeConnectResponse(w, {
      protocolVersion: 0,
      timeoutMs: 30000,
      sessionId: 1n,
      password: Buffer.alloc(16),
      readOnly: undefined,
    });
    expect(w.take().length).toBe(36);
  });
});

describe('what follows a record in a frame', () => {
  test('is refused where nothing may follow', () => {
    const r = new Reader(Buffer.alloc(5));
    r.readInt();
    expect(() => data.expectEnd(r, 'ping')).toThrow('1 bytes behind ping');
    r.readByte();
    data.expectEnd(r, 'ping');
  });
});
