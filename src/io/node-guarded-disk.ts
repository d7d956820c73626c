import type { DirectoryLock, Disk, DiskError, DiskFile, FileStat, OpenMode } from './disk.ts';
import type { NodeGuard } from './node-guard.ts';

/**
 * The disk of one peer among those of a process. When the peer is shut, wherever it stands, its operations under way
 * are left to finish without telling it. Only then are its files closed and its directories given up, for another
 * server that took them earlier could be written into.
 */
type Done = (error: DiskError | undefined) => void;

export class NodeGuardedDisk implements Disk {
  private readonly disk: Disk;
  private readonly guard: NodeGuard;
  private readonly locks = new Set<DirectoryLock>();
  private readonly files = new Set<DiskFile>();
  private underWay = 0;

  constructor(disk: Disk, guard: NodeGuard) {
    this.disk = disk;
    this.guard = guard;
  }

  list(dir: string): string[] {
    return this.disk.list(dir);
  }

  exists(path: string): boolean {
    return this.disk.exists(path);
  }

  stat(path: string): FileStat {
    return this.disk.stat(path);
  }

  makeDir(dir: string): void {
    this.disk.makeDir(dir);
  }

  readSmall(path: string): Buffer {
    return this.disk.readSmall(path);
  }

  open(path: string, mode: OpenMode): DiskFile {
    const file = this.disk.open(path, mode);
    this.files.add(file);
    return new GuardedFile(file, this);
  }

  rename(from: string, to: string): void {
    this.disk.rename(from, to);
  }

  unlink(path: string): void {
    this.disk.unlink(path);
  }

  syncDir(dir: string): void {
    this.disk.syncDir(dir);
  }

  syncDirAsync(dir: string, done: Done): void {
    this.disk.syncDirAsync(dir, this.begun(done));
  }

  freeBytes(dir: string): number {
    return this.disk.freeBytes(dir);
  }

  lock(dir: string): DirectoryLock | undefined {
    const lock = this.disk.lock(dir);
    if (lock === undefined) return undefined;
    this.locks.add(lock);
    return {
      release: () => {
        this.locks.delete(lock);
        lock.release();
      },
    };
  }

  /** After the guard was shut. */
  shut(): void {
    this.maybeGiveUp();
  }

  closed(file: DiskFile): void {
    this.files.delete(file);
  }

  begun(done: Done): Done {
    this.underWay++;
    return (error) => {
      this.underWay--;
      if (this.guard.isShut) this.maybeGiveUp();
      else done(error);
    };
  }

  private maybeGiveUp(): void {
    if (this.underWay > 0) return;
    for (const file of this.files) file.close();
    this.files.clear();
    for (const lock of this.locks) lock.release();
    this.locks.clear();
  }
}

class GuardedFile implements DiskFile {
  private readonly file: DiskFile;
  private readonly owner: NodeGuardedDisk;

  constructor(file: DiskFile, owner: NodeGuardedDisk) {
    this.file = file;
    this.owner = owner;
  }

  size(): number {
    return this.file.size();
  }

  readAt(target: Buffer, offset: number): number {
    return this.file.readAt(target, offset);
  }

  writeAt(data: Buffer, offset: number): void {
    this.file.writeAt(data, offset);
  }

  truncate(size: number): void {
    this.file.truncate(size);
  }

  syncNow(): void {
    this.file.syncNow();
  }

  write(chunks: readonly Buffer[], offset: number, done: Done): void {
    this.file.write(chunks, offset, this.owner.begun(done));
  }

  sync(done: Done): void {
    this.file.sync(this.owner.begun(done));
  }

  close(): void {
    this.owner.closed(this.file);
    this.file.close();
  }
}
