import { ZXID_NONE, type Zxid } from '../../jute/zxid.ts';
import { adler32 } from '../adler32.ts';

/**
 * The log file, byte for byte as Apache writes it.
 *
 *   file     header record* zeros
 *   header   magic int "ZKLG", version int 2, dbid long 0
 *   record   checksum long (Adler-32 of payload), length int, payload, 'B'
 *   payload  TxnHeader, transaction [, TxnDigest]                           (jute/txns.ts)
 *
 * A record of checksum and length 0 is padding: the log ends there.
 */
export const LOG_HEADER_BYTES = 16;
export const RECORD_HEAD_BYTES = 12;
/** The bytes that a record takes beside its payload. */
export const RECORD_OVERHEAD_BYTES = RECORD_HEAD_BYTES + 1;
/** A TxnHeader, with no transaction after it: an old closeSession. */
export const MIN_PAYLOAD_BYTES = 32;
const MAGIC = 0x5a4b4c47;
const VERSION = 2;
export const END_OF_RECORD = 0x42;
export const NO_END_MARK = 'the record has no end mark';
const ZXID_AT = 12;

export function writeLogHeader(target: Buffer, at: number): number {
  target.writeInt32BE(MAGIC, at);
  target.writeInt32BE(VERSION, at + 4);
  target.fill(0, at + 8, at + 16);
  return at + LOG_HEADER_BYTES;
}

/**
 * Says what is wrong with a header; undefined when nothing is. Apache checks the magic alone, so the dbid may be any.
 */
export function logHeaderDefect(header: Buffer): string | undefined {
  if (header.readInt32BE(0) !== MAGIC) return `magic is 0x${header.readUInt32BE(0).toString(16)}, not ZKLG`;
  if (header.readInt32BE(4) !== VERSION) return `version is ${header.readInt32BE(4)}, not ${VERSION}`;
  return undefined;
}

/** Writes one record at `at` and returns where the next one goes. */
export function writeRecord(target: Buffer, at: number, payload: Buffer): number {
  target.writeUInt32BE(0, at);
  target.writeUInt32BE(adler32(payload), at + 4);
  target.writeInt32BE(payload.length, at + 8);
  payload.copy(target, at + RECORD_HEAD_BYTES);
  const end = at + RECORD_HEAD_BYTES + payload.length;
  target[end] = END_OF_RECORD;
  return end + 1;
}

/** Says what is wrong with the whole record of `length` payload bytes at `at`; undefined when nothing is. */
export function recordDefect(bytes: Buffer, at: number, length: number): string | undefined {
  const payloadAt = at + RECORD_HEAD_BYTES;
  if (bytes[payloadAt + length] !== END_OF_RECORD) return NO_END_MARK;
  if (bytes.readUInt32BE(at) !== 0 || bytes.readUInt32BE(at + 4) !== adler32(bytes, payloadAt, payloadAt + length)) {
    return 'the checksum does not match';
  }
  if (zxidOfPayload(bytes, payloadAt) === ZXID_NONE) return 'the zxid is out of range';
  return undefined;
}

/** The zxid in the TxnHeader at `at`; ZXID_NONE when it is none that a transaction can have. */
export function zxidOfPayload(bytes: Buffer, at: number): Zxid {
  const zxid = bytes.readInt32BE(at + ZXID_AT) * 0x100000000 + bytes.readUInt32BE(at + ZXID_AT + 4);
  return (zxid > 0 && Number.isSafeInteger(zxid) ? zxid : ZXID_NONE) as Zxid;
}

/** Apache extends a file by whole steps of `stepBytes` when less than 4 KiB of it are left; 0: never. */
export function paddedSize(position: number, size: number, stepBytes: number): number {
  if (stepBytes <= 0 || position + 4096 < size) return size;
  if (position <= size) return size + stepBytes;
  const past = position + stepBytes;
  return past - (past % stepBytes);
}
