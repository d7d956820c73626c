import * as fs from 'node:fs';
import { dirname } from 'node:path';
import {
  type DirectoryLock,
  type Disk,
  DiskError,
  type DiskFile,
  diskError,
  type FileStat,
  type OpenMode,
} from './disk.ts';
import { lockDirectory } from './node-lock.ts';
import { closeDescriptor, openDescriptor } from './node-spare-descriptors.ts';

/**
 * The disk on node:fs. Calls that return a value block the loop; those with `done` go through libuv's thread pool.
 *
 * Of the pool's four threads the log never waits for one. It has one operation in flight at most: a write, a sync, or
 * that of its note (txnlog/log-writer.ts). A snapshot has one more (txnlog/snapshot-writer.ts). Name lookups can hang
 * for as long as a resolver pleases; libuv itself confines them to half of the threads (uv__work_type
 * UV__WORK_SLOW_IO). That makes 1 + 1 + 2 = 4. Any other use of the pool while clients wait breaks this sum. So does
 * UV_THREADPOOL_SIZE below 4, about which `threadPoolWarning` has a line for the log.
 */
export interface NodeDiskOptions {
  /** The receiver of an exception of a `done`: it is a bug of the peer that passed it. */
  readonly onThrow: (error: unknown) => void;
}

type Done = (error: DiskError | undefined) => void;

export class NodeDisk implements Disk {
  private readonly onThrow: (error: unknown) => void;

  constructor(options: NodeDiskOptions) {
    this.onThrow = options.onThrow;
  }

  list(dir: string): string[] {
    return attempt(dir, () => fs.readdirSync(dir)).sort();
  }

  exists(path: string): boolean {
    try {
      return attempt(path, () => fs.statSync(path, { throwIfNoEntry: false })) !== undefined;
    } catch (error) {
      // Below a file there is nothing, which is as certain as a missing entry.
      if (diskError(error).code === 'ENOTDIR') return false;
      throw error;
    }
  }

  stat(path: string): FileStat {
    const stat = attempt(path, () => fs.statSync(path));
    return { bytes: stat.size, mtimeMs: Math.floor(stat.mtimeMs) };
  }

  makeDir(dir: string): void {
    const created = attempt(dir, () => fs.mkdirSync(dir, { recursive: true }));
    if (created === undefined) return;
    // Every directory that got an entry: from the parent of the topmost one made, down to that of `dir`.
    for (let made = dir; ; made = dirname(made)) {
      this.syncDir(dirname(made));
      if (made === created || made === dirname(made)) return;
    }
  }

  readSmall(path: string): Buffer {
    return attempt(path, () => fs.readFileSync(path));
  }

  open(path: string, mode: OpenMode): DiskFile {
    const fd = attempt(path, () => (mode === 'read' ? fs.openSync : openDescriptor)(path, FLAGS[mode], 0o640));
    return new NodeDiskFile(fd, path, this.onThrow, mode === 'writeThrough' && !HAS_WRITE_THROUGH);
  }

  rename(from: string, to: string): void {
    attempt(from, () => fs.renameSync(from, to));
  }

  /** The space of a large file takes a while to give back: that waits for its last descriptor, closed beside the loop. */
  unlink(path: string): void {
    const fd = this.descriptorOf(path);
    try {
      attempt(path, () => fs.unlinkSync(path));
    } finally {
      if (fd !== undefined) fs.close(fd, () => {});
    }
  }

  /** undefined where there is none to be had: then unlinking may take a while. */
  private descriptorOf(path: string): number | undefined {
    try {
      return fs.openSync(path, 'r');
    } catch {
      return undefined;
    }
  }

  syncDir(dir: string): void {
    const fd = openDir(dir);
    if (fd === undefined) return;
    try {
      attempt(dir, () => fs.fsyncSync(fd));
    } finally {
      closeDescriptor(fd);
    }
  }

  syncDirAsync(dir: string, done: Done): void {
    let fd: number | undefined;
    try {
      fd = openDir(dir);
    } catch (error) {
      const failure = diskError(error);
      process.nextTick(() => this.finish(done, failure));
      return;
    }
    if (fd === undefined) {
      process.nextTick(() => this.finish(done, undefined));
      return;
    }
    const opened = fd;
    fs.fsync(opened, (error) => {
      closeDescriptor(opened);
      this.finish(done, error === null ? undefined : toDiskError(error, dir));
    });
  }

  freeBytes(dir: string): number {
    const stat = attempt(dir, () => fs.statfsSync(dir));
    return stat.bavail * stat.bsize;
  }

  lock(dir: string): DirectoryLock | undefined {
    return attempt(dir, () => {
      fs.accessSync(dir, fs.constants.W_OK | fs.constants.X_OK);
      return lockDirectory(dir);
    });
  }

  private finish(done: Done, error: DiskError | undefined): void {
    try {
      done(error);
    } catch (thrown) {
      this.onThrow(thrown);
    }
  }
}

class NodeDiskFile implements DiskFile {
  private readonly fd: number;
  private readonly path: string;
  private readonly onThrow: (error: unknown) => void;
  private readonly syncsWrites: boolean;

  /** `syncsWrites`: it is written through, and the system does not do that for us. */
  constructor(fd: number, path: string, onThrow: (error: unknown) => void, syncsWrites: boolean) {
    this.fd = fd;
    this.path = path;
    this.onThrow = onThrow;
    this.syncsWrites = syncsWrites;
  }

  size(): number {
    return attempt(this.path, () => fs.fstatSync(this.fd).size);
  }

  readAt(target: Buffer, offset: number): number {
    return attempt(this.path, () => {
      let filled = 0;
      while (filled < target.length) {
        const got = fs.readSync(this.fd, target, filled, target.length - filled, offset + filled);
        if (got === 0) break;
        filled += got;
      }
      return filled;
    });
  }

  writeAt(data: Buffer, offset: number): void {
    attempt(this.path, () => {
      for (let at = 0; at < data.length; ) {
        at += fs.writeSync(this.fd, data, at, data.length - at, offset + at);
      }
    });
  }

  truncate(size: number): void {
    attempt(this.path, () => fs.ftruncateSync(this.fd, size));
  }

  syncNow(): void {
    attempt(this.path, () => fs.fsyncSync(this.fd));
  }

  write(chunks: readonly Buffer[], offset: number, done: Done): void {
    const onWritten = (
      error: NodeJS.ErrnoException | null,
      written: number,
      buffers: NodeJS.ArrayBufferView[],
    ): void => {
      if (error !== null) {
        this.finish(done, toDiskError(error, this.path));
        return;
      }
      const rest = withoutFirst(buffers as Buffer[], written);
      // Nothing written and something left: the disk took what it had room for before.
      if (rest.length > 0 && written === 0)
        this.finish(done, new DiskError('ENOSPC', this.path, `cannot write to ${this.path}`));
      else if (rest.length > 0) this.write(rest, offset + written, done);
      else if (this.syncsWrites) this.sync(done);
      else this.finish(done, undefined);
    };
    fs.writev(this.fd, chunks as Buffer[], offset, onWritten);
  }

  sync(done: Done): void {
    fs.fdatasync(this.fd, (error) => {
      this.finish(done, error === null ? undefined : toDiskError(error, this.path));
    });
  }

  close(): void {
    closeDescriptor(this.fd);
  }

  private finish(done: Done, error: DiskError | undefined): void {
    try {
      done(error);
    } catch (thrown) {
      this.onThrow(thrown);
    }
  }
}

/**
 * One trip through the thread pool instead of two; between those two the loop would first finish its turn. Linux syncs
 * the bytes written as fdatasync does. macOS leaves them in the drive's cache, where its fsync does not.
 */
const HAS_WRITE_THROUGH = process.platform === 'linux';

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
  writeThrough: fs.constants.O_RDWR | (HAS_WRITE_THROUGH ? fs.constants.O_DSYNC : 0),
};

/** The chunks that are left after `written` bytes; a short write ends somewhere inside a chunk. */
function withoutFirst(chunks: readonly Buffer[], written: number): Buffer[] {
  const rest: Buffer[] = [];
  let skip = written;
  for (const chunk of chunks) {
    if (skip < chunk.length) rest.push(skip > 0 ? chunk.subarray(skip) : chunk);
    skip = Math.max(0, skip - chunk.length);
  }
  return rest;
}

/** undefined where a directory cannot be opened, as on Windows, which keeps its entries by itself. */
function openDir(dir: string): number | undefined {
  try {
    return openDescriptor(dir, fs.constants.O_RDONLY, 0);
  } catch (error) {
    if (process.platform === 'win32') return undefined;
    throw toDiskError(error, dir);
  }
}

function attempt<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toDiskError(error, path);
  }
}

function toDiskError(error: unknown, path: string): DiskError {
  if (error instanceof DiskError) return error;
  if (!(error instanceof Error)) return new DiskError('EIO', path, String(error));
  return new DiskError((error as NodeJS.ErrnoException).code ?? 'EIO', path, error.message);
}

/** A line for the log when the pool is too small for what the header of this file promises. */
export function threadPoolWarning(configured: string | undefined): string | undefined {
  if (configured === undefined || Number(configured) >= 4) return undefined;
  return `UV_THREADPOOL_SIZE=${configured}: below 4, a slow name lookup or snapshot can hold up the transaction log`;
}
