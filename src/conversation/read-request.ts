import { ProtocolError } from '../base/errors.ts';
import {
  readAuthPacket,
  readCreateRequest,
  readMultiHeader,
  readPathNumber,
  readPathVersion,
  readPathWatch,
  readReconfigRequest,
  readSetAclRequest,
  readSetDataRequest,
  readSetWatches,
} from '../jute/client-records.ts';
import { OpCode } from '../jute/codes.ts';
import type { Acl } from '../jute/data-records.ts';
import { Reader } from '../jute/reader.ts';
import { createModeName, opName } from './names.ts';
import type { Fields, RequestSeen } from './seen.ts';

/**
 * A request of a client in words. Credentials are counted and never shown: those of `auth`, SASL tokens, and digests in ACLs.
 * Bytes that are no request are one called `malformed`: a server that is looked at decides what becomes of them.
 */
interface Body {
  readonly path?: string | undefined;
  readonly paths?: readonly string[];
  readonly fields: Fields;
}

export function readRequest(frame: Buffer): RequestSeen {
  const r = new Reader(frame);
  let xid = 0;
  let op = 0;
  try {
    xid = r.readInt();
    op = r.readInt();
    const { path, paths, fields } = readBody(op, r);
    return { xid, op, name: opName(op), path, paths: paths ?? (path === undefined ? [] : [path]), fields };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { xid, op, name: 'malformed', path: undefined, paths: [], fields: { reason: error.message } };
  }
}

function readBody(op: number, r: Reader): Body {
  switch (op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return created(r, false);
    case OpCode.createTTL:
      return created(r, true);
    case OpCode.delete:
    case OpCode.check: {
      const { path, version } = readPathVersion(r);
      return { path, fields: versionField(version) };
    }
    case OpCode.setData: {
      const { path, data, version } = readSetDataRequest(r);
      return { path, fields: { ...bytesField(data), ...versionField(version) } };
    }
    case OpCode.setACL: {
      const { path, acl, version } = readSetAclRequest(r);
      return { path, fields: { ...aclField(acl), ...versionField(version) } };
    }
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2: {
      const { path, watch } = readPathWatch(r);
      return { path, fields: watch ? { watch } : {} };
    }
    case OpCode.getACL:
    case OpCode.sync:
    case OpCode.getEphemerals:
    case OpCode.getAllChildrenNumber:
      return { path: r.readString() ?? '', fields: {} };
    case OpCode.addWatch:
    case OpCode.checkWatches:
    case OpCode.removeWatches: {
      const { path, number } = readPathNumber(r);
      return { path, fields: op === OpCode.addWatch ? { mode: number } : { type: number } };
    }
    case OpCode.setWatches:
    case OpCode.setWatches2:
      return watchesSet(r, op === OpCode.setWatches2);
    case OpCode.multi:
    case OpCode.multiRead:
      return multi(r);
    case OpCode.reconfig: {
      const { joiningServers, leavingServers, newMembers } = readReconfigRequest(r);
      return {
        fields: { joining: joiningServers ?? '', leaving: leavingServers ?? '', members: newMembers ?? '' },
      };
    }
    case OpCode.auth: {
      const { scheme, auth } = readAuthPacket(r);
      return { fields: { scheme, secretBytes: auth?.length ?? 0 } };
    }
    case OpCode.sasl:
      return { fields: { secretBytes: Math.max(0, r.readInt()) } };
    default:
      return { fields: {} };
  }
}

function created(r: Reader, withTtl: boolean): Body {
  const { path, data, acl, flags, ttl } = readCreateRequest(r, withTtl);
  const mode = createModeName(flags);
  const ttlField = withTtl ? { ttl: Number(ttl) } : {};
  return { path, fields: { ...bytesField(data), mode, ...ttlField, ...aclField(acl) } };
}

function multi(r: Reader): Body {
  const paths: string[] = [];
  const names: string[] = [];
  for (;;) {
    const { type, done } = readMultiHeader(r);
    if (done) break;
    const { path } = readBody(type, r);
    names.push(path === undefined ? opName(type) : `${opName(type)} ${path}`);
    if (path !== undefined) paths.push(path);
  }
  return { paths, fields: { parts: names.join(', ') } };
}

function watchesSet(r: Reader, withPersistent: boolean): Body {
  const { data, exist, child, persistent, persistentRecursive } = readSetWatches(r, withPersistent);
  const paths = [...data, ...exist, ...child, ...persistent, ...persistentRecursive];
  return { paths, fields: { watches: paths.length } };
}

function versionField(version: number): Fields {
  return version === -1 ? {} : { version };
}

function bytesField(data: Buffer | undefined): Fields {
  return { bytes: data?.length ?? 0 };
}

/** The open one is left out. */
function aclField(acl: readonly Acl[] | undefined): Fields {
  if (acl === undefined || (acl.length === 1 && acl[0]?.perms === 31 && acl[0].id.scheme === 'world')) return {};
  return { acl: acl.map(({ perms, id }) => `${id.scheme}:${perms}`).join(',') };
}
