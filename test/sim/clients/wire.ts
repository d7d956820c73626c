import { readMulti, readMultiRead, writeMultiRead } from '../../../src/client/operations/multi.ts';
import {
  readDataAndStat,
  writeAuthPacket,
  writeCreateRequest,
  writeMultiHeader,
  writePathNumber,
  writePathVersion,
  writePathWatch,
  writeReconfigRequest,
  writeSetAclRequest,
  writeSetDataRequest,
} from '../../../src/jute/client-records.ts';
import { CreateMode, OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE, readAcls, readStat } from '../../../src/jute/data-records.ts';
import type { Reader } from '../../../src/jute/reader.ts';
import type { Writer } from '../../../src/jute/writer.ts';
import type { Action, Create, Result } from '../judges/history.ts';
import { aclText } from '../judges/small-rules.ts';
import { typeOf } from '../judges/small-tree.ts';
import type { Answer } from './client.ts';

/** Requests as bytes, and answers out of bytes. */
const OP_CODES: Partial<Record<Action['op'], number>> = {
  setData: OpCode.setData,
  delete: OpCode.delete,
  setAcl: OpCode.setACL,
  multi: OpCode.multi,
  get: OpCode.getData,
  exists: OpCode.exists,
  children: OpCode.getChildren,
  children2: OpCode.getChildren2,
  getAcl: OpCode.getACL,
  count: OpCode.getAllChildrenNumber,
  ephemerals: OpCode.getEphemerals,
  multiRead: OpCode.multiRead,
  whoAmI: OpCode.whoAmI,
  addWatch: OpCode.addWatch,
  checkWatches: OpCode.checkWatches,
  removeWatches: OpCode.removeWatches,
  auth: OpCode.auth,
  sync: OpCode.sync,
  reconfig: OpCode.reconfig,
};

export function opCodeOf(action: Action): number {
  if (action.op === 'create') return typeOf(action);
  if (action.op === 'bad') return action.type;
  const code = OP_CODES[action.op];
  if (code === undefined) throw new Error(`${action.op} is not sent by itself`);
  return code;
}

export function writeAction(w: Writer, action: Action): void {
  switch (action.op) {
    case 'create':
      writeCreate(w, action, typeOf(action));
      return;
    case 'setData':
      writeSetDataRequest(w, { path: action.path, data: bytesOf(action.data), version: action.version });
      return;
    case 'delete':
    case 'check':
      writePathVersion(w, { path: action.path, version: action.version });
      return;
    case 'setAcl':
      writeSetAclRequest(w, { path: action.path, acl: [...action.acl], version: action.version });
      return;
    case 'multi':
      for (const part of action.parts) writePart(w, part);
      writeMultiHeader(w, -1, true, -1);
      return;
    case 'get':
    case 'exists':
    case 'children':
    case 'children2':
      writePathWatch(w, { path: action.path, watch: action.watch });
      return;
    case 'multiRead':
      writeMultiRead(
        w,
        action.parts.map(({ op, path }) => ({ op: op === 'get' ? 'getData' : 'getChildren', path })),
        (path) => path,
      );
      return;
    case 'addWatch':
      writePathNumber(w, { path: action.path, number: action.mode });
      return;
    case 'checkWatches':
    case 'removeWatches':
      writePathNumber(w, { path: action.path, number: action.type });
      return;
    case 'auth':
      writeAuthPacket(w, { type: 0, scheme: action.scheme, auth: Buffer.from(action.credentials) });
      return;
    case 'getAcl':
    case 'count':
    case 'ephemerals':
    case 'sync':
      w.writeString(action.path);
      return;
    case 'reconfig':
      writeReconfigRequest(w, {
        joiningServers: action.joining,
        leavingServers: action.leaving,
        newMembers: action.members,
        curConfigId: action.version ?? -1n,
      });
      return;
    case 'bad':
      w.writeRaw(action.body);
      return;
    default:
  }
}

function writePart(w: Writer, part: Action): void {
  const type = part.op === 'create' ? partType(part) : part.op === 'check' ? OpCode.check : opCodeOf(part);
  writeMultiHeader(w, type, false, -1);
  if (part.op === 'create') writeCreate(w, part, type);
  else writeAction(w, part);
}

/** In a multi it answers with a Stat, unless that is not wanted. */
function partType(part: Create): number {
  return part.type === undefined && typeOf(part) === OpCode.create ? OpCode.create2 : typeOf(part);
}

function writeCreate(w: Writer, { path, data, acl, flags, ttl }: Create, type: number): void {
  const record = { path, data: bytesOf(data), acl: [...(acl ?? OPEN_ACL_UNSAFE)], flags, ttl: BigInt(ttl ?? 0) };
  writeCreateRequest(w, record, type === OpCode.createTTL);
}

function bytesOf(data: string | undefined): Buffer | undefined {
  return data === undefined ? undefined : Buffer.from(data);
}

export function resultOf(action: Action, { err, body }: Answer): Result {
  if (action.op === 'multi') return { err, items: body.remaining > 0 ? itemsOf(body) : [] };
  if (err !== 0) return { err };
  switch (action.op) {
    case 'create': {
      const path = body.readString() ?? '';
      return typeOf(action) === OpCode.create ? { err, path } : { err, path, stat: readStat(body) };
    }
    case 'setData':
    case 'setAcl':
    case 'exists':
      return { err, stat: readStat(body) };
    case 'get': {
      const { data, stat } = readDataAndStat(body);
      return { err, data: data?.toString(), stat };
    }
    case 'children':
      return { err, children: (body.readStrings() ?? []).sort() };
    case 'children2':
      return { err, children: (body.readStrings() ?? []).sort(), stat: readStat(body) };
    case 'getAcl':
      return { err, list: (readAcls(body) ?? []).map(aclText).sort(), stat: readStat(body) };
    case 'count':
      return { err, count: body.readInt() };
    case 'ephemerals':
      return { err, list: (body.readStrings() ?? []).sort() };
    case 'whoAmI':
      return { err, list: idsOf(body) };
    case 'multiRead':
      return { err, items: shownOf(body) };
    default:
      return { err };
  }
}

function itemsOf(body: Reader): (number | string)[] {
  return readMulti(body, (path) => path).map((item) => {
    if (item.op === 'error') return item.code;
    return item.op === 'create' ? item.path : 0;
  });
}

function shownOf(body: Reader): (number | string)[] {
  return readMultiRead(body).map((item) => {
    if (item.op === 'error') return item.code;
    return item.op === 'getData' ? `${item.data?.toString()}@${item.stat.mzxid}` : item.children.sort().join();
  });
}

function idsOf(body: Reader): string[] {
  const ids: string[] = [];
  for (let left = body.readInt(); left > 0; left--) ids.push(`${body.readString()}:${body.readString()}`);
  return ids.sort();
}

/** The flags of a create of this kind with a sequence number behind the name. */
export function sequential(flags: number): number {
  if (flags === CreateMode.ephemeral) return CreateMode.ephemeralSequential;
  return flags === CreateMode.persistentWithTTL
    ? CreateMode.persistentSequentialWithTTL
    : CreateMode.persistentSequential;
}
