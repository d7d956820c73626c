import {
  type DirectoryLock,
  type Disk,
  DiskError,
  type DiskFile,
  type FileStat,
  type OpenMode,
} from '../../io/disk.ts';

/**
 * A disk that is memory, for servers that are thrown away: the same calls in the same order as on a real one, so the same
 * code of log and snapshots runs. It outlives the peers that use it. A write is there at once; a sync only says so
 * later.
 */
class MemoryFile {
  bytes: Buffer = Buffer.alloc(0);
  size = 0;
  mtimeMs = Date.now();
}

type Done = (error: DiskError | undefined) => void;

export class MemoryDisk implements Disk {
  private readonly dirs = new Set<string>(['/']);
  private readonly files = new Map<string, MemoryFile>();
  private readonly locked = new Set<string>();

  list(dir: string): string[] {
    const at = plain(dir);
    if (!this.dirs.has(at)) throw failure('ENOENT', at);
    const prefix = at === '/' ? '/' : `${at}/`;
    const names = [...this.files.keys(), ...this.dirs]
      .filter((path) => path.startsWith(prefix) && path.length > prefix.length)
      .map((path) => path.slice(prefix.length))
      .filter((name) => !name.includes('/'));
    return names.sort();
  }

  exists(path: string): boolean {
    return this.files.has(plain(path)) || this.dirs.has(plain(path));
  }

  stat(path: string): FileStat {
    const { size, mtimeMs } = this.file(path);
    return { bytes: size, mtimeMs };
  }

  makeDir(dir: string): void {
    for (let at = plain(dir); !this.dirs.has(at); at = parentOf(at)) this.dirs.add(at);
  }

  readSmall(path: string): Buffer {
    const { bytes, size } = this.file(path);
    return Buffer.from(bytes.subarray(0, size));
  }

  open(path: string, mode: OpenMode): DiskFile {
    const at = plain(path);
    if (mode !== 'create') return new OpenFile(this.file(at));
    if (this.files.has(at)) throw failure('EEXIST', at);
    if (!this.dirs.has(parentOf(at))) throw failure('ENOENT', at);
    const file = new MemoryFile();
    this.files.set(at, file);
    return new OpenFile(file);
  }

  rename(from: string, to: string): void {
    const file = this.file(from);
    this.files.delete(plain(from));
    this.files.set(plain(to), file);
  }

  unlink(path: string): void {
    this.file(path);
    this.files.delete(plain(path));
  }

  syncDir(): void {}

  syncDirAsync(_dir: string, done: Done): void {
    setImmediate(done, undefined);
  }

  freeBytes(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  lock(dir: string): DirectoryLock | undefined {
    const at = plain(dir);
    if (this.locked.has(at)) return undefined;
    this.locked.add(at);
    return { release: () => this.locked.delete(at) };
  }

  /** Everything below `dir` is gone; the directory stays, empty. */
  wipe(dir: string): void {
    const prefix = `${plain(dir)}/`;
    for (const path of [...this.files.keys()]) if (path.startsWith(prefix)) this.files.delete(path);
    for (const path of [...this.dirs]) if (path.startsWith(prefix)) this.dirs.delete(path);
  }

  private file(path: string): MemoryFile {
    const file = this.files.get(plain(path));
    if (file === undefined) throw failure(this.dirs.has(plain(path)) ? 'EISDIR' : 'ENOENT', path);
    return file;
  }
}

class OpenFile implements DiskFile {
  private readonly file: MemoryFile;

  constructor(file: MemoryFile) {
    this.file = file;
  }

  size(): number {
    return this.file.size;
  }

  readAt(target: Buffer, offset: number): number {
    const { bytes, size } = this.file;
    const length = Math.max(0, Math.min(target.length, size - offset));
    const there = Math.max(0, Math.min(length, bytes.length - offset));
    bytes.copy(target, 0, offset, offset + there);
    target.fill(0, there, length);
    return length;
  }

  writeAt(data: Buffer, offset: number): void {
    const { file } = this;
    const end = offset + data.length;
    if (end > file.bytes.length) this.grow(end);
    data.copy(file.bytes, offset);
    file.size = Math.max(file.size, end);
    file.mtimeMs = Date.now();
  }

  /** The log is made longer far beyond its end: that takes no memory before it is written. */
  truncate(size: number): void {
    const { file } = this;
    if (size < file.bytes.length) file.bytes.fill(0, size);
    file.size = size;
    file.mtimeMs = Date.now();
  }

  syncNow(): void {}

  write(chunks: readonly Buffer[], offset: number, done: Done): void {
    let at = offset;
    for (const chunk of chunks) {
      this.writeAt(chunk, at);
      at += chunk.length;
    }
    setImmediate(done, undefined);
  }

  sync(done: Done): void {
    setImmediate(done, undefined);
  }

  close(): void {}

  private grow(bytes: number): void {
    const { file } = this;
    const grown = Buffer.alloc(Math.max(bytes, 2 * file.bytes.length, FIRST_BYTES));
    file.bytes.copy(grown);
    file.bytes = grown;
  }
}

const FIRST_BYTES = 4096;

/** Of Windows, too: what node:path makes of an absolute path there has a drive. */
function plain(path: string): string {
  const slashed = path.includes('\\') ? path.replace(/^[A-Za-z]:/, '').replaceAll('\\', '/') : path;
  return slashed.length > 1 && slashed.endsWith('/') ? slashed.slice(0, -1) : slashed;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function failure(code: string, path: string): DiskError {
  return new DiskError(code, path, `${code}: ${path}`);
}
