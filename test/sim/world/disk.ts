import type { Clock } from '../../../src/io/clock.ts';
import {
  type DirectoryLock,
  type Disk,
  DiskError,
  type DiskFile,
  type FileStat,
  type OpenMode,
} from '../../../src/io/disk.ts';
import type { Random } from '../../../src/io/random.ts';

/**
 * A disk that loses whatever src/io/disk.ts does not promise to keep. Two states of everything: the present one, which
 * processes see, and the durable one, which a power loss falls back to, sector by sector and entry by entry, as the
 * seeded chooser pleases:
 *
 *   bytes written and not synced   each sector is the durable one or any version written since
 *   size                           the durable one or any since
 *   create, rename, unlink         of those without a syncDir since: none, all, the first few, any, or all but one
 *
 * A sync of a file that fails leaves each of its unsynced sectors in one of three states, and calls all of them clean:
 * written after all, dropped (the durable one is read again), or kept in memory only, where every process reads it and
 * no later sync writes it. Writing it again does. That is what Linux does with pages it could not write back.
 *
 * A `SimDisk` outlives processes. Each process works through a `mount`, and dies with `kill` (what it wrote stays, as
 * a page cache does) or `powerLoss`; from then on every call through its mount throws `DeadProcess` and does nothing.
 * `onEffect` sees every change before and after it happens and may throw, which is how a test stops the world at an
 * exact place. Nothing here is random but through the chooser, and nothing takes time but through the clock.
 */
export const SECTOR_BYTES = 512;

export type EffectKind = 'create' | 'write' | 'truncate' | 'rename' | 'unlink' | 'sync' | 'syncDir' | 'makeDir';

export interface Effect {
  readonly kind: EffectKind;
  readonly path: string;
}

export interface SimDiskTiming {
  readonly writeMs: number;
  readonly syncMs: number;
  /** One sync in so many takes slowSyncMs instead; 0: none. */
  readonly slowSyncOneIn: number;
  readonly slowSyncMs: number;
}

/** No operation fails. */
export const SOUND = (): string | undefined => undefined;

const QUICK: SimDiskTiming = { writeMs: 0.02, syncMs: 0.5, slowSyncOneIn: 0, slowSyncMs: 0 };

/** The process that made this call is no more. */
export class DeadProcess extends Error {
  override readonly name = 'DeadProcess';
}

export class SimDisk {
  readonly random: Random;
  timing: SimDiskTiming;
  /** May throw: then the process is to be killed, and the effect happened ('after') or not ('before'). */
  onEffect: (effect: Effect, phase: 'before' | 'after') => void = () => {};
  /** The code an operation fails with; undefined: it succeeds. Asked once for each, reads included. */
  fault: (operation: EffectKind | 'read' | 'look', path: string) => string | undefined = SOUND;
  /** Syncs report success and keep nothing: for tests of tests. */
  syncsLie = false;
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Of files that hold snapshots; undefined: like all others. */
  snapshotWriteMs: number | undefined;
  /** Files that somebody else put there or changed. */
  readonly tampered = new Set<string>();
  private readonly dirs = new Map<string, Directory>([['/', new Directory()]]);
  private life = 0;
  private readonly locked = new Set<string>();
  private inFlight: InFlight[] = [];

  constructor(random: Random, timing: SimDiskTiming = QUICK) {
    this.random = random;
    this.timing = timing;
  }

  /** The disk as a process that starts now sees it. Only one process at a time. */
  mount(clock: Clock): Disk {
    return new MountedDisk(this, clock, this.life);
  }

  /** The process dies; the machine goes on. Of what it had handed to the system and not heard of, any part happened. */
  kill(): void {
    for (const operation of this.inFlight) operation.finishPartly(this.random);
    this.endLife();
  }

  /** The machine dies with it. */
  powerLoss(): void {
    for (const operation of this.inFlight) operation.finishPartly(this.random);
    this.endLife();
    const surviving = new Set<Inode>();
    for (const dir of this.dirs.values()) {
      dir.losePower(this.random);
      for (const inode of dir.entries.values()) surviving.add(inode);
    }
    for (const inode of surviving) inode.losePower(this.random);
  }

  /** Damage that no sync prevents: one bit of what is there. */
  flipBit(path: string, offset: number, bit: number): void {
    this.tampered.add(path);
    this.inodeAt(path).flipBit(offset, bit);
  }

  /** The present content, for looking at without a process. */
  read(path: string): Buffer {
    const inode = this.inodeAt(path);
    return inode.read(0, inode.size);
  }

  has(path: string): boolean {
    const { dir, name } = split(path);
    return this.dirs.get(dir)?.entries.has(name) === true;
  }

  /** Somebody removes a file, for good. */
  remove(path: string): void {
    const { dir, name } = split(path);
    const directory = this.directory(dir);
    directory.remove(name, this.inodeAt(path));
    directory.sync();
  }

  list(dir: string): string[] {
    return [...this.directory(dir).entries.keys()].sort();
  }

  /** Puts a durable file there, directory included: how a test brings a directory from elsewhere. */
  put(path: string, content: Buffer): void {
    const { dir, name } = split(path);
    this.tampered.add(path);
    this.makeDir(dir);
    const inode = new Inode();
    inode.write(content, 0);
    inode.sync();
    const directory = this.directory(dir);
    directory.set(name, inode);
    directory.sync();
  }

  /** Something fails, or is about to. */
  get isFailing(): boolean {
    return this.fault !== SOUND || this.capacityBytes !== Number.POSITIVE_INFINITY;
  }

  /** The tree below `dir` is not mounted until the answer is called; then files written there meanwhile are hidden. */
  unmount(dir: string): () => void {
    const away = [...this.dirs].filter(([path]) => path === dir || path.startsWith(`${dir}/`));
    this.wipe(dir);
    return () => {
      this.wipe(dir);
      for (const [path, directory] of away) this.dirs.set(path, directory);
    };
  }

  /** Another disk in its place. */
  wipe(dir: string): void {
    for (const path of [...this.dirs.keys()]) {
      if (path === dir || path.startsWith(`${dir}/`)) this.dirs.delete(path);
    }
  }

  /** A file in `dir` that a power loss could change. */
  unsyncedIn(dir: string, prefix: string): string | undefined {
    const directory = this.directory(dir);
    for (const [name, inode] of directory.entries) {
      if (name.startsWith(prefix) && !(inode.isDurable && directory.isDurable(name))) return name;
    }
    return undefined;
  }

  get usedBytes(): number {
    let sectors = 0;
    for (const dir of this.dirs.values()) for (const inode of dir.entries.values()) sectors += inode.sectorCount;
    return sectors * SECTOR_BYTES;
  }

  // The members below are for MountedDisk.

  isAlive(life: number): boolean {
    return life === this.life;
  }

  directory(path: string): Directory {
    const dir = this.dirs.get(path);
    if (dir === undefined) throw failure('ENOENT', path);
    return dir;
  }

  hasDirectory(path: string): boolean {
    return this.dirs.has(path);
  }

  makeDir(path: string): void {
    for (let dir = path; !this.dirs.has(dir); dir = split(dir).dir) this.dirs.set(dir, new Directory());
  }

  inodeAt(path: string): Inode {
    const { dir, name } = split(path);
    const inode = this.directory(dir).entries.get(name);
    if (inode === undefined) throw failure('ENOENT', path);
    return inode;
  }

  effect(kind: EffectKind, path: string, apply: () => void, onFault: () => void = () => {}): void {
    const code = this.fault(kind, path);
    if (code !== undefined) {
      onFault();
      throw failure(code, path);
    }
    this.onEffect({ kind, path }, 'before');
    apply();
    this.onEffect({ kind, path }, 'after');
  }

  /** Writes all of it, or what there is room for and fails. */
  writeTo(inode: Inode, path: string, data: Buffer, offset: number): void {
    const code = this.fault('write', path);
    if (code !== undefined) {
      inode.write(data.subarray(0, this.random.below(data.length + 1)), offset);
      throw failure(code, path);
    }
    const before = inode.sectorCount;
    this.effectOfWrite(inode, path, data, offset);
    if (inode.sectorCount > before && this.usedBytes > this.capacityBytes) throw failure('ENOSPC', path);
  }

  begin(operation: InFlight): void {
    this.inFlight.push(operation);
  }

  end(operation: InFlight): void {
    this.inFlight = this.inFlight.filter((other) => other !== operation);
  }

  writeMs(path: string): number {
    return path.includes('snapshot.') ? (this.snapshotWriteMs ?? this.timing.writeMs) : this.timing.writeMs;
  }

  syncMs(): number {
    const { syncMs, slowSyncOneIn, slowSyncMs } = this.timing;
    return slowSyncOneIn > 0 && this.random.below(slowSyncOneIn) === 0 ? slowSyncMs : syncMs;
  }

  takeLock(dir: string): DirectoryLock | undefined {
    if (this.locked.has(dir)) return undefined;
    this.locked.add(dir);
    const { life } = this;
    return {
      release: () => {
        if (this.isAlive(life)) this.locked.delete(dir);
      },
    };
  }

  private effectOfWrite(inode: Inode, path: string, data: Buffer, offset: number): void {
    this.onEffect({ kind: 'write', path }, 'before');
    inode.write(data, offset);
    this.onEffect({ kind: 'write', path }, 'after');
  }

  private endLife(): void {
    this.inFlight = [];
    this.locked.clear();
    this.life++;
  }
}

/** An operation the system was given and has not reported on. */
interface InFlight {
  finishPartly(random: Random): void;
}

const ZERO_SECTOR = Buffer.alloc(SECTOR_BYTES);

class Inode {
  size = 0;
  mtimeMs = 0;
  private durableSize = 0;
  private current = new Map<number, Buffer>();
  private durable = new Map<number, Buffer>();
  /** Versions of sectors since the last sync, oldest first. */
  private versions = new Map<number, Buffer[]>();
  private sizes: number[] = [];
  /** Sectors that count as clean and are not on the disk. */
  private readonly pretended = new Set<number>();

  get isDurable(): boolean {
    return this.versions.size === 0 && this.pretended.size === 0 && this.durableSize === this.size;
  }

  get sectorCount(): number {
    return this.current.size;
  }

  read(offset: number, length: number): Buffer {
    const end = Math.min(offset + length, this.size);
    const bytes = Buffer.alloc(Math.max(0, end - offset));
    for (let at = offset; at < end; ) {
      const sector = Math.floor(at / SECTOR_BYTES);
      const from = at - sector * SECTOR_BYTES;
      const upTo = Math.min(SECTOR_BYTES, from + end - at);
      this.current.get(sector)?.copy(bytes, at - offset, from, upTo);
      at += upTo - from;
    }
    return bytes;
  }

  write(data: Buffer, offset: number): void {
    for (let done = 0; done < data.length; ) {
      const at = offset + done;
      const sector = Math.floor(at / SECTOR_BYTES);
      const from = at - sector * SECTOR_BYTES;
      const part = data.subarray(done, done + SECTOR_BYTES - from);
      const fresh = Buffer.from(this.current.get(sector) ?? ZERO_SECTOR);
      part.copy(fresh, from);
      this.put(sector, fresh.equals(ZERO_SECTOR) ? ZERO_SECTOR : fresh);
      done += part.length;
    }
    if (offset + data.length > this.size) this.resize(offset + data.length);
  }

  truncate(size: number): void {
    if (size < this.size) {
      const cut = Math.floor(size / SECTOR_BYTES);
      for (const [sector, bytes] of [...this.current]) {
        if (sector < cut) continue;
        const kept = sector === cut ? size - cut * SECTOR_BYTES : 0;
        const fresh = Buffer.alloc(SECTOR_BYTES);
        bytes.copy(fresh, 0, 0, kept);
        this.put(sector, kept === 0 ? ZERO_SECTOR : fresh);
        if (kept === 0) this.current.delete(sector);
      }
    }
    this.resize(size);
  }

  sync(): void {
    for (const sector of this.versions.keys()) {
      const bytes = this.current.get(sector);
      if (bytes === undefined) this.durable.delete(sector);
      else this.durable.set(sector, bytes);
    }
    this.durableSize = this.size;
    this.versions.clear();
    this.sizes = [];
    for (const sector of this.pretended) this.forgetBeyondEnd(sector);
  }

  /** Of what was written only this; the size is one number. */
  syncRange(offset: number, length: number): void {
    const end = offset + length;
    for (const sector of [...this.versions.keys()]) {
      if (sector * SECTOR_BYTES >= end || (sector + 1) * SECTOR_BYTES <= offset) continue;
      this.durable.set(sector, this.current.get(sector) ?? ZERO_SECTOR);
      this.versions.delete(sector);
    }
    this.durableSize = this.size;
    this.sizes = [];
  }

  /** The size that a file was cut to counts: nothing beyond it comes back, whether its zeros were written or not. */
  private forgetBeyondEnd(sector: number): void {
    const kept = Math.max(0, Math.min(SECTOR_BYTES, this.size - sector * SECTOR_BYTES));
    const current = this.current.get(sector) ?? ZERO_SECTOR;
    const durable = this.durable.get(sector) ?? ZERO_SECTOR;
    if (!current.subarray(0, kept).equals(durable.subarray(0, kept))) return;
    this.pretended.delete(sector);
    if (kept === 0) this.durable.delete(sector);
    else this.durable.set(sector, current);
  }

  /** The size is not data: it is written with the next sync. */
  syncFails(random: Random): void {
    const mood = random.below(4);
    for (const sector of this.versions.keys()) {
      const fate = mood < 3 ? mood : random.below(3);
      const durable = this.durable.get(sector);
      if (fate === 0) this.durable.set(sector, this.current.get(sector) ?? ZERO_SECTOR);
      else if (fate === 1 && !(this.current.get(sector) ?? ZERO_SECTOR).equals(durable ?? ZERO_SECTOR))
        this.pretended.add(sector);
      else if (durable === undefined) this.current.delete(sector);
      else this.current.set(sector, durable);
    }
    this.versions.clear();
  }

  losePower(random: Random): void {
    this.pretended.clear();
    const mood = moodOf(random);
    const spared = random.below(this.versions.size + 1);
    let index = 0;
    const pick = <T>(durable: T, versions: readonly T[]): T => {
      const newest = versions.at(-1) ?? durable;
      if (mood === 'none') return durable;
      if (mood === 'all') return newest;
      if (mood === 'all but one') return index++ === spared ? durable : newest;
      const chosen = random.below(versions.length + 1);
      return chosen === 0 ? durable : (versions[chosen - 1] as T);
    };
    for (const [sector, versions] of this.versions) {
      this.durable.set(sector, pick(this.durable.get(sector) ?? ZERO_SECTOR, versions));
    }
    this.size = pick(this.durableSize, this.sizes);
    this.durableSize = this.size;
    this.current = new Map(this.durable);
    this.versions.clear();
    this.sizes = [];
    // Bytes beyond the end read as zeros if the file grows again.
    this.truncateExactly(this.size);
  }

  flipBit(offset: number, bit: number): void {
    const sector = Math.floor(offset / SECTOR_BYTES);
    for (const sectors of [this.current, this.durable]) {
      const bytes = Buffer.from(sectors.get(sector) ?? ZERO_SECTOR);
      bytes[offset % SECTOR_BYTES] = (bytes[offset % SECTOR_BYTES] as number) ^ (1 << bit);
      sectors.set(sector, bytes);
    }
  }

  private truncateExactly(size: number): void {
    const cut = Math.floor(size / SECTOR_BYTES);
    for (const [sector, bytes] of [...this.durable]) {
      if (sector < cut || (sector + 1) * SECTOR_BYTES <= size) continue;
      const kept = Math.max(0, size - sector * SECTOR_BYTES);
      const fresh = Buffer.alloc(SECTOR_BYTES);
      bytes.copy(fresh, 0, 0, kept);
      for (const sectors of [this.durable, this.current]) {
        if (kept === 0) sectors.delete(sector);
        else sectors.set(sector, fresh);
      }
    }
  }

  private put(sector: number, bytes: Buffer): void {
    this.current.set(sector, bytes);
    this.pretended.delete(sector);
    const versions = this.versions.get(sector);
    if (versions === undefined) this.versions.set(sector, [bytes]);
    else versions.push(bytes);
  }

  private resize(size: number): void {
    this.size = size;
    this.sizes.push(size);
  }
}

/**
 * The part of the unsynced that outlasts a power loss. Losing a single thing finds what relies on an order that nobody
 * promised.
 */
const MOODS = ['none', 'all', 'the first', 'any', 'all but one'] as const;

function moodOf(random: Random): (typeof MOODS)[number] {
  return MOODS[random.below(MOODS.length)] as (typeof MOODS)[number];
}

type EntryChange =
  | { readonly kind: 'set' | 'remove'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string; readonly inode: Inode };

class Directory {
  entries = new Map<string, Inode>();
  private durable = new Map<string, Inode>();
  private changes: EntryChange[] = [];

  set(name: string, inode: Inode): void {
    this.change({ kind: 'set', name, inode });
  }

  isDurable(name: string): boolean {
    return this.entries.get(name) === this.durable.get(name);
  }

  remove(name: string, inode: Inode): void {
    this.change({ kind: 'remove', name, inode });
  }

  rename(name: string, to: string, inode: Inode): void {
    this.change({ kind: 'rename', name, to, inode });
  }

  sync(): void {
    this.durable = new Map(this.entries);
    this.changes = [];
  }

  losePower(random: Random): void {
    const mood = moodOf(random);
    const chosen = random.below(this.changes.length + 1);
    this.changes.forEach((change, index) => {
      const survives =
        mood === 'all' ||
        (mood === 'the first' && index < chosen) ||
        (mood === 'all but one' && index !== chosen) ||
        (mood === 'any' && random.below(2) === 0);
      if (survives) apply(this.durable, change);
    });
    this.entries = new Map(this.durable);
    this.changes = [];
  }

  private change(change: EntryChange): void {
    apply(this.entries, change);
    this.changes.push(change);
  }
}

/** On the durable entries a change may find that one before it was lost: then it does nothing either. */
function apply(entries: Map<string, Inode>, change: EntryChange): void {
  if (change.kind === 'set') {
    entries.set(change.name, change.inode);
    return;
  }
  if (entries.get(change.name) !== change.inode) return;
  entries.delete(change.name);
  if (change.kind === 'rename') entries.set(change.to, change.inode);
}

class MountedDisk implements Disk {
  private readonly disk: SimDisk;
  private readonly clock: Clock;
  private readonly life: number;

  constructor(disk: SimDisk, clock: Clock, life: number) {
    this.disk = disk;
    this.clock = clock;
    this.life = life;
  }

  list(dir: string): string[] {
    this.check('read', dir);
    return this.disk.list(dir);
  }

  exists(path: string): boolean {
    this.check('look', path);
    if (this.disk.hasDirectory(path)) return true;
    const { dir, name } = split(path);
    return this.disk.hasDirectory(dir) && this.disk.directory(dir).entries.has(name);
  }

  stat(path: string): FileStat {
    this.check('read', path);
    const inode = this.disk.inodeAt(path);
    return { bytes: inode.size, mtimeMs: inode.mtimeMs };
  }

  makeDir(dir: string): void {
    this.check();
    if (!this.disk.hasDirectory(dir)) this.disk.effect('makeDir', dir, () => this.disk.makeDir(dir));
  }

  readSmall(path: string): Buffer {
    this.check('read', path);
    return this.disk.read(path);
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.check(mode === 'create' ? undefined : 'read', path);
    const { dir, name } = split(path);
    const directory = this.disk.directory(dir);
    if (mode === 'create') {
      if (directory.entries.has(name)) throw failure('EEXIST', path);
      this.disk.effect('create', path, () => directory.set(name, new Inode()));
      this.disk.tampered.delete(path);
    }
    const file = new MountedFile(this.disk, this.clock, this.life, path, this.disk.inodeAt(path));
    file.isThrough = mode === 'writeThrough';
    return file;
  }

  rename(from: string, to: string): void {
    this.check();
    const source = split(from);
    const target = split(to);
    if (source.dir !== target.dir) throw new Error('nobody here renames across directories');
    const inode = this.disk.inodeAt(from);
    const directory = this.disk.directory(source.dir);
    this.disk.effect('rename', to, () => directory.rename(source.name, target.name, inode));
    this.disk.tampered.delete(to);
  }

  unlink(path: string): void {
    this.check();
    const { dir, name } = split(path);
    const inode = this.disk.inodeAt(path);
    this.disk.effect('unlink', path, () => this.disk.directory(dir).remove(name, inode));
  }

  syncDir(dir: string): void {
    this.check();
    const directory = this.disk.directory(dir);
    this.disk.effect('syncDir', dir, () => {
      if (!this.disk.syncsLie) directory.sync();
    });
  }

  syncDirAsync(dir: string, done: (error: DiskError | undefined) => void): void {
    this.check();
    const directory = this.disk.directory(dir);
    const finishPartly = (random: Random): void => {
      if (!this.disk.syncsLie && random.below(2) === 0) directory.sync();
    };
    run(this.disk, this.clock, this.life, this.disk.syncMs(), { finishPartly }, () => this.syncDir(dir), done);
  }

  freeBytes(): number {
    this.check();
    return this.disk.capacityBytes - this.disk.usedBytes;
  }

  lock(dir: string): DirectoryLock | undefined {
    this.check();
    return this.disk.takeLock(dir);
  }

  private check(operation?: 'read' | 'look', path = ''): void {
    checkAlive(this.disk, this.life);
    const code = operation === undefined ? undefined : this.disk.fault(operation, path);
    if (code !== undefined) throw failure(code, path);
  }
}

class MountedFile implements DiskFile {
  /** A write is synced as well, in a second step that a crash or a fault may leave out. */
  isThrough = false;
  private readonly disk: SimDisk;
  private readonly clock: Clock;
  private readonly life: number;
  private readonly path: string;
  private readonly inode: Inode;
  private busy = false;
  private closed = false;

  constructor(disk: SimDisk, clock: Clock, life: number, path: string, inode: Inode) {
    this.disk = disk;
    this.clock = clock;
    this.life = life;
    this.path = path;
    this.inode = inode;
  }

  size(): number {
    this.check();
    return this.inode.size;
  }

  readAt(target: Buffer, offset: number): number {
    this.check();
    const code = this.disk.fault('read', this.path);
    if (code !== undefined) throw failure(code, this.path);
    return this.inode.read(offset, target.length).copy(target);
  }

  writeAt(data: Buffer, offset: number): void {
    this.check();
    this.disk.writeTo(this.inode, this.path, data, offset);
    this.touch();
  }

  truncate(size: number): void {
    this.check();
    this.disk.effect('truncate', this.path, () => this.inode.truncate(size));
    this.touch();
  }

  syncNow(): void {
    this.check();
    this.syncInode();
  }

  write(chunks: readonly Buffer[], offset: number, done: (error: DiskError | undefined) => void): void {
    this.begin();
    // Copied now, for a caller that reuses its buffer too early must not be helped by a disk that is never late.
    const data = Buffer.concat(chunks);
    const finishPartly = (random: Random): void => {
      this.inode.write(data.subarray(0, random.below(data.length + 1)), offset);
    };
    const apply = (): void => {
      if (!Buffer.concat(chunks).equals(data))
        throw new Error(`${this.path}: the bytes changed while they were written`);
      this.disk.writeTo(this.inode, this.path, data, offset);
      this.touch();
    };
    this.run(this.disk.writeMs(this.path), { finishPartly }, apply, (error) => {
      if (error !== undefined || !this.isThrough) done(error);
      else this.syncWritten(offset, data.length, done);
    });
  }

  /** Of what else was written nothing becomes durable. */
  private syncWritten(offset: number, length: number, done: (error: DiskError | undefined) => void): void {
    const { disk, inode } = this;
    const keep = (): void => {
      if (!disk.syncsLie) inode.syncRange(offset, length);
    };
    const finishPartly = (random: Random): void => {
      if (random.below(2) === 0) keep();
    };
    const work = (): void => disk.effect('sync', this.path, keep, () => inode.syncFails(disk.random));
    this.busy = true;
    this.run(disk.syncMs(), { finishPartly }, work, done);
  }

  sync(done: (error: DiskError | undefined) => void): void {
    this.begin();
    const finishPartly = (random: Random): void => {
      if (random.below(2) === 0) this.keep();
    };
    this.run(this.disk.syncMs(), { finishPartly }, () => this.syncInode(), done);
  }

  close(): void {
    if (!this.disk.isAlive(this.life)) return;
    if (this.busy) throw new Error(`${this.path} is closed while an operation is in flight`);
    this.closed = true;
  }

  private run(
    delayMs: number,
    operation: InFlight,
    work: () => void,
    done: (error: DiskError | undefined) => void,
  ): void {
    run(this.disk, this.clock, this.life, delayMs, operation, work, (error) => {
      this.busy = false;
      done(error);
    });
  }

  private begin(): void {
    this.check();
    if (this.busy) throw new Error(`${this.path}: one operation at a time`);
    this.busy = true;
  }

  private syncInode(): void {
    const { disk, inode } = this;
    disk.effect(
      'sync',
      this.path,
      () => this.keep(),
      () => inode.syncFails(disk.random),
    );
  }

  private keep(): void {
    if (!this.disk.syncsLie) this.inode.sync();
  }

  private touch(): void {
    this.inode.mtimeMs = this.clock.wallMs();
  }

  private check(): void {
    checkAlive(this.disk, this.life);
    if (this.closed) throw new Error(`${this.path} is used after it was closed`);
  }
}

function run(
  disk: SimDisk,
  clock: Clock,
  life: number,
  delayMs: number,
  operation: InFlight,
  work: () => void,
  done: (error: DiskError | undefined) => void,
): void {
  disk.begin(operation);
  clock.after(delayMs, () => {
    if (!disk.isAlive(life)) return;
    disk.end(operation);
    let failed: DiskError | undefined;
    try {
      work();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      failed = error;
    }
    done(failed);
  });
}

function checkAlive(disk: SimDisk, life: number): void {
  if (!disk.isAlive(life)) throw new DeadProcess('this process is no more');
}

function failure(code: string, path: string): DiskError {
  return new DiskError(code, path, `${code}, ${path}`);
}

function split(path: string): { dir: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { dir: slash <= 0 ? '/' : path.slice(0, slash), name: path.slice(slash + 1) };
}
