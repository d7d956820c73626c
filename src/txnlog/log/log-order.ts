import { type Disk, type DiskError, type DiskFile, diskError } from '../../io/disk.ts';
import { parseZxidHex, type Zxid, zxidHex } from '../../jute/zxid.ts';
import { adler32 } from '../adler32.ts';
import { join, LOG_ORDER, logName } from '../file-names.ts';
import { replaceFile } from '../small-file.ts';

/**
 * The side file `log-order`: what comes before a log file that begins an epoch. Inside an epoch the counter shows what
 * is missing. Between two epochs nothing in the log does, for an epoch may end with any of its transactions. Where the
 * file before is lost, or ends too early, the history would have a hole that nobody sees.
 *
 *   line   "log.<zxid> after <zxid> <checksum of what is before>\n"
 *
 * A line is synced before its file is made. Of two for one file the later counts; what cannot be read says nothing.
 */
const LINE = /(log\.([0-9a-f]+) after ([0-9a-f]+)) ([0-9a-f]+)\n/g;
/** Beyond that, lines of files that are gone are dropped at the next start. */
const TIDY_BYTES = 16 * 1024;

export class LogOrder {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly path: string;
  private readonly predecessors = new Map<Zxid, Zxid>();
  private file: DiskFile | undefined = undefined;
  private position = 0;

  /** Throws DiskError. */
  constructor(disk: Disk, dir: string, tidyBytes: number = TIDY_BYTES) {
    this.disk = disk;
    this.dir = dir;
    this.path = join(dir, LOG_ORDER);
    if (!disk.exists(this.path)) return;
    const bytes = disk.readSmall(this.path);
    this.position = bytes.length;
    for (const [, text, file, after, checksum] of bytes.toString('latin1').matchAll(LINE)) {
      const zxid = parseZxidHex(file as string);
      const before = parseZxidHex(after as string);
      const isWhole = adler32(Buffer.from(text as string)).toString(16) === checksum;
      if (isWhole && zxid !== undefined && before !== undefined) this.predecessors.set(zxid, before);
    }
    if (bytes.length > tidyBytes) this.tidy();
  }

  /** The transaction before the first one of the file that is named after `file`; undefined when nobody wrote it down. */
  before(file: Zxid): Zxid | undefined {
    return this.predecessors.get(file);
  }

  /** Durable once `done` is called without an error. One at a time. */
  write(file: Zxid, before: Zxid, done: (error: DiskError | undefined) => void): void {
    let isNew: boolean;
    try {
      isNew = this.file === undefined && !this.disk.exists(this.path);
      this.file ??= this.disk.open(this.path, isNew ? 'create' : 'write');
    } catch (error) {
      done(diskError(error));
      return;
    }
    const open = this.file;
    // A line that a crash left in the middle ends here.
    const line = Buffer.from(`\n${lineOf(file, before)}`);
    open.write([line], this.position, (error) => {
      if (error !== undefined) {
        done(error);
        return;
      }
      this.position += line.length;
      this.predecessors.set(file, before);
      open.sync((failed) => {
        if (failed === undefined && isNew) this.disk.syncDirAsync(this.dir, done);
        else done(failed);
      });
    });
  }

  close(): void {
    this.file?.close();
    this.file = undefined;
  }

  private tidy(): void {
    let text = '';
    for (const [file, before] of this.predecessors) {
      if (this.disk.exists(join(this.dir, logName(file)))) text += lineOf(file, before);
      else this.predecessors.delete(file);
    }
    replaceFile(this.disk, this.dir, LOG_ORDER, text);
    this.position = text.length;
  }
}

function lineOf(file: Zxid, before: Zxid): string {
  const text = `${logName(file)} after ${zxidHex(before)}`;
  return `${text} ${adler32(Buffer.from(text)).toString(16)}\n`;
}
