import { ProtocolError } from '../../base/errors.ts';
import { type Id, readIds, writeId } from '../../jute/data-records.ts';
import { Reader } from '../../jute/reader.ts';
import { Writer } from '../../jute/writer.ts';
import { epochOf, MAX_EPOCH, ZXID_NONE, ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';

/**
 * The packets between a leader and its learners, byte for byte as Apache ZooKeeper has it (zookeeper.jute,
 * org.apache.zookeeper.server.quorum): the packet, and the bodies that are not transactions. They are found in a stream
 * by packet-cutter.ts; leader.ts and learner.ts know what they mean.
 *
 *   QuorumPacket   type int, zxid long, data buffer, authinfo vector<Id>
 */
export const PacketType = {
  request: 1,
  proposal: 2,
  ack: 3,
  commit: 4,
  ping: 5,
  revalidate: 6,
  sync: 7,
  inform: 8,
  commitAndActivate: 9,
  newLeader: 10,
  followerInfo: 11,
  upToDate: 12,
  diff: 13,
  trunc: 14,
  snap: 15,
  observerInfo: 16,
  leaderInfo: 17,
  ackEpoch: 18,
  informAndActivate: 19,
  /** Ours, which Apache's servers pass over: transfer.ts. */
  handOver: 100,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map([
  [PacketType.request, 'REQUEST'],
  [PacketType.proposal, 'PROPOSAL'],
  [PacketType.ack, 'ACK'],
  [PacketType.commit, 'COMMIT'],
  [PacketType.ping, 'PING'],
  [PacketType.revalidate, 'REVALIDATE'],
  [PacketType.sync, 'SYNC'],
  [PacketType.inform, 'INFORM'],
  [PacketType.commitAndActivate, 'COMMITANDACTIVATE'],
  [PacketType.newLeader, 'NEWLEADER'],
  [PacketType.followerInfo, 'FOLLOWERINFO'],
  [PacketType.upToDate, 'UPTODATE'],
  [PacketType.diff, 'DIFF'],
  [PacketType.trunc, 'TRUNC'],
  [PacketType.snap, 'SNAP'],
  [PacketType.observerInfo, 'OBSERVERINFO'],
  [PacketType.leaderInfo, 'LEADERINFO'],
  [PacketType.ackEpoch, 'ACKEPOCH'],
  [PacketType.informAndActivate, 'INFORMANDACTIVATE'],
  [PacketType.handOver, 'HANDOVER'],
]);

export function packetName(type: number): string {
  return NAMES.get(type) ?? `packet type ${type}`;
}

export class QuorumPacket {
  readonly type: number;
  readonly zxid: Zxid;
  /** undefined is jute's null, which is not the same as no bytes. */
  readonly data: Buffer | undefined;
  /** undefined is jute's null vector: what everyone writes except in a REQUEST. */
  readonly authinfo: readonly Id[] | undefined;

  constructor(type: number, zxid: Zxid, data?: Buffer, authinfo?: readonly Id[]) {
    this.type = type;
    this.zxid = zxid;
    this.data = data;
    this.authinfo = authinfo;
  }
}

/** Bytes of a packet without its data: type, zxid, length of the data, length of an empty authinfo. */
export const PACKET_OVERHEAD_BYTES = 20;

export function writePacket(w: Writer, packet: QuorumPacket): void {
  w.writeInt(packet.type);
  w.writeZxid(packet.zxid);
  w.writeBuffer(packet.data);
  const authinfo = packet.authinfo;
  if (authinfo === undefined) {
    w.writeInt(-1);
    return;
  }
  w.writeInt(authinfo.length);
  for (const id of authinfo) writeId(w, id);
}

/** `data` is a view into the bytes read from. */
export function readPacket(r: Reader): QuorumPacket {
  const type = r.readInt();
  const zxid = r.readZxid();
  const data = r.readBuffer();
  const at = r.position;
  if (r.readInt() === -1) return new QuorumPacket(type, zxid, data);
  r.position = at;
  return new QuorumPacket(type, zxid, data, readIds(r));
}

/** The protocol of ZooKeeper 3.4 and later ("Zab 1.0"): the leader's epoch is accepted before anything is synchronised. */
export const PROTOCOL_VERSION = 0x10000;

/**
 *   LearnerInfo    serverid long, protocolVersion int, configVersion long
 *
 * Servers before 3.5 leave out the last field, before 3.4 the last two, before 3.3 everything.
 */
export interface LearnerInfo {
  readonly sid: number | undefined;
  readonly protocolVersion: number;
  readonly configVersion: Zxid;
}

export function readLearnerInfo(data: Buffer | undefined): LearnerInfo {
  const r = new Reader(data ?? Buffer.alloc(0));
  const sid = r.remaining >= 8 ? r.readSafeLong('server id') : undefined;
  const protocolVersion = r.remaining >= 4 ? r.readInt() : 1;
  const configVersion = r.remaining >= 8 ? r.readZxid() : ZXID_ZERO;
  return { sid, protocolVersion, configVersion };
}

export function learnerInfo(sid: number, configVersion: Zxid): Buffer {
  const w = new Writer(32);
  w.writeSafeLong(sid);
  w.writeInt(PROTOCOL_VERSION);
  w.writeZxid(configVersion);
  return w.take();
}

/** LEADERINFO's protocol version, ACKEPOCH's epoch: four bytes. */
export function intBody(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function readIntBody(packet: QuorumPacket): number {
  return bodyReader(packet).readInt();
}

/** The epoch of the zxid of FOLLOWERINFO and LEADERINFO. A zxid cannot hold more here. */
export function readEpoch(packet: QuorumPacket): number {
  if (packet.zxid === ZXID_NONE) return 0;
  const epoch = epochOf(packet.zxid);
  if (epoch < 0 || epoch > MAX_EPOCH) {
    throw new ProtocolError(`${packetName(packet.type)} with epoch ${epoch}, beyond ${MAX_EPOCH}`);
  }
  return epoch;
}

/**
 * A learner's answer to a PING names the sessions it heard from since the last one:
 *
 *   PING body      { sessionId long, timeoutMs int } to the end; not null even when there are none
 */
export function writeTouched(w: Writer, sessions: Iterable<readonly [bigint, number]>): Buffer {
  for (const [sessionId, timeoutMs] of sessions) {
    w.writeLong(sessionId);
    w.writeInt(timeoutMs);
  }
  return w.take();
}

/**
 *   REVALIDATE body    learner: sessionId long, timeoutMs int; leader: sessionId long, valid byte
 */
export function revalidatePacket(sessionId: bigint, timeoutMs: number): QuorumPacket {
  return new QuorumPacket(PacketType.revalidate, ZXID_NONE, revalidateBody(sessionId, timeoutMs));
}

export function revalidateBody(sessionId: bigint, timeoutMs: number): Buffer {
  const w = new Writer(16);
  w.writeLong(sessionId);
  w.writeInt(timeoutMs);
  return w.take();
}

export function readRevalidate(packet: QuorumPacket): { sessionId: bigint; timeoutMs: number } {
  const r = bodyReader(packet);
  return { sessionId: r.readLong(), timeoutMs: readTimeout(r) };
}

/** Of a session, in ms. One that is negative would have ended before it began. */
export function readTimeout(r: Reader): number {
  const timeoutMs = r.readInt();
  if (timeoutMs < 0) throw new ProtocolError(`a session timeout of ${timeoutMs} ms`);
  return timeoutMs;
}

export function revalidatedBody(sessionId: bigint, valid: boolean): Buffer {
  const w = new Writer(16);
  w.writeLong(sessionId);
  w.writeBool(valid);
  return w.take();
}

export function readRevalidated(packet: QuorumPacket): { sessionId: bigint; valid: boolean } {
  const r = bodyReader(packet);
  return { sessionId: r.readLong(), valid: r.readBool() };
}

/**
 *   REQUEST body    sessionId long, cxid int, type int, then the request's record to the end
 */
export interface LearnerRequest {
  readonly sessionId: bigint;
  readonly cxid: number;
  readonly type: number;
  /** A view into the packet. */
  readonly body: Buffer;
}

/** A learner's client asks; the answer to a `sync` is a SYNC, in the order asked. */
export function requestPacket(
  sessionId: bigint,
  cxid: number,
  type: number,
  body: Buffer,
  authIds: readonly Id[],
): QuorumPacket {
  return new QuorumPacket(PacketType.request, ZXID_NONE, requestBody(sessionId, cxid, type, body), authIds);
}

export function requestBody(sessionId: bigint, cxid: number, type: number, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(16 + body.length);
  bytes.writeBigInt64BE(BigInt.asIntN(64, sessionId), 0);
  bytes.writeInt32BE(cxid, 8);
  bytes.writeInt32BE(type, 12);
  body.copy(bytes, 16);
  return bytes;
}

export function readRequest(packet: QuorumPacket): LearnerRequest {
  const r = bodyReader(packet);
  return { sessionId: r.readLong(), cxid: r.readInt(), type: r.readInt(), body: r.readRest() };
}

export function designatedLeaderBody(leader: number, payload?: Buffer): Buffer {
  const body = Buffer.alloc(8 + (payload?.length ?? 0));
  body.writeBigInt64BE(BigInt(leader));
  payload?.copy(body, 8);
  return body;
}

/** COMMITANDACTIVATE names who leads from now on, INFORMANDACTIVATE the same before the transaction. */
export function readDesignatedLeader(packet: QuorumPacket): { leader: number; payload: Buffer } {
  const r = bodyReader(packet);
  return { leader: r.readSafeLong('designated leader'), payload: r.readRest() };
}

/** The data of a packet that cannot do without. */
export function bodyReader(packet: QuorumPacket): Reader {
  if (packet.data === undefined) throw new ProtocolError(`${packetName(packet.type)} without data`);
  return new Reader(packet.data);
}
