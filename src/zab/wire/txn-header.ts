import { ProtocolError } from '../../base/errors.ts';
import { OpCode } from '../../jute/codes.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { packetName, type QuorumPacket } from './packets.ts';

/**
 * The little that ZAB looks at inside a transaction. All else of it is opaque here.
 *
 *   TxnHeader    clientId long, cxid int, zxid long, time long, type int
 */
const ZXID_AT = 12;
const TYPE_AT = 28;
const HEADER_BYTES = 32;

/**
 * A transaction that calls itself otherwise than its packet would be logged under one number and committed under the
 * other.
 */
export function checkTxn(packet: QuorumPacket, payload: Buffer | undefined): Buffer {
  if (payload === undefined || payload.length < HEADER_BYTES) {
    throw new ProtocolError(`${packetName(packet.type)} ${zxidHex(packet.zxid)} without a transaction`);
  }
  const zxid = payload.readInt32BE(ZXID_AT) * 0x100000000 + payload.readUInt32BE(ZXID_AT + 4);
  if (zxid !== packet.zxid) {
    throw new ProtocolError(`${packetName(packet.type)} ${zxidHex(packet.zxid)} holds another transaction`);
  }
  return payload;
}

export function isReconfig(payload: Buffer): boolean {
  return payload.readInt32BE(TYPE_AT) === OpCode.reconfig;
}
