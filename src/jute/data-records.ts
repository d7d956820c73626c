import { ProtocolError } from '../base/errors.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';
import type { Zxid } from './zxid.ts';

/**
 * org.apache.zookeeper.data: the records shared by requests, transactions and snapshots.
 *
 *   Id             scheme ustring, id ustring
 *   ACL            perms int, id Id
 *   Stat           czxid mzxid ctime mtime long, version cversion aversion int, ephemeralOwner long,
 *                  dataLength numChildren int, pzxid long
 *   StatPersisted  czxid mzxid ctime mtime long, version cversion aversion int, ephemeralOwner pzxid long
 */
export interface Id {
  readonly scheme: string;
  readonly id: string;
}

export interface Acl {
  readonly perms: number;
  readonly id: Id;
}

export interface Stat {
  czxid: Zxid;
  mzxid: Zxid;
  /** Milliseconds since 1970. */
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: bigint;
  dataLength: number;
  numChildren: number;
  pzxid: Zxid;
}

/** The Stat a node stores. Its cversion counts creates only; its ephemeralOwner also marks containers and TTLs. */
export interface StatPersisted {
  czxid: Zxid;
  mzxid: Zxid;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: bigint;
  pzxid: Zxid;
}

export const WORLD_ANYONE: Id = { scheme: 'world', id: 'anyone' };
export const OPEN_ACL_UNSAFE: readonly Acl[] = [{ perms: 31, id: WORLD_ANYONE }];
/** As a vector<ACL>: one entry, 31, "world", "anyone". */
const OPEN_ACL_BYTES = Buffer.from('\0\0\0\x01\0\0\0\x1f\0\0\0\x05world\0\0\0\x06anyone', 'latin1');
export const READ_ACL_UNSAFE: readonly Acl[] = [{ perms: 1, id: WORLD_ANYONE }];

/** A null scheme or id is kept apart from an empty one: ACL checks answer it with INVALIDACL. */
const NULL_TEXT = '\u0000null';

export function isNullText(text: string): boolean {
  return text === NULL_TEXT;
}

export function readId(r: Reader): Id {
  const scheme = r.readString() ?? NULL_TEXT;
  const id = r.readString() ?? NULL_TEXT;
  return { scheme, id };
}

export function writeId(w: Writer, id: Id): void {
  w.writeString(isNullText(id.scheme) ? undefined : id.scheme);
  w.writeString(isNullText(id.id) ? undefined : id.id);
}

export function readAcl(r: Reader): Acl {
  const perms = r.readInt();
  return { perms, id: readId(r) };
}

export function writeAcl(w: Writer, acl: Acl): void {
  w.writeInt(acl.perms);
  writeId(w, acl.id);
}

/** Nearly every node has the open list: it is known by its bytes, and nothing is made of them. */
export function readAcls(r: Reader): readonly Acl[] | undefined {
  if (isOpenAcl(r)) {
    r.position += OPEN_ACL_BYTES.length;
    return OPEN_ACL_UNSAFE;
  }
  const length = r.readVectorLength(12);
  if (length === -1) return undefined;
  const acls: Acl[] = [];
  for (let i = 0; i < length; i++) acls.push(readAcl(r));
  return acls;
}

function isOpenAcl({ bytes, position, remaining }: Reader): boolean {
  if (remaining < OPEN_ACL_BYTES.length) return false;
  for (let i = OPEN_ACL_BYTES.length - 1; i >= 0; i--) if (bytes[position + i] !== OPEN_ACL_BYTES[i]) return false;
  return true;
}

export function writeAcls(w: Writer, acls: readonly Acl[] | undefined): void {
  if (acls === undefined) {
    w.writeInt(-1);
    return;
  }
  w.writeInt(acls.length);
  for (const acl of acls) writeAcl(w, acl);
}

export function readIds(r: Reader): Id[] {
  const length = r.readVectorLength(8);
  const ids: Id[] = [];
  for (let i = 0; i < length; i++) ids.push(readId(r));
  return ids;
}

export function writeStat(w: Writer, s: Stat): void {
  const at = w.claim(STAT_BYTES);
  w.putLong(at, s.czxid);
  w.putLong(at + 8, s.mzxid);
  w.putLong(at + 16, s.ctime);
  w.putLong(at + 24, s.mtime);
  w.putInt(at + 32, s.version);
  w.putInt(at + 36, s.cversion);
  w.putInt(at + 40, s.aversion);
  if (s.ephemeralOwner === 0n) w.putLong(at + 44, 0);
  else w.putBigLong(at + 44, s.ephemeralOwner);
  w.putInt(at + 52, s.dataLength);
  w.putInt(at + 56, s.numChildren);
  w.putLong(at + 60, s.pzxid);
}

const STAT_BYTES = 68;

export function readStat(r: Reader): Stat {
  return {
    czxid: r.readZxid(),
    mzxid: r.readZxid(),
    ctime: r.readSafeLong('ctime'),
    mtime: r.readSafeLong('mtime'),
    version: r.readInt(),
    cversion: r.readInt(),
    aversion: r.readInt(),
    ephemeralOwner: r.readLong(),
    dataLength: r.readInt(),
    numChildren: r.readInt(),
    pzxid: r.readZxid(),
  };
}

export function writeStatPersisted(w: Writer, s: StatPersisted): void {
  w.writeZxid(s.czxid);
  w.writeZxid(s.mzxid);
  w.writeSafeLong(s.ctime);
  w.writeSafeLong(s.mtime);
  w.writeInt(s.version);
  w.writeInt(s.cversion);
  w.writeInt(s.aversion);
  w.writeLong(s.ephemeralOwner);
  w.writeZxid(s.pzxid);
}

export function readStatPersisted(r: Reader): StatPersisted {
  return {
    czxid: r.readZxid(),
    mzxid: r.readZxid(),
    ctime: r.readSafeLong('ctime'),
    mtime: r.readSafeLong('mtime'),
    version: r.readInt(),
    cversion: r.readInt(),
    aversion: r.readInt(),
    ephemeralOwner: r.readLong(),
    pzxid: r.readZxid(),
  };
}

/** Frames carry exactly one record; bytes behind it mean that the two sides disagree about its shape. */
export function expectEnd(r: Reader, what: string): void {
  if (r.remaining !== 0) throw new ProtocolError(`${r.remaining} bytes behind ${what}`);
}
