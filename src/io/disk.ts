import { FatalError } from '../base/errors.ts';

/**
 * The disk, as recovery, the transaction log and the epoch files see it. Small and rare things are synchronous
 * (start-up, epochs, directories); only what runs while clients wait (appends, syncs, snapshot slices) calls back.
 *
 * Durability rules that an implementation keeps and the simulator exploits: bytes are durable after `sync` of
 * that file, or after the `write` that wrote them through; a create, rename or unlink is durable after `syncDir` of its directory; nothing else is.
 */
export interface Disk {
  /** Names in `dir`, sorted; throws DiskError ENOENT when there is no such directory. */
  list(dir: string): string[];
  /**
   * Throws DiskError when that cannot be told (EACCES, EIO, ELOOP). A file that is taken for missing is made anew, and
   * one that only cannot be read may hold an epoch, or half a change of history.
   */
  exists(path: string): boolean;
  /** Throws DiskError ENOENT when there is no such file. */
  stat(path: string): FileStat;
  /** Creates `dir` and its parents, and syncs each directory it created an entry in. */
  makeDir(dir: string): void;
  /** The whole file. Only for files known to be small (epochs, myid, configuration). */
  readSmall(path: string): Buffer;
  open(path: string, mode: OpenMode): DiskFile;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  syncDir(dir: string): void;
  /** The same beside the loop, for the directory entry of a new log file. */
  syncDirAsync(dir: string, done: (error: DiskError | undefined) => void): void;
  /** Bytes free for us on the file system of `dir`. */
  freeBytes(dir: string): number;
  /**
   * Takes the directory for this process; undefined when a live process, this one included, has it already.
   * Nothing is written to the directory in that case. The lock ends with `release` or with the process. Throws
   * DiskError EACCES when this process may not write there.
   */
  lock(dir: string): DirectoryLock | undefined;
}

/**
 * read: must exist. write: must exist. create: must not exist. writeThrough: must exist, and what `write` wrote is
 * durable when it is done: those bytes and no others, and the file's size.
 */
export type OpenMode = 'read' | 'write' | 'create' | 'writeThrough';

export interface FileStat {
  readonly bytes: number;
  /** When it was last written, whole milliseconds since 1970. */
  readonly mtimeMs: number;
}

export interface DirectoryLock {
  release(): void;
}

/** Offsets and lengths in bytes. One asynchronous operation at a time per file; the caller serialises. */
export interface DiskFile {
  size(): number;
  /** Fills `target` from `offset`; returns how many bytes there were (short at end of file). */
  readAt(target: Buffer, offset: number): number;
  writeAt(data: Buffer, offset: number): void;
  /** Cuts, or extends with zeros that take no space yet. */
  truncate(size: number): void;
  /** fsync, on the loop: only where nobody is being served yet. */
  syncNow(): void;
  /**
   * Writes the chunks one after another from `offset`; a short write is completed, never reported as done. Of a file
   * opened to be written through, an error is as that of a sync.
   */
  write(chunks: readonly Buffer[], offset: number, done: (error: DiskError | undefined) => void): void;
  /** fdatasync. A failed sync is never retried: the contents of the pages are unknown from then on. */
  sync(done: (error: DiskError | undefined) => void): void;
  close(): void;
}

/** `code` is the operating system's: ENOENT, EEXIST, ENOSPC, EIO, EACCES, ... */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: string;
  readonly path: string;

  constructor(code: string, path: string, message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** The end of a peer for a disk that failed; everything else stays what it is. */
export function fatalDiskError(caught: unknown, what: string, exitCode: number): unknown {
  if (!(caught instanceof DiskError)) return caught;
  return new FatalError(`${what}: ${caught.message}`, exitCode, { cause: caught });
}

/** The error that was caught, when it is the disk that failed. Any other error is thrown on. */
export function diskError(caught: unknown): DiskError {
  if (!(caught instanceof DiskError)) throw caught;
  return caught;
}
