import { ProtocolError } from '../base/errors.ts';
import { readMultiHeader, readReplyHeader, readWatcherEvent } from '../jute/client-records.ts';
import { OpCode } from '../jute/codes.ts';
import { type Acl, readAcls, readStat } from '../jute/data-records.ts';
import { Reader } from '../jute/reader.ts';
import { errorName, eventName } from './names.ts';
import type { EventSeen, Fields, ReplySeen } from './seen.ts';

/**
 * A server's answer in words: what two servers must agree about that were asked the same. Times and zxids are left out of
 * the fields, for they differ between any two.
 */
export function readReply(frame: Buffer, op: number | undefined): ReplySeen {
  const r = new Reader(frame);
  const { xid, zxid, err } = readReplyHeader(r);
  if (err !== 0 || op === undefined) return { xid, zxid, err, fields: undefined };
  try {
    return { xid, zxid, err, fields: readBody(op, r) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { xid, zxid, err, fields: { malformed: error.message } };
  }
}

/** A notification: the header with xid -1, then the event. */
export function readEvent(frame: Buffer): EventSeen {
  const r = new Reader(frame);
  const { zxid } = readReplyHeader(r);
  const { type, path } = readWatcherEvent(r);
  return { name: eventName(type), path, zxid };
}

function readBody(op: number, r: Reader): Fields {
  switch (op) {
    case OpCode.create:
      return { path: r.readString() ?? '' };
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return { path: r.readString() ?? '', ...statFields(r) };
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return statFields(r);
    case OpCode.getData: {
      const data = r.readBuffer();
      return { data: shown(data), ...statFields(r) };
    }
    case OpCode.reconfig:
      return { bytes: r.readBuffer()?.length ?? 0 };
    case OpCode.getChildren:
    case OpCode.getEphemerals:
      return { children: (r.readStrings() ?? []).sort().join(',') };
    case OpCode.getChildren2:
      return { children: (r.readStrings() ?? []).sort().join(','), ...statFields(r) };
    case OpCode.getACL:
      return { acl: aclText(readAcls(r)), ...statFields(r) };
    case OpCode.sync:
      return { path: r.readString() ?? '' };
    case OpCode.getAllChildrenNumber:
      return { count: r.readInt() };
    case OpCode.multi:
    case OpCode.multiRead:
      return parts(r);
    case OpCode.whoAmI:
      return { identities: identities(r) };
    default:
      return {};
  }
}

/** The identities are left out, for they hold hashes of passwords. */
function aclText(acl: readonly Acl[] | undefined): string {
  return (acl ?? []).map(({ perms, id }) => `${id.scheme}:${perms}`).join(',');
}

/** Longer data is named by its length. */
const SHOWN_BYTES = 64;

function shown(data: Buffer | undefined): string {
  if (data === undefined) return 'null';
  return data.length > SHOWN_BYTES ? `${data.length} bytes` : JSON.stringify(data.toString('utf8'));
}

/** By scheme alone: an address differs between any two connections, and a name may be a secret. */
function identities(r: Reader): string {
  const schemes: string[] = [];
  for (let left = r.readVectorLength(8); left > 0; left--) {
    schemes.push(r.readString() ?? '');
    r.skipBuffer();
  }
  return schemes.sort().join(',');
}

function statFields(r: Reader): Fields {
  const { version, cversion, aversion, ephemeralOwner, dataLength, numChildren } = readStat(r);
  return { version, cversion, aversion, ephemeral: ephemeralOwner !== 0n, dataLength, numChildren };
}

/** The answer of each part, an error or its own fields. The parts have numbers, so that a difference names one of them. */
function parts(r: Reader): Fields {
  const fields: Record<string, string | number | boolean> = {};
  let count = 0;
  for (let header = readMultiHeader(r); !header.done; header = readMultiHeader(r)) {
    const part = `part ${++count}`;
    if (header.type === OpCode.error) {
      const code = r.readInt();
      fields[part] = code === 0 ? 'ok' : errorName(code);
      continue;
    }
    fields[part] = 'ok';
    for (const [key, value] of Object.entries(readBody(header.type, r))) fields[`${part} ${key}`] = value;
  }
  return { parts: count, ...fields };
}
