import {
  type DirectoryLock,
  type Disk,
  DiskError,
  type DiskFile,
  type FileStat,
  type OpenMode,
} from '../../io/disk.ts';
import type { Gate } from './gate.ts';

/**
 * The disk of one peer, with the faults that are switched on. A peer ends at a sync that fails and at a disk that is full, as
 * it would in earnest. Slowness is in real time.
 */
export interface DiskFaults {
  /** Of every sync while clients wait, ms. */
  syncMs: number;
  syncFails: boolean;
  isFull: boolean;
}

type Done = (error: DiskError | undefined) => void;

export class SwitchedDisk implements Disk {
  private readonly disk: Disk;
  private readonly gate: Gate;
  private readonly faults: DiskFaults;
  /** Operations that are slow on purpose, each with the word that it is done. */
  private readonly delays = new Map<NodeJS.Timeout, Done>();
  private running = 0;

  constructor(disk: Disk, gate: Gate, faults: DiskFaults) {
    this.disk = disk;
    this.gate = gate;
    this.faults = faults;
  }

  /** Operations that are not finished, but for those that are slow on purpose. */
  get underWay(): number {
    return this.running;
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
    if (!this.disk.exists(dir)) this.checkRoom(dir);
    this.disk.makeDir(dir);
  }

  readSmall(path: string): Buffer {
    return this.disk.readSmall(path);
  }

  open(path: string, mode: OpenMode): DiskFile {
    if (mode === 'create') this.checkRoom(path);
    return new SwitchedFile(this.disk.open(path, mode), path, this, mode === 'writeThrough');
  }

  rename(from: string, to: string): void {
    this.disk.rename(from, to);
  }

  unlink(path: string): void {
    this.disk.unlink(path);
  }

  syncDir(dir: string): void {
    this.checkSync(dir);
    this.disk.syncDir(dir);
  }

  syncDirAsync(dir: string, done: Done): void {
    this.sync(dir, (finished) => this.disk.syncDirAsync(dir, finished), done);
  }

  freeBytes(dir: string): number {
    return this.faults.isFull ? 0 : this.disk.freeBytes(dir);
  }

  lock(dir: string): DirectoryLock | undefined {
    return this.disk.lock(dir);
  }

  /** Syncs that wait to be slow are over at once: their peer is no more. */
  shut(): void {
    for (const [delay, done] of this.delays) {
      clearTimeout(delay);
      done(undefined);
    }
    this.delays.clear();
  }

  // The members below are for SwitchedFile.

  checkRoom(path: string): void {
    if (this.faults.isFull) throw full(path);
  }

  checkSync(path: string): void {
    if (this.faults.syncFails) throw failed(path);
  }

  write(path: string, start: (done: Done) => void, done: Done): void {
    if (this.faults.isFull) setImmediate(() => this.gate.finish(() => done(full(path))));
    else start(this.begun(done));
  }

  /** A write and a sync in one. */
  writeThrough(path: string, start: (done: Done) => void, done: Done): void {
    if (this.faults.isFull) this.write(path, start, done);
    else this.sync(path, start, done);
  }

  sync(path: string, start: (done: Done) => void, done: Done): void {
    const { syncMs, syncFails } = this.faults;
    if (syncFails) {
      setImmediate(() => this.gate.finish(() => done(failed(path))));
      return;
    }
    if (syncMs === 0) {
      start(this.begun(done));
      return;
    }
    const delay = setTimeout(() => {
      this.delays.delete(delay);
      start(this.begun(done));
    }, syncMs);
    this.delays.set(delay, done);
  }

  private begun(done: Done): Done {
    this.running++;
    return (error) => {
      this.running--;
      this.gate.finish(() => done(error));
    };
  }
}

class SwitchedFile implements DiskFile {
  private readonly file: DiskFile;
  private readonly path: string;
  private readonly disk: SwitchedDisk;
  private readonly isThrough: boolean;

  constructor(file: DiskFile, path: string, disk: SwitchedDisk, isThrough: boolean) {
    this.file = file;
    this.path = path;
    this.disk = disk;
    this.isThrough = isThrough;
  }

  size(): number {
    return this.file.size();
  }

  readAt(target: Buffer, offset: number): number {
    return this.file.readAt(target, offset);
  }

  writeAt(data: Buffer, offset: number): void {
    this.disk.checkRoom(this.path);
    this.file.writeAt(data, offset);
  }

  truncate(size: number): void {
    this.file.truncate(size);
  }

  syncNow(): void {
    this.disk.checkSync(this.path);
    this.file.syncNow();
  }

  write(chunks: readonly Buffer[], offset: number, done: Done): void {
    const start = (finished: Done): void => this.file.write(chunks, offset, finished);
    if (this.isThrough) this.disk.writeThrough(this.path, start, done);
    else this.disk.write(this.path, start, done);
  }

  sync(done: Done): void {
    this.disk.sync(this.path, (finished) => this.file.sync(finished), done);
  }

  close(): void {
    this.file.close();
  }
}

function full(path: string): DiskError {
  return new DiskError('ENOSPC', path, `ENOSPC: no space left on device, ${path}`);
}

function failed(path: string): DiskError {
  return new DiskError('EIO', path, `EIO: i/o error, fsync ${path}`);
}
