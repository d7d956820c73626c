import { OpCode } from '../../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../../src/jute/data-records.ts';
import type { CreateTxn, Txn, TxnBody } from '../../src/jute/txns.ts';
import type { Zxid } from '../../src/jute/zxid.ts';

/** Transactions in a line. */
export interface Extra {
  zxid?: number;
  time?: number;
  session?: bigint;
  digest?: bigint;
}

export function txn(body: TxnBody, extra: Extra = {}): Txn {
  const { zxid = 1, time = 1000 + zxid, session = 0x77n, digest } = extra;
  return {
    header: { clientId: session, cxid: 1, zxid: zxid as Zxid, time, type: body.type },
    body,
    digest: digest === undefined ? undefined : { version: 2, treeDigest: digest },
  };
}

export interface CreateExtra {
  data?: string | undefined;
  acl?: Acl[] | undefined;
  ephemeral?: boolean;
  parentCVersion?: number;
  type?: number;
  ttl?: number;
}

export function create(path: string, extra: CreateExtra = {}): CreateTxn {
  const { type = OpCode.create, ephemeral = false, parentCVersion = -1, ttl = 0 } = extra;
  const data = 'data' in extra ? extra.data : '';
  return {
    kind: 'create',
    type,
    path,
    data: data === undefined ? undefined : Buffer.from(data),
    acl: 'acl' in extra ? extra.acl : [...OPEN_ACL_UNSAFE],
    ephemeral,
    parentCVersion,
    ttl: BigInt(ttl),
  };
}

export function createContainer(path: string): CreateTxn {
  return create(path, { type: OpCode.createContainer });
}

export function createTtl(path: string, ttl: number): CreateTxn {
  return create(path, { type: OpCode.createTTL, ttl });
}

export function remove(path: string): TxnBody {
  return { kind: 'delete', type: OpCode.delete, path };
}

export function setData(path: string, data: string | undefined, version = 1): TxnBody {
  return {
    kind: 'setData',
    type: OpCode.setData,
    path,
    data: data === undefined ? undefined : Buffer.from(data),
    version,
  };
}

export function setAcl(path: string, acl: Acl[] | undefined, version = 1): TxnBody {
  return { kind: 'setACL', type: OpCode.setACL, path, acl, version };
}

export function openSession(timeoutMs: number): TxnBody {
  return { kind: 'createSession', type: OpCode.createSession, timeoutMs };
}

export function closeSession(...paths: string[]): TxnBody {
  return { kind: 'closeSession', type: OpCode.closeSession, paths };
}

export function failure(err: number): TxnBody {
  return { kind: 'error', type: OpCode.error, err };
}

export function check(path: string, version = 0): TxnBody {
  return { kind: 'check', type: OpCode.check, path, version };
}

export function multi(...txns: TxnBody[]): TxnBody {
  return { kind: 'multi', type: OpCode.multi, txns };
}
