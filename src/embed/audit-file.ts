import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/**
 * The file of the audit log, which turns over by its size. Lines wait in memory and are written behind the loop's back, one
 * write at a time and in their order. So a disk that hangs holds nobody up. The lines that wait have a limit: those beyond
 * it are lost and counted, and the file says how many are missing at the place where they were. To hold the changes back
 * instead would give everyone who can fill this disk the power to stop the ensemble.
 */
export interface AuditFileOptions {
  readonly path: string;
  /** The file does not grow beyond this, unless one line does. */
  readonly limitBytes: number;
  /** Older ones that are kept: `<path>.1` is the newest of them. */
  readonly retain: number;
}

/** Some seconds of all that the clients of one server can change. */
export const AUDIT_BACKLOG_BYTES = 64 << 20;
const WRITE_BYTES = 256 << 10;
const RETRY_MS = 1000;
/** A disk that hangs must not keep a peer from being restarted. */
const CLOSE_LIMIT_MS = 2000;

const openAside = promisify(fs.open);
const writeAside = promisify(fs.write);
const statAside = promisify(fs.fstat);
const closeAside = promisify(fs.close);

export class AuditFile {
  /** Lines that were never written. */
  lost = 0;
  private readonly options: AuditFileOptions;
  private readonly log: Log;
  private readonly closeLimitMs: number;
  private fd: number;
  private size: number;
  private waiting: string[] = [];
  /** Taken from those that wait, and not written yet. */
  private chunk: Buffer = NOTHING;
  private waitingBytes = 0;
  private unsaid = 0;
  private isClosing = false;
  private hasFailed = false;
  private writing: Promise<void> | undefined = undefined;
  private reopening: Reopening | undefined = undefined;
  private wake: () => void = () => {};

  /** Throws what `open` throws. */
  constructor(options: AuditFileOptions, log: Log, closeLimitMs = CLOSE_LIMIT_MS) {
    this.options = options;
    this.log = log;
    this.closeLimitMs = closeLimitMs;
    this.fd = fs.openSync(options.path, 'a+', MODE);
    this.size = fs.fstatSync(this.fd).size;
    if (this.size > 0 && !endsWithLine(this.fd, this.size)) this.chunk = Buffer.from('\n');
    this.waitingBytes = this.chunk.length;
  }

  /** One line, without its end. */
  write(line: string): void {
    if (this.isClosing || this.waitingBytes + sizeOf(line) > AUDIT_BACKLOG_BYTES) {
      this.lost++;
      this.unsaid++;
      return;
    }
    this.sayLost();
    this.keep(line);
    this.writing ??= new Promise<void>((begin) => setImmediate(begin)).then(() => this.writeAll());
  }

  /**
   * Opens the path anew, which is another file when somebody has moved the first one away. Lines of before go into the old
   * one if its disk takes them. Rejected with what `open` says; the old file stays then.
   */
  reopen(): Promise<void> {
    if (this.isClosing) return Promise.resolve();
    this.reopening ??= reopeningBehind(this.waiting.length);
    const { done } = this.reopening;
    this.writing ??= this.writeAll();
    this.wake();
    return done;
  }

  /** Writes what waits, if the disk takes it in time. */
  async close(): Promise<void> {
    if (this.isClosing) return;
    this.sayLost();
    this.isClosing = true;
    this.wake();
    const closed = (this.writing ?? this.writeAll()).then(() => closeAside(this.fd)).catch(this.onFault);
    const limit = limitOf(this.closeLimitMs);
    await Promise.race([closed, limit.passed]);
    limit.cancel();
    // As well where the disk hangs: nothing follows when it comes back.
    this.lost += this.waiting.length + linesIn(this.chunk);
    if (this.waiting.length > 0 || this.chunk.length > 0) {
      const fields = { path: this.options.path, lost: this.lost };
      this.log.error(fields, 'the audit log is closed, and lines that waited are lost');
    }
    this.waiting = [];
    this.chunk = NOTHING;
    this.reopening?.resolve();
  }

  /** Until nothing waits. */
  private async writeAll(): Promise<void> {
    while (this.hasWork()) {
      try {
        await this.writeSome();
      } catch (error) {
        this.onFault(error);
        if (this.isClosing) break;
        // The file that is opened may lie elsewhere.
        if (this.reopening !== undefined) this.reopening.linesBefore = 0;
        else await this.rest();
      }
    }
    this.writing = undefined;
  }

  private hasWork(): boolean {
    if (this.waiting.length === 0) this.sayLost();
    return this.chunk.length > 0 || this.waiting.length > 0 || this.reopening !== undefined;
  }

  private readonly onFault = (error: unknown): void => {
    if (!this.hasFailed) {
      const fields = { path: this.options.path, reason: messageOf(error) };
      this.log.error(fields, 'the audit log cannot be written; lines wait, and are lost when they become too many');
    }
    this.hasFailed = true;
  };

  private async writeSome(): Promise<void> {
    const { reopening } = this;
    if (reopening !== undefined && reopening.linesBefore === 0 && (this.chunk.length === 0 || this.hasFailed)) {
      this.reopening = undefined;
      await this.openAnew().then(reopening.resolve, reopening.reject);
      return;
    }
    if (this.chunk.length === 0 && !(await this.takeLines())) return;
    const { bytesWritten } = await writeAside(this.fd, this.chunk);
    this.size += bytesWritten;
    this.waitingBytes -= Math.min(bytesWritten, this.waitingBytes);
    this.chunk = this.chunk.subarray(bytesWritten);
    if (this.hasFailed) this.log.info({ path: this.options.path, lost: this.lost }, 'the audit log is written again');
    this.hasFailed = false;
  }

  /** As many whole lines as fit into the file, one at least into an empty one. False: the file turned over instead, for the next line does not fit into it. */
  private async takeLines(): Promise<boolean> {
    const room = this.options.limitBytes - this.size;
    const most = this.reopening?.linesBefore ?? this.waiting.length;
    let bytes = 0;
    let count = 0;
    for (; count < most && bytes < WRITE_BYTES; count++) {
      const size = sizeOf(this.waiting[count] as string);
      if (bytes + size > room && (count > 0 || this.size > 0)) break;
      bytes += size;
    }
    if (count === 0) {
      await this.turnOver();
      return false;
    }
    this.chunk = Buffer.from(`${this.waiting.splice(0, count).join('\n')}\n`);
    if (this.reopening !== undefined) this.reopening.linesBefore -= count;
    return true;
  }

  private async turnOver(): Promise<void> {
    const { path, retain } = this.options;
    // It is gone when somebody has moved it, or when the next one could not be opened the last time.
    if (await isThere(path)) {
      for (let i = retain - 1; i >= 1; i--) {
        if (await isThere(`${path}.${i}`)) await fs.promises.rename(`${path}.${i}`, `${path}.${i + 1}`);
      }
      await fs.promises.rename(path, `${path}.1`);
    }
    await this.openAnew();
  }

  private async openAnew(): Promise<void> {
    const fd = await openAside(this.options.path, 'a', MODE);
    const old = this.fd;
    this.fd = fd;
    this.size = (await statAside(fd)).size;
    await closeAside(old);
  }

  /** Until it is worth another try. */
  private rest(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, RETRY_MS);
      timer.unref();
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  /** Where the lines were, between those before and those behind them. */
  private sayLost(): void {
    if (this.unsaid === 0 || this.isClosing) return;
    this.keep(`${new Date().toISOString()} ERROR audit: ${this.unsaid} lines were lost here`);
    this.unsaid = 0;
  }

  private keep(line: string): void {
    this.waiting.push(line);
    this.waitingBytes += sizeOf(line);
  }
}

interface Reopening {
  /** The number of waiting lines that belong into the old file. */
  linesBefore: number;
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function reopeningBehind(linesBefore: number): Reopening {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const done = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { linesBefore, done, resolve, reject };
}

const MODE = 0o640;
const NOTHING = Buffer.alloc(0);

function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}

function linesIn(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf('\n'); at !== -1; at = chunk.indexOf('\n', at + 1)) lines++;
  return lines;
}

function isThere(path: string): Promise<boolean> {
  return fs.promises.access(path).then(
    () => true,
    () => false,
  );
}

function limitOf(ms: number): { passed: Promise<void>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((done) => {
    timer = setTimeout(done, ms);
  });
  return { passed, cancel: () => clearTimeout(timer) };
}

/** A full disk or a crash may have cut the last line off; the next one is not to be glued to it. */
function endsWithLine(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  fs.readSync(fd, last, 0, 1, size - 1);
  return last.toString() === '\n';
}
