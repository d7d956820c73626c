import { DIGEST_VERSION, type SnapshotDigest, type ZxidDigest } from '../../datatree/digest/digest.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import { ADLER32_EMPTY, adler32 } from '../adler32.ts';

/**
 * The parts of a snapshot file around the raw stream of datatree/snapshot-cut.ts. 3.9 writes both parts, older releases
 * one or none. A release leaves alone any part at the end of a file that it does not know.
 *
 *   file         header stream seal [digest-part seal] [last-zxid-part seal]
 *   header       magic int "ZKSN", version int 2, dbid long -1
 *   seal         checksum long (Adler-32 of everything before it in the file), "/" ustring
 *   digest-part  zxid long, version int, digest long   (version 1: digest ustring, in hexadecimal)
 *   last-zxid    zxid long
 *
 * In a compressed file all this is what was compressed.
 */
export const SNAPSHOT_HEADER_BYTES = 16;
const MAGIC = 0x5a4b534e;
const VERSION = 2;
const SEAL_BYTES = 13;
const DIGEST_PART_BYTES = 20;
const LAST_ZXID_PART_BYTES = 8;

export function snapshotHeader(): Buffer {
  const header = Buffer.alloc(SNAPSHOT_HEADER_BYTES, 0xff);
  header.writeInt32BE(MAGIC, 0);
  header.writeInt32BE(VERSION, 4);
  return header;
}

/** Says what is wrong with a header; undefined when nothing is. */
export function snapshotHeaderDefect(header: Buffer): string | undefined {
  if (header.length < SNAPSHOT_HEADER_BYTES) return 'the header is cut short';
  if (header.readInt32BE(0) !== MAGIC) return `magic is 0x${header.readUInt32BE(0).toString(16)}, not ZKSN`;
  return undefined;
}

/** Writes what follows the stream, sealing as it goes. `checksum` is that of header and stream. */
export function snapshotTrailer(
  checksum: number,
  zxid: Zxid,
  digest: SnapshotDigest,
  serializeLastProcessedZxid: boolean,
): Buffer {
  const trailer = Buffer.alloc(3 * SEAL_BYTES + DIGEST_PART_BYTES + LAST_ZXID_PART_BYTES);
  let sum = checksum;
  let sealed = 0;
  let at = writeSeal(trailer, 0, sum);
  const seal = (): void => {
    sum = adler32(trailer, sealed, at, sum);
    sealed = at;
    at = writeSeal(trailer, at, sum);
  };
  if (digest !== undefined) {
    // Nothing was applied yet: Apache has no digest to write then, whatever the tree's is.
    const isNone = digest === 'none' || zxid === ZXID_ZERO;
    trailer.writeBigInt64BE(isNone ? 0n : BigInt(zxid), at);
    trailer.writeInt32BE(DIGEST_VERSION, at + 8);
    trailer.writeBigInt64BE(isNone ? 0n : BigInt.asIntN(64, digest), at + 12);
    at += DIGEST_PART_BYTES;
    seal();
  }
  if (serializeLastProcessedZxid) {
    trailer.writeBigInt64BE(BigInt(zxid), at);
    at += LAST_ZXID_PART_BYTES;
    seal();
  }
  return trailer.subarray(0, at);
}

export interface TrailerVerdict {
  readonly defect: string | undefined;
  readonly digest: ZxidDigest | undefined;
  /** At which zxid the tree stands, where the file says so. */
  readonly lastZxid: Zxid | undefined;
}

/** Judges everything after the stream. `checksum` is that of header and stream. */
export function readTrailer(trailer: Buffer, checksum: number): TrailerVerdict {
  if (!isSeal(trailer, 0, checksum)) return defective('the checksum does not match');
  let digest: ZxidDigest | undefined;
  let lastZxid: Zxid | undefined;
  let at = SEAL_BYTES;
  let sum = adler32(trailer, 0, at, checksum);
  while (at < trailer.length) {
    const left = trailer.length - at;
    const isLastZxid = left === LAST_ZXID_PART_BYTES + SEAL_BYTES;
    const part = isLastZxid ? { bytes: LAST_ZXID_PART_BYTES } : digestPart(trailer, at, digest !== undefined);
    // A part of a later release. The tree before it is sealed, and that is what counts.
    if (part === undefined || part.bytes + SEAL_BYTES > left) break;
    sum = adler32(trailer, at, at + part.bytes, sum);
    if (!isSeal(trailer, at + part.bytes, sum)) return defective('a later checksum does not match');
    if ('digest' in part) digest = part.digest;
    if (isLastZxid) lastZxid = Number(trailer.readBigInt64BE(at)) as Zxid;
    sum = adler32(trailer, at + part.bytes, at + part.bytes + SEAL_BYTES, sum);
    at += part.bytes + SEAL_BYTES;
  }
  return { defect: undefined, digest, lastZxid };
}

function defective(defect: string): TrailerVerdict {
  return { defect, digest: undefined, lastZxid: undefined };
}

/** The seal as the last thing in a file: how Apache tells a snapshot that was written to its end. */
export function endsWithSeal(tail: Buffer): boolean {
  return tail.length >= 5 && tail.readInt32BE(tail.length - 5) === 1 && tail[tail.length - 1] === 0x2f;
}

function digestPart(trailer: Buffer, at: number, isRead: boolean): { bytes: number; digest: ZxidDigest } | undefined {
  if (isRead || trailer.length - at < DIGEST_PART_BYTES) return undefined;
  const zxid = Number(trailer.readBigInt64BE(at)) as Zxid;
  const version = trailer.readInt32BE(at + 8);
  if (version >= 2)
    return { bytes: DIGEST_PART_BYTES, digest: { zxid, version, digest: trailer.readBigInt64BE(at + 12) } };
  const length = trailer.readInt32BE(at + 12);
  if (length < 0 || length > 16) return undefined;
  const hex = trailer.toString('latin1', at + 16, at + 16 + length);
  return { bytes: 16 + length, digest: { zxid, version, digest: /^[0-9a-f]+$/.test(hex) ? BigInt(`0x${hex}`) : 0n } };
}

function writeSeal(target: Buffer, at: number, checksum: number): number {
  target.writeUInt32BE(0, at);
  target.writeUInt32BE(checksum, at + 4);
  target.writeInt32BE(1, at + 8);
  target[at + 12] = 0x2f;
  return at + SEAL_BYTES;
}

/** The text after the checksum is read and not looked at, as Apache does. */
function isSeal(bytes: Buffer, at: number, checksum: number): boolean {
  if (bytes.length - at < SEAL_BYTES) return false;
  return bytes.readUInt32BE(at) === 0 && bytes.readUInt32BE(at + 4) === checksum;
}

/** Checksum of header and stream, chunk by chunk. */
export class StreamChecksum {
  private sum = ADLER32_EMPTY;

  add(bytes: Buffer): void {
    this.sum = adler32(bytes, 0, bytes.length, this.sum);
  }

  get value(): number {
    return this.sum;
  }
}
