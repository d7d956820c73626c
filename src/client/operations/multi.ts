import { ProtocolError } from '../../base/errors.ts';
import {
  readDataAndStat,
  readMultiHeader,
  writeCreateRequest,
  writeMultiHeader,
  writePathVersion,
  writePathWatch,
  writeSetDataRequest,
} from '../../jute/client-records.ts';
import { CreateMode, ErrorCode, OpCode } from '../../jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE, type Stat } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Writer } from '../../jute/writer.ts';
import { readNodeStat } from './node-stat.ts';

/**
 * Several operations in one request: multi carries out all of them or none, multiRead answers each by itself.
 *
 *   request  = *( MultiHeader{op, false, -1} record ) end
 *   reply    = *( MultiHeader{op or -1, false, err} result ) end
 *   end      = MultiHeader{-1, true, -1}
 */
export type CreateModeName = keyof typeof CreateMode;

export interface CreateOptions {
  readonly mode?: CreateModeName;
  readonly acl?: readonly Acl[];
  /** The TTL of the modes that have one, in milliseconds; a server grants them only with extendedTypesEnabled. */
  readonly ttlMs?: number;
}

export type MultiOp =
  | ({ readonly op: 'create'; readonly path: string; readonly data?: Uint8Array | string } & CreateOptions)
  | { readonly op: 'delete'; readonly path: string; readonly version?: number }
  | { readonly op: 'setData'; readonly path: string; readonly data?: Uint8Array | string; readonly version?: number }
  | { readonly op: 'check'; readonly path: string; readonly version: number };

export type MultiResult =
  | { readonly op: 'create'; readonly path: string; readonly stat: Stat | undefined }
  | { readonly op: 'delete' | 'check' }
  | { readonly op: 'setData'; readonly stat: Stat }
  /** `code` is 0 for an operation before the one that failed, runtimeInconsistency for those after it. */
  | { readonly op: 'error'; readonly code: number };

export type MultiReadOp = { readonly op: 'getData' | 'getChildren'; readonly path: string };

export type MultiReadResult =
  | { readonly op: 'getData'; readonly data: Buffer | undefined; readonly stat: Stat }
  | { readonly op: 'getChildren'; readonly children: string[] }
  | { readonly op: 'error'; readonly code: number };

export function dataOf(data: Uint8Array | string | undefined): Buffer | undefined {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (data === undefined || Buffer.isBuffer(data)) return data;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** The operation that a create of this mode is. */
export function createOpOf(mode: CreateModeName, withStat: boolean): number {
  if (mode === 'container') return OpCode.createContainer;
  if (mode === 'persistentWithTTL' || mode === 'persistentSequentialWithTTL') return OpCode.createTTL;
  return withStat ? OpCode.create2 : OpCode.create;
}

export function writeCreate(w: Writer, path: string, data: Buffer | undefined, options: CreateOptions): void {
  const mode = options.mode ?? 'persistent';
  writeCreateRequest(
    w,
    {
      path,
      data,
      acl: [...(options.acl ?? OPEN_ACL_UNSAFE)],
      flags: CreateMode[mode],
      ttl: BigInt(options.ttlMs ?? -1),
    },
    createOpOf(mode, true) === OpCode.createTTL,
  );
}

export function writeMulti(w: Writer, ops: readonly MultiOp[], serverPath: (path: string) => string): void {
  for (const op of ops) {
    const path = serverPath(op.path);
    switch (op.op) {
      case 'create':
        writeMultiHeader(w, createOpOf(op.mode ?? 'persistent', true), false, -1);
        writeCreate(w, path, dataOf(op.data), op);
        break;
      case 'delete':
        writeMultiHeader(w, OpCode.delete, false, -1);
        writePathVersion(w, { path, version: op.version ?? -1 });
        break;
      case 'setData':
        writeMultiHeader(w, OpCode.setData, false, -1);
        writeSetDataRequest(w, { path, data: dataOf(op.data), version: op.version ?? -1 });
        break;
      case 'check':
        writeMultiHeader(w, OpCode.check, false, -1);
        writePathVersion(w, { path, version: op.version });
        break;
    }
  }
  writeMultiHeader(w, -1, true, -1);
}

export function writeMultiRead(w: Writer, ops: readonly MultiReadOp[], serverPath: (path: string) => string): void {
  for (const op of ops) {
    writeMultiHeader(w, op.op === 'getData' ? OpCode.getData : OpCode.getChildren, false, -1);
    writePathWatch(w, { path: serverPath(op.path), watch: false });
  }
  writeMultiHeader(w, -1, true, -1);
}

export function readMulti(r: Reader, clientPath: (path: string) => string): MultiResult[] {
  return readItems(r, (type) => {
    switch (type) {
      case OpCode.create:
        return { op: 'create', path: clientPath(r.readRequiredString('path')), stat: undefined };
      case OpCode.create2:
        return { op: 'create', path: clientPath(r.readRequiredString('path')), stat: readNodeStat(r) };
      case OpCode.delete:
        return { op: 'delete' };
      case OpCode.check:
        return { op: 'check' };
      case OpCode.setData:
        return { op: 'setData', stat: readNodeStat(r) };
      default:
        return undefined;
    }
  });
}

export function readMultiRead(r: Reader): MultiReadResult[] {
  return readItems(r, (type) => {
    switch (type) {
      case OpCode.getData:
        return { op: 'getData', ...ownDataAndStat(r) };
      case OpCode.getChildren:
        return { op: 'getChildren', children: r.readStrings() ?? [] };
      default:
        return undefined;
    }
  });
}

/** The code of the operation that failed the multi; 0 when none did. */
export function multiError(results: readonly MultiResult[]): number {
  for (const result of results) {
    if (result.op === 'error' && result.code !== ErrorCode.ok && result.code !== ErrorCode.runtimeInconsistency) {
      return result.code;
    }
  }
  return results.some((result) => result.op === 'error') ? ErrorCode.runtimeInconsistency : ErrorCode.ok;
}

/** The data copied out of the frame: a result that a caller keeps must not keep a whole network buffer. */
export function ownDataAndStat(r: Reader): { data: Buffer | undefined; stat: Stat } {
  const { data, stat } = readDataAndStat(r);
  return { data: data === undefined ? undefined : Buffer.from(data), stat };
}

type ErrorItem = { readonly op: 'error'; readonly code: number };

function readItems<T>(r: Reader, readItem: (type: number) => T | undefined): (T | ErrorItem)[] {
  const items: (T | ErrorItem)[] = [];
  for (let header = readMultiHeader(r); !header.done; header = readMultiHeader(r)) {
    if (header.type === -1) {
      items.push({ op: 'error', code: r.readInt() });
      continue;
    }
    const item = readItem(header.type);
    if (item === undefined) throw new ProtocolError(`a multi result of type ${header.type}`);
    items.push(item);
  }
  return items;
}
