import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { Disk } from '../io/disk.ts';
import { Reader } from '../jute/reader.ts';
import { readTxnHeader } from '../jute/txns.ts';
import { type Zxid, zxidHex } from '../jute/zxid.ts';
import { LogFileReader, type LogRecord } from '../txnlog/log/log-file-reader.ts';
import { LOG_HEADER_BYTES } from '../txnlog/log/log-format.ts';
import { BackupError } from './backup-error.ts';
import type { LogEntry } from './manifest.ts';

/**
 * Copies the good part of a log file, record by record, up to a limit: what a server is writing at the moment, and the
 * space it has zeroed ahead, stay behind.
 */
export interface CopyLimits {
  /** No transaction behind it is copied. */
  readonly upToZxid?: Zxid;
  /** Nor one that is later, in ms since 1970. */
  readonly upToTimeMs?: number;
}

export interface CopiedLog {
  /** undefined when no transaction was copied, and no file was made. */
  readonly entry: LogEntry | undefined;
  /** Transactions of the file that the limits left out, and the first of them. */
  readonly leftOut: number;
  readonly firstLeftOut: Zxid | undefined;
}

const CHUNK_BYTES = 1 << 20;
const reader = new Reader();

export interface LogSource {
  readonly from: string;
  readonly to: string;
  readonly name: string;
  /** A file that breaks off is torn there, and no other than the last may be. */
  readonly isLast: boolean;
}

/** `onRecord` sees each record that is copied. Throws BackupError. */
export function copyLog(
  disk: Disk,
  { from, to, name, isLast }: LogSource,
  limits: CopyLimits,
  onRecord: (record: LogRecord) => void,
): CopiedLog {
  const log = new LogFileReader(disk, from);
  try {
    const seen: { zxid: Zxid; time: number }[] = [];
    let transactions = 0;
    let leftOut = 0;
    let firstLeftOut: Zxid | undefined;
    let end = LOG_HEADER_BYTES;
    for (let record = log.next(); record !== undefined; record = log.next()) {
      const time = timeOf(record.payload);
      if (leftOut > 0 || isBeyond(record.zxid, time, limits)) {
        leftOut++;
        firstLeftOut ??= record.zxid;
        continue;
      }
      onRecord(record);
      transactions++;
      if (transactions === 1) seen[0] = { zxid: record.zxid, time };
      seen[1] = { zxid: record.zxid, time };
      end = log.offset;
    }
    if (log.defect !== undefined && !isLast) {
      throw new BackupError(`${from} breaks off at offset ${log.offset} (${log.defect}), and there are later logs`);
    }
    const [first, last] = seen;
    if (first === undefined || last === undefined) return { entry: undefined, leftOut, firstLeftOut };
    const sha256 = copyBytes(from, to, end);
    return {
      entry: {
        name,
        bytes: end,
        sha256,
        transactions,
        firstZxid: zxidHex(first.zxid),
        lastZxid: zxidHex(last.zxid),
        firstTime: new Date(first.time).toISOString(),
        lastTime: new Date(last.time).toISOString(),
      },
      leftOut,
      firstLeftOut,
    };
  } finally {
    log.close();
  }
}

export function timeOf(payload: Buffer): number {
  reader.reset(payload);
  return readTxnHeader(reader).time;
}

/** A clock that was set back does not let later transactions in again: the first one beyond ends the copy. */
function isBeyond(zxid: Zxid, time: number, { upToZxid, upToTimeMs }: CopyLimits): boolean {
  return (upToZxid !== undefined && zxid > upToZxid) || (upToTimeMs !== undefined && time > upToTimeMs);
}

/** The first `bytes` of a file, durable on return; its SHA-256. */
export function copyBytes(from: string, to: string, bytes: number): string {
  const source = openSync(from, 'r');
  const target = openSync(to, 'wx', 0o640);
  try {
    const hash = createHash('sha256');
    copyInto(source, target, bytes, hash);
    fsyncSync(target);
    return hash.digest('hex');
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

function copyInto(source: number, target: number, bytes: number, hash: Hash): void {
  const chunk = Buffer.allocUnsafe(Math.min(bytes, CHUNK_BYTES));
  for (let at = 0; at < bytes; ) {
    const got = readSync(source, chunk, 0, Math.min(chunk.length, bytes - at), at);
    if (got === 0) throw new BackupError(`a file ended at ${at} of ${bytes} bytes while it was copied`);
    const part = chunk.subarray(0, got);
    hash.update(part);
    for (let written = 0; written < got; ) written += writeSync(target, part, written, got - written, at + written);
    at += got;
  }
}
