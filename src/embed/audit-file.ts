import * as fs from 'node:fs';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/**
 * The file of the audit log, which turns over by its size. Lines are written once a turn, on the loop: that is a copy into
 * the page cache, and it keeps them in the order of the changes. A disk that does not take them holds no client up. They
 * wait up to a limit; beyond it they are counted, and the file says how many are missing where they are.
 */
export interface AuditFileOptions {
  readonly path: string;
  /** The file does not grow beyond this, unless one line does. */
  readonly limitBytes: number;
  /** Older ones that are kept: `<path>.1` is the newest of them. */
  readonly retain: number;
}

export const AUDIT_BACKLOG_BYTES = 4 << 20;
const RETRY_MS = 1000;

export class AuditFile {
  /** Lines that were never written. */
  lost = 0;
  private readonly options: AuditFileOptions;
  private readonly log: Log;
  private fd: number;
  private size: number;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private unsaid = 0;
  private isScheduled = false;
  private retry: NodeJS.Timeout | undefined = undefined;
  private hasFailed = false;

  /** Throws what `open` throws. */
  constructor(options: AuditFileOptions, log: Log) {
    this.options = options;
    this.log = log;
    this.fd = openFile(options.path);
    this.size = fs.fstatSync(this.fd).size;
    if (this.size > 0 && !endsWithLine(this.fd, this.size)) this.keep(Buffer.from('\n'));
  }

  /** One line, without its end. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    // Many lines in one turn are no fault of the disk: a client could hide behind them what it does.
    if (this.waitingBytes + bytes.length > AUDIT_BACKLOG_BYTES && !this.hasFailed && this.fd !== CLOSED) this.flush();
    if (this.waitingBytes + bytes.length > AUDIT_BACKLOG_BYTES) {
      this.lost++;
      this.unsaid++;
      return;
    }
    this.keep(bytes);
    if (this.isScheduled || this.retry !== undefined) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      if (this.fd !== CLOSED) this.flush();
    });
  }

  /** Opens the path anew, which is another file when somebody has moved the first one away. */
  reopen(): void {
    if (this.fd === CLOSED) return;
    // First: it may turn the file over, and then the path is another one.
    this.flush();
    const fd = openFile(this.options.path);
    fs.closeSync(this.fd);
    this.fd = fd;
    this.size = fs.fstatSync(fd).size;
  }

  /** Writes what waits, if the disk takes it. */
  close(): void {
    if (this.fd === CLOSED) return;
    this.flush();
    clearTimeout(this.retry);
    this.lost += this.waiting.length;
    if (this.waiting.length > 0) {
      this.log.error(
        { path: this.options.path, lost: this.lost },
        'the audit log is closed, and lines that waited are lost',
      );
    }
    fs.closeSync(this.fd);
    this.fd = CLOSED;
  }

  private flush(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    try {
      while (this.waiting.length > 0) this.writeSome();
      if (this.hasFailed) this.log.info({ path: this.options.path, lost: this.lost }, 'the audit log is written again');
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed) {
        const fields = { path: this.options.path, reason: messageOf(error) };
        this.log.error(fields, 'the audit log cannot be written; lines wait, and are lost when they become too many');
      }
      this.hasFailed = true;
      this.retry = setTimeout(() => this.flush(), RETRY_MS);
      this.retry.unref();
    }
  }

  /** As many whole lines as fit into the file, one at least into an empty one. */
  private writeSome(): void {
    const { limitBytes } = this.options;
    let bytes = 0;
    let count = 0;
    for (const line of this.waiting) {
      if (count > 0 && this.size + bytes + line.length > limitBytes) break;
      bytes += line.length;
      count++;
    }
    if (this.size > 0 && this.size + bytes > limitBytes) {
      this.turnOver();
      return;
    }
    const taken = Buffer.concat(this.waiting.slice(0, count));
    const written = fs.writeSync(this.fd, taken);
    this.size += written;
    this.waitingBytes -= written;
    this.waiting.splice(0, count, ...(written < taken.length ? [taken.subarray(written)] : []));
    if (this.unsaid > 0 && this.waiting.length === 0) this.sayLost();
  }

  private sayLost(): void {
    const bytes = Buffer.from(`${new Date().toISOString()} ERROR audit: ${this.unsaid} lines were lost here\n`);
    this.unsaid = 0;
    this.keep(bytes);
  }

  private keep(bytes: Buffer): void {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
  }

  private turnOver(): void {
    const { path, retain } = this.options;
    // It is gone when somebody has moved it, or when the next one could not be opened the last time.
    if (fs.existsSync(path)) {
      for (let i = retain - 1; i >= 1; i--) {
        if (fs.existsSync(`${path}.${i}`)) fs.renameSync(`${path}.${i}`, `${path}.${i + 1}`);
      }
      fs.renameSync(path, `${path}.1`);
    }
    const fd = openFile(path);
    fs.closeSync(this.fd);
    this.fd = fd;
    this.size = 0;
  }
}

const CLOSED = -1;

function openFile(path: string): number {
  return fs.openSync(path, 'a+', 0o640);
}

/** A full disk or a crash may have cut the last line off; the next one is not to be glued to it. */
function endsWithLine(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  fs.readSync(fd, last, 0, 1, size - 1);
  return last.toString() === '\n';
}
