import * as fs from 'node:fs';
import { Socket } from 'node:net';

/**
 * The place where the lines of the log leave the process: standard output, or a file that can be reopened. Nothing at
 * the other end holds up the server: a pipe that no one reads, a stopped terminal, a full disk, a reader that is gone.
 * Lines wait for it up to a limit, are dropped beyond that, and the next line that gets through says how many.
 *
 * Writing is not left to libuv's threads. A write that blocks there takes a thread from the transaction log, and the
 * exit of the process waits for the thread. So the descriptor does not block, and the write is made on the loop once a
 * turn; into a file it is a copy into the page cache.
 */
export interface LogOutputOptions {
  /** Bytes that wait at most. */
  readonly backlogBytes?: number;
  /** The line about those that were dropped, with its newline. */
  readonly droppedLine: (lines: number) => string;
}

export const LOG_BACKLOG_BYTES = 1 << 20;
const FULL_RETRY_MS = 50;
const FAILED_RETRY_MS = 1000;
const EXIT_POLL_MS = 10;

export class LogOutput {
  private readonly options: LogOutputOptions;
  private readonly path: string | undefined;
  private fd: number;
  private waiting: string[] = [];
  private waitingBytes = 0;
  /** The rest of the lines that the last write did not take. */
  private rest: Buffer = Buffer.alloc(0);
  private dropped = 0;
  private scheduled = false;
  private retry: NodeJS.Timeout | undefined = undefined;

  /** `target`: a file's path, or an open descriptor. Throws what `open` throws. */
  constructor(target: string | number, options: LogOutputOptions) {
    this.options = options;
    this.path = typeof target === 'string' ? target : undefined;
    this.fd = typeof target === 'string' ? openFile(target) : notBlocking(target);
  }

  /** One or more whole lines. */
  write(lines: string): void {
    const bytes = Buffer.byteLength(lines);
    if (this.waitingBytes + bytes > (this.options.backlogBytes ?? LOG_BACKLOG_BYTES)) {
      this.dropped++;
      return;
    }
    this.waiting.push(lines);
    this.waitingBytes += bytes;
    if (this.scheduled || this.retry !== undefined) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** False when this output has no file of its own. Throws what `open` throws, and goes on with the old file then. */
  reopen(): boolean {
    if (this.path === undefined) return false;
    const fd = openFile(this.path);
    this.flush();
    fs.closeSync(this.fd);
    this.fd = fd;
    this.flush();
    return true;
  }

  /** Before the process ends: writes on while the other side takes it, but no longer than `limitMs`. */
  flushWithin(limitMs: number): void {
    const untilMs = performance.now() + limitMs;
    while (this.flush() === 'full' && performance.now() < untilMs) sleep(EXIT_POLL_MS);
  }

  private flush(): 'done' | 'full' | 'failed' {
    clearTimeout(this.retry);
    this.retry = undefined;
    for (;;) {
      const bytes = this.take();
      if (bytes.length === 0) return 'done';
      try {
        const written = fs.writeSync(this.fd, bytes);
        this.rest = bytes.subarray(written);
        this.waitingBytes -= written;
      } catch (error) {
        this.rest = bytes;
        const isFull = (error as NodeJS.ErrnoException).code === 'EAGAIN';
        this.retry = setTimeout(() => this.flush(), isFull ? FULL_RETRY_MS : FAILED_RETRY_MS);
        this.retry.unref();
        return isFull ? 'full' : 'failed';
      }
    }
  }

  private take(): Buffer {
    if (this.rest.length > 0) return this.rest;
    if (this.dropped > 0 && this.waiting.length === 0) {
      const line = this.options.droppedLine(this.dropped);
      this.dropped = 0;
      this.waiting.push(line);
      this.waitingBytes += Buffer.byteLength(line);
    }
    const lines = this.waiting;
    this.waiting = [];
    return Buffer.from(lines.join(''));
  }
}

function openFile(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = fs.constants;
  return fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | (O_NONBLOCK ?? 0), 0o640);
}

/** Keep their descriptors from being closed. */
const held: Socket[] = [];

/**
 * The same pipe or terminal by a new file description. Whether it blocks is a property of the description, which is
 * shared with those who started this process. A socket cannot be opened again, and a pipe of another user may not be;
 * libuv switches those over. A file keeps its description, whose offset is shared as well.
 */
function notBlocking(fd: number): number {
  const kind = fs.fstatSync(fd);
  if (process.platform === 'linux' && (kind.isFIFO() || kind.isCharacterDevice())) {
    try {
      const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
      return fs.openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    } catch {
      if (!kind.isFIFO()) return fd;
    }
  }
  if (kind.isSocket() || kind.isFIFO()) held.push(new Socket({ fd, readable: false, writable: true }));
  return fd;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
