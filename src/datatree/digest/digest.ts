import type { StatPersisted } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { ZOOKEEPER_SUBTREE } from '../special-paths.ts';
import { CRC_START, crcBytes, crcFinish, crcInt, crcInts, crcLong, crcText } from './crc32.ts';

/**
 * The digest of a tree, version 2: the sum of one CRC-32 per node, kept up to date by every change. The leader writes
 * the digest a transaction leads to into the transaction, and every server compares.
 *
 *   node: CRC-32 of path, data, czxid mzxid pzxid ctime mtime long, version cversion aversion int, ephemeralOwner long
 *
 * The root is hashed as "". Nodes below /zookeeper count nothing: quota usage changes without transactions.
 */
export const DIGEST_VERSION = 2;

/** One line of the digest log, and the digest part of a snapshot. */
export interface ZxidDigest {
  readonly zxid: Zxid;
  readonly version: number;
  readonly digest: bigint;
}

/** Of a snapshot to be written; undefined: digests are off, 'none': the tree's says nothing at this zxid. */
export type SnapshotDigest = bigint | 'none' | undefined;

export function isOutsideDigest(path: string): boolean {
  return path.startsWith(ZOOKEEPER_SUBTREE);
}

/** As contentCrc, where the path is ASCII and stands at [start, end), and the data at [dataStart, dataEnd). */
export function contentCrcOfBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  dataStart: number,
  dataEnd: number,
): number {
  return crcBytes(crcBytes(CRC_START, bytes, start, end), bytes, dataStart, dataEnd);
}

/** The part of a node's CRC that a change of its Stat alone leaves as it is. */
export function contentCrc(path: string, data: Buffer | undefined): number {
  const crc = path === '/' ? CRC_START : crcText(CRC_START, path);
  return data === undefined ? crc : crcBytes(crc, data, 0, data.length);
}

/** Digest of a node within the digest: an unsigned 32-bit number, what it adds to the tree's. */
export function digestFrom(content: number, stat: StatPersisted): number {
  let crc = crcLong(content, stat.czxid);
  crc = crcLong(crc, stat.mzxid);
  crc = crcLong(crc, stat.pzxid);
  crc = crcLong(crc, stat.ctime);
  crc = crcLong(crc, stat.mtime);
  crc = crcInts(crc, stat.version, stat.cversion);
  if (stat.ephemeralOwner === 0n) return crcFinish(crcInt(crcInts(crc, stat.aversion, 0), 0));
  view.setBigInt64(0, stat.ephemeralOwner);
  return crcFinish(crcInt(crcInts(crc, stat.aversion, view.getInt32(0)), view.getInt32(4)));
}

/** The same of a Stat that stands at `at` as a StatPersisted, whose pzxid comes last there and third in the digest. */
export function digestFromBytes(content: number, bytes: Uint8Array, at: number): number {
  const zxids = crcBytes(crcBytes(content, bytes, at, at + 16), bytes, at + STAT_BYTES - 8, at + STAT_BYTES);
  return crcFinish(crcBytes(zxids, bytes, at + 16, at + STAT_BYTES - 8));
}

/** Of a StatPersisted, in a record. */
const STAT_BYTES = 60;

const view = new DataView(new ArrayBuffer(8));

/** A sum of node digests modulo 2^64, without a bigint per change: the low 32 bits and what they carried over. */
export class DigestSum {
  private low = 0;
  private high = 0;

  add(digest: number): void {
    this.low += digest;
    if (this.low >= 0x100000000) {
      this.low -= 0x100000000;
      this.high++;
    }
  }

  remove(digest: number): void {
    this.low -= digest;
    if (this.low < 0) {
      this.low += 0x100000000;
      this.high--;
    }
  }

  copyFrom(other: DigestSum): void {
    this.low = other.low;
    this.high = other.high;
  }

  /** Signed, as a long in a record. Through the scratch bytes it is one bigint; by arithmetic it was five. */
  value(): bigint {
    view.setInt32(0, this.high);
    view.setUint32(4, this.low);
    return view.getBigInt64(0);
  }
}
