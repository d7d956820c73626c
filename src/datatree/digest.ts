import type { StatPersisted } from '../jute/data-records.ts';
import type { Zxid } from '../jute/zxid.ts';
import { CRC_START, crcBytes, crcFinish, crcText } from './crc32.ts';
import { ZOOKEEPER_SUBTREE } from './paths.ts';

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

export function isOutsideDigest(path: string): boolean {
  return path.startsWith(ZOOKEEPER_SUBTREE);
}

/** Digest of one node, an unsigned 32-bit number: what the node adds to the tree's digest. */
export function nodeDigest(path: string, data: Buffer | undefined, stat: StatPersisted): number {
  if (isOutsideDigest(path)) return 0;
  return digestFrom(contentCrc(path, data), stat);
}

/** The part of a node's CRC that a change of its Stat alone leaves as it is. */
export function contentCrc(path: string, data: Buffer | undefined): number {
  const crc = path === '/' ? CRC_START : crcText(CRC_START, path);
  return data === undefined ? crc : crcBytes(crc, data, 0, data.length);
}

const STAT_BYTES = 60;
const scratch = Buffer.alloc(STAT_BYTES);

export function digestFrom(content: number, stat: StatPersisted): number {
  putLong(0, stat.czxid);
  putLong(8, stat.mzxid);
  putLong(16, stat.pzxid);
  putLong(24, stat.ctime);
  putLong(32, stat.mtime);
  putInt(40, stat.version);
  putInt(44, stat.cversion);
  putInt(48, stat.aversion);
  if (stat.ephemeralOwner === 0n) scratch.fill(0, 52);
  else scratch.writeBigInt64BE(stat.ephemeralOwner, 52);
  return crcFinish(crcBytes(content, scratch, 0, STAT_BYTES));
}

function putLong(at: number, value: number): void {
  const high = Math.floor(value / 0x100000000);
  putInt(at, high);
  putInt(at + 4, value - high * 0x100000000);
}

function putInt(at: number, value: number): void {
  scratch[at] = value >>> 24;
  scratch[at + 1] = value >>> 16;
  scratch[at + 2] = value >>> 8;
  scratch[at + 3] = value;
}

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

  /** Signed, as a long in a record. */
  value(): bigint {
    return BigInt.asIntN(64, (BigInt(this.high) << 32n) | BigInt(this.low));
  }
}
