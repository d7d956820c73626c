import type { Disk } from '../io/disk.ts';
import { Reader } from '../jute/reader.ts';
import { readTxnHeader } from '../jute/txns.ts';
import { type Zxid, zxidHex } from '../jute/zxid.ts';
import { LogFileReader, type LogRecord } from '../txnlog/log/log-file-reader.ts';
import { LOG_HEADER_BYTES } from '../txnlog/log/log-format.ts';
import { BackupError } from './backup-error.ts';
import type { Keep } from './kept-files.ts';
import type { LogEntry } from './manifest.ts';

/**
 * Keeps the good part of a log file, record by record, up to a limit: what a server is writing at the moment, and the
 * space it has zeroed ahead, stay behind.
 */
export interface Limits {
  /** No transaction behind it is kept. */
  readonly upToZxid?: Zxid;
  /** Nor one that is later, in ms since 1970. */
  readonly upToTimeMs?: number;
}

export interface KeptLog {
  /** undefined when no transaction was kept, and no file was made. */
  readonly entry: LogEntry | undefined;
  /** Transactions of the file that the limits left out, and the first of them. */
  readonly leftOut: number;
  readonly firstLeftOut: Zxid | undefined;
}

export interface LogSource {
  readonly from: string;
  readonly name: string;
  /** Bytes behind it are not looked at; undefined: there is no such limit. */
  readonly end: number | undefined;
  /** A file that breaks off is torn there, and no other than the last may be. */
  readonly isLast: boolean;
}

const reader = new Reader();

/** `onRecord` sees each record that is kept. Throws BackupError. */
export function keepLog(
  disk: Disk,
  { from, name, end: limit, isLast }: LogSource,
  { limits, keep }: { readonly limits: Limits; readonly keep: Keep },
  onRecord: (record: LogRecord) => void,
): KeptLog {
  const log = new LogFileReader(disk, from);
  try {
    const seen: { zxid: Zxid; time: number }[] = [];
    let transactions = 0;
    let leftOut = 0;
    let firstLeftOut: Zxid | undefined;
    let end = LOG_HEADER_BYTES;
    while (limit === undefined || log.offset < limit) {
      const record = log.next();
      if (record === undefined) break;
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
    const entry = {
      name,
      bytes: end,
      sha256: keep(from, name, end),
      transactions,
      firstZxid: zxidHex(first.zxid),
      lastZxid: zxidHex(last.zxid),
      firstTime: new Date(first.time).toISOString(),
      lastTime: new Date(last.time).toISOString(),
    };
    return { entry, leftOut, firstLeftOut };
  } finally {
    log.close();
  }
}

export function timeOf(payload: Buffer): number {
  reader.reset(payload);
  return readTxnHeader(reader).time;
}

/** A clock that was set back does not let later transactions in again: the first one beyond ends what is kept. */
function isBeyond(zxid: Zxid, time: number, { upToZxid, upToTimeMs }: Limits): boolean {
  return (upToZxid !== undefined && zxid > upToZxid) || (upToTimeMs !== undefined && time > upToTimeMs);
}
