import type { Log } from '../../base/log.ts';
import type { Disk } from '../../io/disk.ts';
import { ZXID_ZERO, type Zxid, zxidHex } from '../../jute/zxid.ts';
import { join, type LogName, listLogs } from '../file-names.ts';
import { type CursorHost, LogCursor } from './log-cursor.ts';
import type { LogOrder } from './log-order.ts';

/**
 * The log files as somebody who reads them sees them: which there are, how much of each is records, who is reading,
 * and from where on they hold together.
 */
export class LogShelf implements CursorHost {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly order: LogOrder;
  private readonly log: Log;
  /** Where the records end in files that are full, by the zxid in the name, as far as that is known. */
  private readonly ends = new Map<Zxid, number>();
  private readonly cursors = new Set<LogCursor>();
  /** Before it the log has a hole, or cannot be read. */
  private readableFrom = ZXID_ZERO;

  constructor(disk: Disk, dir: string, order: LogOrder, log: Log) {
    this.disk = disk;
    this.dir = dir;
    this.order = order;
    this.log = log;
  }

  /** After recovery, which read some of the files to their ends. */
  reset(ends: ReadonlyMap<Zxid, number>): void {
    this.closeCursors();
    this.ends.clear();
    for (const [zxid, end] of ends) this.ends.set(zxid, end);
    this.readableFrom = ZXID_ZERO;
  }

  setEnd(zxid: Zxid, end: number): void {
    this.ends.set(zxid, end);
  }

  /** Entries from the first at or above `zxid` up to `last`; undefined when the disk does not hold all of these. */
  readFrom(zxid: Zxid, last: Zxid): LogCursor | undefined {
    const files = this.filesFrom(zxid);
    if (files === undefined) return undefined;
    const cursor = new LogCursor(this.disk, this.dir, this.order, files, zxid, last, this);
    // Opening it may have found a hole right at the start.
    if (zxid < this.readableFrom) {
      cursor.close();
      return undefined;
    }
    this.cursors.add(cursor);
    return cursor;
  }

  /** Bytes that `readFrom(zxid)` has to go through; the padding of a file counts where its begin is not known. */
  bytesFrom(zxid: Zxid, current: { readonly zxid: Zxid; readonly end: number } | undefined): number {
    let bytes = 0;
    for (const file of this.filesFrom(zxid) ?? []) {
      const end = current?.zxid === file.zxid ? current.end : this.ends.get(file.zxid);
      bytes += end ?? this.disk.stat(join(this.dir, file.name)).bytes;
    }
    return bytes;
  }

  /** Zxid in the name of the oldest file that somebody reads. */
  get oldestInUse(): Zxid | undefined {
    let oldest: Zxid | undefined;
    for (const cursor of this.cursors) {
      const zxid = cursor.oldestFile?.zxid;
      if (zxid !== undefined && (oldest === undefined || zxid < oldest)) oldest = zxid;
    }
    return oldest;
  }

  closeCursors(): void {
    for (const cursor of [...this.cursors]) cursor.close();
  }

  onBroken(readableFrom: Zxid, reason: string): void {
    if (readableFrom <= this.readableFrom) return;
    this.readableFrom = readableFrom;
    const fields = { dir: this.dir, from: zxidHex(readableFrom), reason };
    this.log.warn(fields, 'the log on disk has a hole; learners from before it will be sent a snapshot');
  }

  onClose(cursor: LogCursor): void {
    this.cursors.delete(cursor);
  }

  /** From the newest file that begins at or below `zxid` on. */
  private filesFrom(zxid: Zxid): LogName[] | undefined {
    if (zxid < this.readableFrom) return undefined;
    const files = listLogs(this.disk, this.dir);
    const first = files.findLastIndex((file) => file.zxid <= zxid);
    return first === -1 ? undefined : files.slice(first);
  }
}
