import type { Clock } from '../../io/clock.ts';
import { diskError } from '../../io/disk.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import { join, type LogName } from '../file-names.ts';
import { LogFileReader } from './log-file-reader.ts';
import { LOG_HEADER_BYTES } from './log-format.ts';
import type { LogPlace } from './log-place.ts';

/**
 * Places in log files, about a megabyte apart, so that whoever wants what is behind a transaction need not read all
 * that is before it. A learner may come from anywhere in a file of a gigabyte. The first that does has the file looked
 * through, a megabyte in each turn, and waits; others find the marks there.
 */
const MARK_BYTES = 1 << 20;

interface Mark {
  readonly zxid: Zxid;
  readonly offset: number;
}

interface Marked {
  /** In order; the first is the begin of the file. */
  readonly marks: Mark[];
  /** Behind the last mark a look found less than a megabyte: the rest is padding, or cannot be read. */
  isRead: boolean;
}

interface Scan {
  readonly reader: LogFileReader;
  readonly marked: Marked;
  readonly until: Zxid;
  found: number;
}

export class LogMarks {
  /** Between two marks. */
  markBytes = MARK_BYTES;
  private readonly place: LogPlace;
  private readonly clock: Clock;
  private readonly byFile = new Map<Zxid, Marked>();
  private scan: Scan | undefined = undefined;

  constructor(place: LogPlace, clock: Clock) {
    this.place = place;
    this.clock = clock;
  }

  /** A file is being looked through. */
  get isBusy(): boolean {
    return this.scan !== undefined;
  }

  /** The files are others. */
  clear(): void {
    this.stop();
    this.byFile.clear();
  }

  /** Forgets the files that are no more. */
  keep(files: readonly LogName[]): void {
    const there = new Set(files.map(({ zxid }) => zxid));
    for (const zxid of [...this.byFile.keys()].filter((marked) => !there.has(marked))) this.byFile.delete(zxid);
  }

  /** An offset at or before the first record at or above `zxid`. */
  before(file: LogName, zxid: Zxid): number {
    const marks = this.byFile.get(file.zxid)?.marks ?? [];
    return marks.findLast((mark) => mark.zxid <= zxid)?.offset ?? LOG_HEADER_BYTES;
  }

  /** Whether reading from `before` on comes to `zxid` within a megabyte or so; `end` is that of the file's records. */
  isNear(file: LogName, zxid: Zxid, end: number): boolean {
    const marked = this.byFile.get(file.zxid);
    const last = marked?.marks.at(-1);
    return (
      marked?.isRead === true || (last?.zxid ?? ZXID_ZERO) > zxid || end - (last?.offset ?? 0) <= 2 * this.markBytes
    );
  }

  /** Looks through the file from its last mark on, until `isNear`. Throws DiskError. */
  lookThrough(file: LogName, until: Zxid): void {
    let marked = this.byFile.get(file.zxid);
    if (marked === undefined) {
      marked = { marks: [{ zxid: ZXID_ZERO, offset: LOG_HEADER_BYTES }], isRead: false };
      this.byFile.set(file.zxid, marked);
    }
    const from = (marked.marks.at(-1) as Mark).offset;
    const { disk, dir } = this.place;
    this.scan = { reader: new LogFileReader(disk, join(dir, file.name), from), marked, until, found: 0 };
    this.goOnLater();
  }

  stop(): void {
    this.scan?.reader.close();
    this.scan = undefined;
  }

  private goOnLater(): void {
    const { scan } = this;
    this.clock.afterTurn(() => {
      if (this.scan !== scan || scan === undefined) return;
      if (this.isDone(scan)) this.stop();
      else this.goOnLater();
    });
  }

  /** A megabyte further; true: as far as was asked, or as far as the file can be read. */
  private isDone(scan: Scan): boolean {
    const { reader, until, marked } = scan;
    const { marks } = marked;
    const last = marks.at(-1) as Mark;
    try {
      for (let record = reader.next(); record !== undefined; record = reader.next()) {
        if (record.offset - last.offset < this.markBytes || record.zxid <= last.zxid) continue;
        marks.push({ zxid: record.zxid, offset: record.offset });
        scan.found++;
        return record.zxid > until;
      }
    } catch (error) {
      // The next reader is told.
      diskError(error);
    }
    marked.isRead = scan.found === 0;
    return true;
  }
}
