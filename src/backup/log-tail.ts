import type { Disk } from '../io/disk.ts';
import type { Zxid } from '../jute/zxid.ts';
import { join, type LogName, listLogs } from '../txnlog/file-names.ts';
import { LogFileReader, type LogRecord } from '../txnlog/log/log-file-reader.ts';
import { LOG_HEADER_BYTES, RECORD_OVERHEAD_BYTES, writeLogHeader, writeRecord } from '../txnlog/log/log-format.ts';
import { BackupError } from './backup-error.ts';

/**
 * The log of a server, read beside its writer a piece at a time. Between two pieces it holds a few places and nothing
 * else: a reader that goes on where it was costs no more than what is new.
 */
export interface TailPiece {
  /** In order, the first at or above the zxid that was asked for. */
  readonly records: readonly LogRecord[];
  /** There is nothing behind them at the moment. Otherwise ask again, even if there were no records. */
  readonly isEnd: boolean;
}

export interface TailLimits {
  /** About so many are read. */
  readonly bytes: number;
  /** No transaction behind it is given. */
  readonly upTo?: Zxid;
}

interface Place {
  readonly file: string;
  readonly offset: number;
  /** Of the record at the offset; undefined at the begin of a file. */
  readonly zxid: Zxid | undefined;
}

/** For as many readers that take turns. */
const MAX_PLACES = 8;

export class LogTail {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly places: Place[] = [];

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.dir = dir;
  }

  /**
   * undefined: the log begins behind `from`, so that something might be missing. Throws DiskError, and BackupError for a
   * file that breaks off before the last.
   */
  read(from: Zxid, limits: TailLimits): TailPiece | undefined {
    const logs = listLogs(this.disk, this.dir);
    if (logs.length === 0) return { records: [], isEnd: true };
    const start = this.startIn(logs, from);
    return start === undefined ? undefined : this.readOn(logs, start, from, limits);
  }

  private readOn(logs: readonly LogName[], start: Place, from: Zxid, { bytes, upTo }: TailLimits): TailPiece {
    const records: LogRecord[] = [];
    let place = start;
    let left = bytes;
    let isEnd = true;
    const first = logs.findIndex(({ name }) => name === start.file);
    for (const [i, { name }] of logs.slice(first).entries()) {
      if (!isEnd) break;
      const reader = new LogFileReader(this.disk, join(this.dir, name), i === 0 ? start.offset : undefined);
      try {
        for (let record = reader.next(); isEnd && record !== undefined; record = reader.next()) {
          if (upTo !== undefined && record.zxid > upTo) break;
          if (record.zxid >= from) records.push(record);
          place = { file: name, offset: record.offset, zxid: record.zxid };
          // The record at the place was read before: however long it is, there is one more.
          const isNew = i > 0 || start.zxid === undefined || record.offset > start.offset;
          if (isNew) left -= record.payload.length + RECORD_OVERHEAD_BYTES;
          isEnd = left > 0;
        }
        if (reader.defect !== undefined && first + i < logs.length - 1) {
          throw new BackupError(
            `${reader.path} breaks off at offset ${reader.offset} (${reader.defect}), and there are later logs`,
          );
        }
      } finally {
        reader.close();
      }
    }
    this.places.push(place);
    if (this.places.length > MAX_PLACES) this.places.shift();
    return { records, isEnd };
  }

  private startIn(logs: readonly LogName[], from: Zxid): Place | undefined {
    const known = this.places.filter(({ zxid }) => zxid !== undefined && zxid <= from);
    known.sort((a, b) => (b.zxid ?? 0) - (a.zxid ?? 0));
    const place = known.find((each) => logs.some(({ name }) => name === each.file) && this.isThere(each));
    if (place !== undefined) return place;
    const index = logs.findLastIndex(({ zxid }) => zxid <= from);
    // A file that begins with the very next one leaves nothing out.
    const file = index === -1 && logs[0]?.zxid === from + 1 ? logs[0] : logs[index];
    return file === undefined ? undefined : { file: file.name, offset: LOG_HEADER_BYTES, zxid: undefined };
  }

  /** A log that was cut has something else there, or nothing. */
  private isThere({ file, offset, zxid }: Place): boolean {
    const reader = new LogFileReader(this.disk, join(this.dir, file), offset);
    try {
      return reader.next()?.zxid === zxid;
    } finally {
      reader.close();
    }
  }
}

/** A log file with these transactions, and no padding. */
export function logOf(payloads: readonly Buffer[]): Buffer {
  const sizes = payloads.map(({ length }) => length + RECORD_OVERHEAD_BYTES);
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, each) => sum + each, LOG_HEADER_BYTES));
  let at = writeLogHeader(bytes, 0);
  for (const payload of payloads) at = writeRecord(bytes, at, payload);
  return bytes;
}
