import { type Acl, type Id, readAcls, readStat, type Stat, writeAcls } from './data-records.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';
import type { Zxid } from './zxid.ts';

/**
 * org.apache.zookeeper.proto: the records on the client port inside frames. Grammar above each pair; "?" marks
 * a trailing field that old clients leave out. Paths are read as "" when null: no such path is valid, and the
 * request is answered rather than the connection closed.
 */

/**
 * ConnectRequest: protocolVersion int, lastZxidSeen long, timeOut int, sessionId long, passwd buffer, readOnly bool?
 */
export interface ConnectRequest {
  protocolVersion: number;
  lastZxidSeen: Zxid;
  timeoutMs: number;
  sessionId: bigint;
  password: Buffer | undefined;
  /** undefined when the client is too old to send the field; then the reply leaves it out as well. */
  readOnly: boolean | undefined;
}

export function readConnectRequest(r: Reader): ConnectRequest {
  return {
    protocolVersion: r.readInt(),
    lastZxidSeen: r.readZxid(),
    timeoutMs: r.readInt(),
    sessionId: r.readLong(),
    password: r.readBuffer(),
    readOnly: r.remaining > 0 ? r.readBool() : undefined,
  };
}

export function writeConnectRequest(w: Writer, c: ConnectRequest): void {
  w.writeInt(c.protocolVersion);
  w.writeZxid(c.lastZxidSeen);
  w.writeInt(c.timeoutMs);
  w.writeLong(c.sessionId);
  w.writeBuffer(c.password);
  if (c.readOnly !== undefined) w.writeBool(c.readOnly);
}

/** ConnectResponse: protocolVersion int, timeOut int, sessionId long, passwd buffer, readOnly bool? */
export interface ConnectResponse {
  protocolVersion: number;
  timeoutMs: number;
  sessionId: bigint;
  password: Buffer;
  readOnly: boolean | undefined;
}

export function readConnectResponse(r: Reader): ConnectResponse {
  return {
    protocolVersion: r.readInt(),
    timeoutMs: r.readInt(),
    sessionId: r.readLong(),
    password: r.readBuffer() ?? Buffer.alloc(0),
    readOnly: r.remaining > 0 ? r.readBool() : undefined,
  };
}

export function writeConnectResponse(w: Writer, c: ConnectResponse): void {
  w.writeInt(c.protocolVersion);
  w.writeInt(c.timeoutMs);
  w.writeLong(c.sessionId);
  w.writeBuffer(c.password);
  if (c.readOnly !== undefined) w.writeBool(c.readOnly);
}

/** RequestHeader: xid int, type int */
export function writeRequestHeader(w: Writer, xid: number, type: number): void {
  w.writeInt(xid);
  w.writeInt(type);
}

/** ReplyHeader: xid int, zxid long, err int */
export function writeReplyHeader(w: Writer, xid: number, zxid: Zxid, err: number): void {
  w.writeInt(xid);
  w.writeZxid(zxid);
  w.writeInt(err);
}

export interface ReplyHeader {
  xid: number;
  zxid: Zxid;
  err: number;
}

export function readReplyHeader(r: Reader): ReplyHeader {
  return { xid: r.readInt(), zxid: r.readZxid(), err: r.readInt() };
}

/** CreateRequest: path ustring, data buffer, acl vector<ACL>, flags int; CreateTTLRequest: + ttl long */
export interface CreateRequest {
  path: string;
  data: Buffer | undefined;
  acl: readonly Acl[] | undefined;
  flags: number;
  /** Milliseconds; -1 in a CreateRequest. A client may send any long; the server decides which are valid. */
  ttl: bigint;
}

export function readCreateRequest(r: Reader, withTTL: boolean): CreateRequest {
  return {
    path: r.readString() ?? '',
    data: r.readBuffer(),
    acl: readAcls(r),
    flags: r.readInt(),
    ttl: withTTL ? r.readLong() : -1n,
  };
}

export function writeCreateRequest(w: Writer, c: CreateRequest, withTTL: boolean): void {
  w.writeString(c.path);
  w.writeBuffer(c.data);
  writeAcls(w, c.acl);
  w.writeInt(c.flags);
  if (withTTL) w.writeLong(c.ttl);
}

/** DeleteRequest, CheckVersionRequest: path ustring, version int */
export interface PathVersion {
  path: string;
  version: number;
}

export function readPathVersion(r: Reader): PathVersion {
  return { path: r.readString() ?? '', version: r.readInt() };
}

export function writePathVersion(w: Writer, p: PathVersion): void {
  w.writeString(p.path);
  w.writeInt(p.version);
}

/** SetDataRequest: path ustring, data buffer, version int */
export interface SetDataRequest {
  path: string;
  data: Buffer | undefined;
  version: number;
}

export function readSetDataRequest(r: Reader): SetDataRequest {
  return { path: r.readString() ?? '', data: r.readBuffer(), version: r.readInt() };
}

export function writeSetDataRequest(w: Writer, s: SetDataRequest): void {
  w.writeString(s.path);
  w.writeBuffer(s.data);
  w.writeInt(s.version);
}

/** SetACLRequest: path ustring, acl vector<ACL>, version int */
export interface SetAclRequest {
  path: string;
  acl: readonly Acl[] | undefined;
  version: number;
}

export function readSetAclRequest(r: Reader): SetAclRequest {
  return { path: r.readString() ?? '', acl: readAcls(r), version: r.readInt() };
}

export function writeSetAclRequest(w: Writer, s: SetAclRequest): void {
  w.writeString(s.path);
  writeAcls(w, s.acl);
  w.writeInt(s.version);
}

/** ExistsRequest, GetDataRequest, GetChildrenRequest, GetChildren2Request: path ustring, watch bool */
export interface PathWatch {
  path: string;
  watch: boolean;
}

export function readPathWatch(r: Reader): PathWatch {
  return { path: r.readString() ?? '', watch: r.readBool() };
}

export function writePathWatch(w: Writer, p: PathWatch): void {
  w.writeString(p.path);
  w.writeBool(p.watch);
}

/** AddWatchRequest, CheckWatchesRequest, RemoveWatchesRequest: path ustring, mode or type int */
export interface PathNumber {
  path: string;
  number: number;
}

export function readPathNumber(r: Reader): PathNumber {
  return { path: r.readString() ?? '', number: r.readInt() };
}

export function writePathNumber(w: Writer, p: PathNumber): void {
  w.writeString(p.path);
  w.writeInt(p.number);
}

/**
 * SetWatches: relativeZxid long, dataWatches existWatches childWatches vector<ustring>;
 * SetWatches2: + persistentWatches persistentRecursiveWatches
 */
export interface SetWatches {
  relativeZxid: Zxid;
  data: string[];
  exist: string[];
  child: string[];
  persistent: string[];
  persistentRecursive: string[];
}

export function readSetWatches(r: Reader, withPersistent: boolean): SetWatches {
  return {
    relativeZxid: r.readZxid(),
    data: r.readStrings() ?? [],
    exist: r.readStrings() ?? [],
    child: r.readStrings() ?? [],
    persistent: withPersistent ? (r.readStrings() ?? []) : [],
    persistentRecursive: withPersistent ? (r.readStrings() ?? []) : [],
  };
}

export function writeSetWatches(w: Writer, s: SetWatches, withPersistent: boolean): void {
  w.writeZxid(s.relativeZxid);
  w.writeStrings(s.data);
  w.writeStrings(s.exist);
  w.writeStrings(s.child);
  if (!withPersistent) return;
  w.writeStrings(s.persistent);
  w.writeStrings(s.persistentRecursive);
}

/** WatcherEvent: type int, state int, path ustring */
export interface WatcherEvent {
  type: number;
  state: number;
  path: string;
}

export function readWatcherEvent(r: Reader): WatcherEvent {
  return { type: r.readInt(), state: r.readInt(), path: r.readString() ?? '' };
}

export function writeWatcherEvent(w: Writer, type: number, state: number, path: string): void {
  w.writeInt(type);
  w.writeInt(state);
  w.writeString(path);
}

/** AuthPacket: type int, scheme ustring, auth buffer */
export interface AuthPacket {
  type: number;
  scheme: string;
  auth: Buffer | undefined;
}

export function readAuthPacket(r: Reader): AuthPacket {
  return { type: r.readInt(), scheme: r.readString() ?? '', auth: r.readBuffer() };
}

export function writeAuthPacket(w: Writer, a: AuthPacket): void {
  w.writeInt(a.type);
  w.writeString(a.scheme);
  w.writeBuffer(a.auth);
}

/** ReconfigRequest: joiningServers leavingServers newMembers ustring, curConfigId long */
export interface ReconfigRequest {
  joiningServers: string | undefined;
  leavingServers: string | undefined;
  newMembers: string | undefined;
  curConfigId: bigint;
}

export function readReconfigRequest(r: Reader): ReconfigRequest {
  return {
    joiningServers: r.readString(),
    leavingServers: r.readString(),
    newMembers: r.readString(),
    curConfigId: r.readLong(),
  };
}

export function writeReconfigRequest(w: Writer, r: ReconfigRequest): void {
  w.writeString(r.joiningServers);
  w.writeString(r.leavingServers);
  w.writeString(r.newMembers);
  w.writeLong(r.curConfigId);
}

/** MultiHeader: type int, done bool, err int; -1 true -1 ends a multi in both directions. */
export interface MultiHeader {
  type: number;
  done: boolean;
  err: number;
}

export function readMultiHeader(r: Reader): MultiHeader {
  return { type: r.readInt(), done: r.readBool(), err: r.readInt() };
}

export function writeMultiHeader(w: Writer, type: number, done: boolean, err: number): void {
  w.writeInt(type);
  w.writeBool(done);
  w.writeInt(err);
}

/** ClientInfo of WhoAmIResponse: authScheme ustring, user ustring */
export function writeClientInfos(w: Writer, infos: readonly Id[]): void {
  w.writeInt(infos.length);
  for (const info of infos) {
    w.writeString(info.scheme);
    w.writeString(info.id);
  }
}

/** GetDataResponse: data buffer, stat Stat */
export function readDataAndStat(r: Reader): { data: Buffer | undefined; stat: Stat } {
  const data = r.readBuffer();
  return { data, stat: readStat(r) };
}
