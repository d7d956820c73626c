import { timingSafeEqual } from 'node:crypto';
import { encodeDer, oidText, readDer, Tag } from '../../base/der.ts';
import { encryptionOf } from './encryption.ts';
import type { SessionKey } from './fields.ts';

/**
 * The frame that GSSAPI puts around the messages of Kerberos (RFC 2743, RFC 4121).
 *
 *   framed   = %x60 length oid kind:uint16 message
 *   wrapped  = %x05 %x04 flags:uint8 %xff extra:uint16 rotation:uint16 sequence:uint64 data
 *
 * The data of an open one are the text and a checksum of extra bytes; of a sealed one the text, extra bytes of filler and the
 * head again, encrypted. Either is turned to the right by rotation bytes.
 */
export const TokenKind = { apReq: 0x0100, apRep: 0x0200 } as const;

const KERBEROS = '1.2.840.113554.1.2.2';
const KERBEROS_OID = Buffer.from('06092a864886f712010202', 'hex');
const FRAME = 0x60;

/** Throws DerError. */
export function messageIn(token: Buffer, kind: number): Buffer {
  const frame = readDer(token);
  const oid = readDer(frame.content);
  if (frame.tag !== FRAME || oid.tag !== Tag.oid || oidText(oid) !== KERBEROS) return NO_BYTES;
  const rest = frame.content.subarray(oid.raw.length);
  return rest.length > 2 && rest.readUInt16BE(0) === kind ? rest.subarray(2) : NO_BYTES;
}

const NO_BYTES = Buffer.alloc(0);

export function framed(kind: number, message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(kind);
  return encodeDer(FRAME, KERBEROS_OID, head, message);
}

/** Of what is wrapped: the key that the acceptor has offered in its answer, or the one that the initiator has chosen. */
export interface WrapKey extends SessionKey {
  readonly isOffered: boolean;
}

const Flag = { byAcceptor: 1, sealed: 2, acceptorKey: 4 } as const;
/** The numbers that RFC 4121 has for the two directions. */
const Usage = { acceptor: 22, initiator: 24 } as const;
const HEAD_BYTES = 16;

/** The two ends of a login: the one that was asked, and the one that began. */
export type Side = keyof typeof Usage;

/** Open, by this side. */
export function wrapped(text: Buffer, { encryption, key, isOffered }: WrapKey, sequence: number, by: Side): Buffer {
  const head = Buffer.from('050400ff000000000000000000000000', 'hex');
  head.writeUInt8(flagsOf(by, isOffered), 2);
  head.writeUInt32BE(sequence, 12);
  const checksum = encryptionOf(encryption)?.checksum(key, Usage[by], Buffer.concat([text, head])) ?? NO_BYTES;
  head.writeUInt16BE(checksum.length, 4);
  return Buffer.concat([head, text, checksum]);
}

function flagsOf(by: Side, isOffered: boolean): number {
  return (by === 'acceptor' ? Flag.byAcceptor : 0) | (isOffered ? Flag.acceptorKey : 0);
}

/** The text of one that the side `by` made; undefined: it is none, or is not of this login. */
export function unwrapped(token: Buffer, { encryption, key, isOffered }: WrapKey, by: Side): Buffer | undefined {
  const cipher = encryptionOf(encryption);
  if (cipher === undefined || token.length <= HEAD_BYTES || token.readUInt16BE(0) !== 0x0504) return undefined;
  const flags = token.readUInt8(2);
  const expected = flagsOf(by, isOffered);
  if ((flags & (Flag.byAcceptor | Flag.acceptorKey)) !== expected || token.readUInt8(3) !== 0xff) return undefined;
  const extra = token.readUInt16BE(4);
  const turned = token.subarray(HEAD_BYTES);
  const turns = token.readUInt16BE(6) % turned.length;
  const data = Buffer.concat([turned.subarray(turns), turned.subarray(0, turns)]);
  const head = Buffer.from(token.subarray(0, HEAD_BYTES));
  head.writeUInt16BE(0, 6);
  if ((flags & Flag.sealed) !== 0) {
    const opened = cipher.decrypt(key, Usage[by], data);
    const at = (opened?.length ?? 0) - HEAD_BYTES;
    if (opened === undefined || at < extra || !opened.subarray(at).equals(head)) return undefined;
    return opened.subarray(0, at - extra);
  }
  const at = data.length - extra;
  if (extra !== cipher.checksumBytes || at < 0) return undefined;
  head.writeUInt16BE(0, 4);
  const text = data.subarray(0, at);
  const checksum = cipher.checksum(key, Usage[by], Buffer.concat([text, head]));
  return timingSafeEqual(checksum, data.subarray(at)) ? text : undefined;
}
