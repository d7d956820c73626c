import { ProtocolError } from '../base/errors.ts';
import { OpCode } from './codes.ts';
import { type Acl, readAcls, writeAcls } from './data-records.ts';
import { Reader } from './reader.ts';
import type { Writer } from './writer.ts';
import { aclBytes, bufferBytes, stringBytes, stringsBytes } from './written-size.ts';
import type { Zxid } from './zxid.ts';

/**
 * org.apache.zookeeper.txn: the records logged and proposed. A payload is TxnHeader, the record of its type and,
 * where digests are on, TxnDigest; the same bytes go to the log and to every learner.
 *
 *   TxnHeader      clientId long, cxid int, zxid long, time long, type int
 *   CreateTxn      path ustring, data buffer, acl vector<ACL>, ephemeral bool, parentCVersion int
 *                  (before 3.4 without parentCVersion: then -1)
 *   CreateTTLTxn   path, data, acl, parentCVersion int, ttl long
 *   CreateContainerTxn path, data, acl, parentCVersion int
 *   DeleteTxn      path
 *   SetDataTxn     path, data, version int          (also reconfig)
 *   SetACLTxn      path, acl, version int
 *   CheckVersionTxn path, version int
 *   CreateSessionTxn timeOut int
 *   CloseSessionTxn paths2Delete vector<ustring>    (or nothing at all)
 *   ErrorTxn       err int
 *   MultiTxn       vector<Txn{type int, data buffer}>
 *   TxnDigest      version int, treeDigest long
 */
export interface TxnHeader {
  clientId: bigint;
  cxid: number;
  zxid: Zxid;
  /** Leader's wall clock, ms. */
  time: number;
  type: number;
}

export interface CreateTxn {
  kind: 'create';
  /** create, create2, createContainer or createTTL. */
  type: number;
  path: string;
  data: Buffer | undefined;
  acl: readonly Acl[] | undefined;
  ephemeral: boolean;
  /** Creates under the parent including this one; -1: one more than the parent has. */
  parentCVersion: number;
  /** Milliseconds, only for createTTL. */
  ttl: bigint;
}

export interface DeleteTxn {
  kind: 'delete';
  type: number;
  path: string;
}

export interface SetDataTxn {
  kind: 'setData';
  type: number;
  path: string;
  data: Buffer | undefined;
  version: number;
}

export interface SetAclTxn {
  kind: 'setACL';
  type: number;
  path: string;
  acl: readonly Acl[] | undefined;
  version: number;
}

export interface CheckTxn {
  kind: 'check';
  type: number;
  path: string;
  version: number;
}

export interface CreateSessionTxn {
  kind: 'createSession';
  type: number;
  timeoutMs: number;
}

export interface CloseSessionTxn {
  kind: 'closeSession';
  type: number;
  /** undefined: the payload is empty, the paths are those the tree holds for the session. */
  paths: string[] | undefined;
}

export interface ErrorTxn {
  kind: 'error';
  type: number;
  err: number;
}

export interface MultiTxn {
  kind: 'multi';
  type: number;
  txns: TxnBody[];
}

export type TxnBody =
  | CreateTxn
  | DeleteTxn
  | SetDataTxn
  | SetAclTxn
  | CheckTxn
  | CreateSessionTxn
  | CloseSessionTxn
  | ErrorTxn
  | MultiTxn;

export interface TxnDigest {
  version: number;
  treeDigest: bigint;
}

export interface Txn {
  header: TxnHeader;
  body: TxnBody;
  digest: TxnDigest | undefined;
}

export function readTxnHeader(r: Reader): TxnHeader {
  return {
    clientId: r.readLong(),
    cxid: r.readInt(),
    zxid: r.readZxid(),
    time: r.readSafeLong('txn time'),
    type: r.readInt(),
  };
}

export function writeTxnHeader(w: Writer, h: TxnHeader): void {
  w.writeLong(h.clientId);
  w.writeInt(h.cxid);
  w.writeZxid(h.zxid);
  w.writeSafeLong(h.time);
  w.writeInt(h.type);
}

/** A whole payload. Throws ProtocolError on bytes that are none. Buffers in the result are views into `payload`. */
export function readTxn(payload: Buffer): Txn {
  const r = new Reader(payload);
  const header = readTxnHeader(r);
  const body = readTxnBody(r, header.type, r.remaining);
  const digest = r.remaining >= 12 ? { version: r.readInt(), treeDigest: r.readLong() } : undefined;
  return { header, body, digest };
}

export function writeTxn(w: Writer, txn: Txn): void {
  writeTxnHeader(w, txn.header);
  writeTxnBody(w, txn.body);
  if (txn.digest === undefined) return;
  w.writeInt(txn.digest.version);
  w.writeLong(txn.digest.treeDigest);
}

/** `bytes`: how many belong to the body and what may follow it; needed where an old form is only shorter. */
export function readTxnBody(r: Reader, type: number, bytes: number): TxnBody {
  const end = r.position + bytes;
  switch (type) {
    case OpCode.create:
    case OpCode.create2: {
      const path = r.readRequiredString('path');
      const data = r.readBuffer();
      const acl = readAcls(r);
      const ephemeral = r.readBool();
      const parentCVersion = end - r.position >= 4 ? r.readInt() : -1;
      return { kind: 'create', type, path, data, acl, ephemeral, parentCVersion, ttl: 0n };
    }
    case OpCode.createTTL: {
      const path = r.readRequiredString('path');
      const data = r.readBuffer();
      const acl = readAcls(r);
      const parentCVersion = r.readInt();
      return { kind: 'create', type, path, data, acl, ephemeral: false, parentCVersion, ttl: r.readLong() };
    }
    case OpCode.createContainer: {
      const path = r.readRequiredString('path');
      const data = r.readBuffer();
      const acl = readAcls(r);
      return { kind: 'create', type, path, data, acl, ephemeral: false, parentCVersion: r.readInt(), ttl: 0n };
    }
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { kind: 'delete', type, path: r.readRequiredString('path') };
    case OpCode.setData:
    case OpCode.reconfig:
      return { kind: 'setData', type, path: r.readRequiredString('path'), data: r.readBuffer(), version: r.readInt() };
    case OpCode.setACL:
      return { kind: 'setACL', type, path: r.readRequiredString('path'), acl: readAcls(r), version: r.readInt() };
    case OpCode.check:
      return { kind: 'check', type, path: r.readRequiredString('path'), version: r.readInt() };
    case OpCode.createSession:
      return { kind: 'createSession', type, timeoutMs: r.readInt() };
    case OpCode.closeSession:
      return { kind: 'closeSession', type, paths: readClosedPaths(r, end) };
    case OpCode.error:
      return { kind: 'error', type, err: r.readInt() };
    case OpCode.multi: {
      const length = r.readVectorLength(8);
      const txns: TxnBody[] = [];
      for (let i = 0; i < length; i++) {
        const itemType = r.readInt();
        // Without this a few bytes a level would nest deeper than the stack.
        if (itemType === OpCode.multi) throw new ProtocolError('a multi within a multi');
        const data = r.readBuffer() ?? Buffer.alloc(0);
        txns.push(readTxnBody(new Reader(data), itemType, data.length));
      }
      return { kind: 'multi', type, txns };
    }
    default:
      throw new ProtocolError(`unknown transaction type ${type}`);
  }
}

/**
 * closeSession before 3.6 has no record, so a payload may end here, or go on with a TxnDigest straight away.
 * Twelve bytes that start with a small version number are told from a vector by what the vector would need.
 */
function readClosedPaths(r: Reader, end: number): string[] | undefined {
  const left = end - r.position;
  if (left === 0) return undefined;
  if (left === 12) {
    const start = r.position;
    const count = r.readInt();
    const firstLength = r.readInt();
    r.position = start;
    const isVector = count === 1 && firstLength === 4;
    if (!isVector) return undefined;
  }
  return r.readStrings();
}

export function writeTxnBody(w: Writer, body: TxnBody): void {
  switch (body.kind) {
    case 'create':
      w.writeString(body.path);
      w.writeBuffer(body.data);
      writeAcls(w, body.acl);
      if (body.type === OpCode.create || body.type === OpCode.create2) w.writeBool(body.ephemeral);
      w.writeInt(body.parentCVersion);
      if (body.type === OpCode.createTTL) w.writeLong(body.ttl);
      return;
    case 'delete':
      w.writeString(body.path);
      return;
    case 'setData':
      w.writeString(body.path);
      w.writeBuffer(body.data);
      w.writeInt(body.version);
      return;
    case 'setACL':
      w.writeString(body.path);
      writeAcls(w, body.acl);
      w.writeInt(body.version);
      return;
    case 'check':
      w.writeString(body.path);
      w.writeInt(body.version);
      return;
    case 'createSession':
      w.writeInt(body.timeoutMs);
      return;
    case 'closeSession':
      if (body.paths !== undefined) w.writeStrings(body.paths);
      return;
    case 'error':
      w.writeInt(body.err);
      return;
    case 'multi':
      w.writeInt(body.txns.length);
      for (const txn of body.txns) {
        w.writeInt(txn.type);
        const lengthAt = w.length;
        w.writeInt(0);
        writeTxnBody(w, txn);
        w.patchInt(lengthAt, w.length - lengthAt - 4);
      }
      return;
    default:
      body satisfies never;
  }
}

/** The bytes before the body of one transaction in a multi: type and length. */
export const TXN_OF_MULTI_BYTES = 8;

/**
 * How many bytes writeTxnBody makes of a body, without making them. The code that prepares a transaction has to know
 * before it is written whether all can take it.
 */
export function txnBodyBytes(body: TxnBody): number {
  switch (body.kind) {
    case 'create': {
      const hasFlag = body.type === OpCode.create || body.type === OpCode.create2;
      const rest = (hasFlag ? 1 : 0) + 4 + (body.type === OpCode.createTTL ? 8 : 0);
      return stringBytes(body.path) + bufferBytes(body.data) + aclBytes(body.acl) + rest;
    }
    case 'delete':
      return stringBytes(body.path);
    case 'setData':
      return stringBytes(body.path) + bufferBytes(body.data) + 4;
    case 'setACL':
      return stringBytes(body.path) + aclBytes(body.acl) + 4;
    case 'check':
      return stringBytes(body.path) + 4;
    case 'createSession':
    case 'error':
      return 4;
    case 'closeSession':
      return body.paths === undefined ? 0 : stringsBytes(body.paths);
    case 'multi': {
      let bytes = 4;
      for (const txn of body.txns) bytes += TXN_OF_MULTI_BYTES + txnBodyBytes(txn);
      return bytes;
    }
  }
}

/**
 * Whether readTxn makes the same again of what writeTxn writes, for those who would spare the reading. Said only of what
 * is sure and frequent: letters beyond ASCII are not all read as they were written.
 */
export function readsBackAlike(body: TxnBody): boolean {
  switch (body.kind) {
    case 'setData':
    case 'delete':
      return isAscii(body.path);
    case 'create':
      return isAscii(body.path) && isAsciiAcl(body.acl);
    case 'error':
      return true;
    default:
      return false;
  }
}

function isAsciiAcl(acl: readonly Acl[] | undefined): boolean {
  if (acl === undefined) return true;
  for (let i = 0; i < acl.length; i++) {
    const { scheme, id } = (acl[i] as Acl).id;
    if (!isAscii(scheme) || !isAscii(id)) return false;
  }
  return true;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
