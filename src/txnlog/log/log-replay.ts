import type { Log } from '../../base/log.ts';
import { follows, type Zxid, zxidHex, zxidText } from '../../jute/zxid.ts';
import { damage } from '../damage.ts';
import { join, type LogName, listLogs } from '../file-names.ts';
import { cutLog } from '../history-change.ts';
import { LogFileReader, type LogRecord } from './log-file-reader.ts';
import { LOG_HEADER_BYTES } from './log-format.ts';
import type { LogPlace } from './log-place.ts';

/**
 * Reads the log from a snapshot on, and decides about every byte that is not a record.
 *
 * The last file may end in a torn group: the bad record and what follows it are cut. They are not when valid records
 * follow below the offset that was known to be synced, or in a file of which nothing is known. An earlier file may end
 * anywhere, if the next one goes on with the next transaction: a server that was killed began a new file. All else is a
 * hole in the history, refused with file, offset and zxid, for what is missing may have been acknowledged.
 */
export interface ReplayedLog {
  /** The last transaction; the zxid of the snapshot when the log has none beyond it. */
  readonly lastZxid: Zxid;
  readonly transactions: number;
  /** Where the records end in each file that was read, by the zxid in its name. */
  readonly ends: ReadonlyMap<Zxid, number>;
  /** The tail that has to be cut off the last file before anything is appended. */
  readonly torn: TornTail | undefined;
}

export interface TornTail {
  readonly file: LogName;
  readonly offset: number;
  readonly defect: string;
  /** The last transaction before it. */
  readonly after: Zxid;
}

export interface ReplayVisitor {
  onRecord(record: LogRecord, path: string): void;
}

/** Throws FatalError for what must not be read over, DiskError for what cannot be read. */
export function replayLog(place: LogPlace, snapshot: Zxid, log: Log, visitor: ReplayVisitor): ReplayedLog {
  const replay = new Replay(place, snapshot, log, visitor);
  const files = filesFrom(listLogs(place.disk, place.dir), snapshot);
  files.forEach((file, index) => {
    replay.readFile(file, index === files.length - 1);
  });
  return replay.result();
}

/**
 * The files that can hold transactions above `zxid`: the newest that begins at most one above it, and all newer ones.
 */
export function filesFrom(files: readonly LogName[], zxid: Zxid): readonly LogName[] {
  let first = 0;
  for (let i = 0; i < files.length && (files[i] as LogName).zxid <= zxid + 1; i++) first = i;
  return files.slice(first);
}

interface BadEnd {
  readonly file: LogName;
  readonly path: string;
  readonly offset: number;
  readonly defect: string;
}

const NEVER_WRITTEN = 'there is no record in it';

class Replay {
  private readonly place: LogPlace;
  private readonly snapshot: Zxid;
  private readonly log: Log;
  private readonly visitor: ReplayVisitor;
  private readonly ends = new Map<Zxid, number>();
  private torn: TornTail | undefined = undefined;
  private last: Zxid;
  private transactions = 0;
  /** The file before, which ended in a bad record. */
  private earlier: BadEnd | undefined = undefined;

  constructor(place: LogPlace, snapshot: Zxid, log: Log, visitor: ReplayVisitor) {
    this.place = place;
    this.snapshot = snapshot;
    this.log = log;
    this.visitor = visitor;
    this.last = snapshot;
  }

  result(): ReplayedLog {
    return { lastZxid: this.last, transactions: this.transactions, ends: this.ends, torn: this.torn };
  }

  readFile(file: LogName, isLast: boolean): void {
    const path = join(this.place.dir, file.name);
    const reader = new LogFileReader(this.place.disk, path);
    try {
      this.readRecords(reader, file);
      this.ends.set(file.zxid, reader.offset);
      if (isLast) this.endLastFile(reader, file);
      else {
        const { offset, defect } = reader;
        this.earlier = defect === undefined ? undefined : { file, path, offset, defect };
        if (defect === undefined) return;
        const fields = { file: path, offset, after: zxidText(this.last), reason: defect };
        this.log.warn(fields, 'an earlier log file ends in a bad record; the next file must continue it');
      }
    } finally {
      reader.close();
    }
  }

  private readRecords(reader: LogFileReader, file: LogName): void {
    let repeated = 0;
    let inFile: Zxid | undefined;
    for (let record = reader.next(); record !== undefined; record = reader.next()) {
      const { zxid } = record;
      // A writer of an ended role left these (ZOOKEEPER-4712): what a zxid means is settled by its first record.
      if (zxid <= this.last && (zxid > this.snapshot || (inFile !== undefined && zxid <= inFile))) repeated++;
      inFile = zxid;
      if (zxid <= this.last) continue;
      if (!follows(this.last, zxid) || this.isHole(file, zxid)) this.refuseGap(reader.path, record);
      this.last = zxid;
      this.transactions++;
      this.visitor.onRecord(record, reader.path);
    }
    if (repeated > 0)
      this.log.warn({ file: reader.path, records: repeated }, 'passed over records that repeat earlier ones');
  }

  /**
   * Whether something is missing before a file that begins an epoch, which the numbers do not show. The server that
   * wrote it may have noted what came before. A file of another server says less. The one before it may end in a torn
   * record if nothing says that it was whole, and if no whole record follows the bad one.
   */
  private isHole(file: LogName, zxid: Zxid): boolean {
    if (zxid === this.last + 1 || zxid !== file.zxid) return false;
    const before = this.place.order.before(zxid);
    if (before !== undefined) return before > this.last;
    const { earlier } = this;
    if (earlier === undefined) return false;
    if (this.place.note.value !== undefined && this.place.note.value.file > earlier.file.zxid) return true;
    const reader = new LogFileReader(this.place.disk, earlier.path);
    try {
      return reader.findRecordBeyond(earlier.offset, this.last) !== undefined;
    } finally {
      reader.close();
    }
  }

  private refuseGap(path: string, record: LogRecord): never {
    const { earlier: bad } = this;
    const earlier = bad === undefined ? '' : ` (${bad.path} ends at offset ${bad.offset}: ${bad.defect})`;
    throw damage(
      `${path}: at offset ${record.offset} zxid 0x${zxidHex(record.zxid)} follows 0x${zxidHex(this.last)}: ` +
        `transactions in between are missing${earlier}`,
    );
  }

  private endLastFile(reader: LogFileReader, file: LogName): void {
    const { offset } = reader;
    if (reader.isZeroFrom(offset)) {
      if (offset > LOG_HEADER_BYTES) return;
      // Its name is that of the next transaction, for which a file will be created.
      this.torn = { file, offset: 0, defect: NEVER_WRITTEN, after: this.last };
      return;
    }
    const defect = reader.defect ?? 'there is more after the end';
    const known = this.place.note.value?.file === file.zxid ? this.place.note.value : undefined;
    const beyond = reader.findRecordBeyond(offset, this.last);
    if (beyond !== undefined && (known === undefined || offset < known.offset)) {
      throw damage(
        `${reader.path}: bad record at offset ${offset} after zxid 0x${zxidHex(this.last)} (${defect}), ` +
          `and zxid 0x${zxidHex(beyond.zxid)} is whole at offset ${beyond.offset}: this is damage, not a torn tail`,
      );
    }
    this.torn = { file, offset, defect, after: this.last };
  }
}

/** Durable on return. Throws DiskError. */
export function cutTornTail(place: LogPlace, torn: TornTail, log: Log): void {
  const { disk, dir, note } = place;
  const path = join(dir, torn.file.name);
  const fields = { file: path, offset: torn.offset, after: zxidText(torn.after), reason: torn.defect };
  if (torn.defect === NEVER_WRITTEN) log.info({ file: path }, 'removing a log file without a record');
  else log.warn(fields, 'cutting a torn tail off the log');
  const known = note.value;
  if (known !== undefined && known.file === torn.file.zxid && torn.offset < known.offset) {
    log.error({ ...fields, syncedTo: known.offset }, 'what is cut had been synced: this disk lost it');
    note.writeNow({ ...known, offset: torn.offset });
  }
  if (torn.offset > LOG_HEADER_BYTES) {
    cutLog(disk, path, torn.offset);
    return;
  }
  disk.unlink(path);
  disk.syncDir(dir);
}
