import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Database } from '../datatree/database.ts';
import type { Disk } from '../io/disk.ts';
import { parseZxidHex, type Zxid, zxidHex } from '../jute/zxid.ts';
import { logName } from '../txnlog/file-names.ts';
import { LogFileReader, type LogRecord } from '../txnlog/log/log-file-reader.ts';
import { LOG_HEADER_BYTES, RECORD_OVERHEAD_BYTES, writeLogHeader, writeRecord } from '../txnlog/log/log-format.ts';
import { checkFiles, load, sealBackup } from './backup.ts';
import { BackupError } from './backup-error.ts';
import type { Piece } from './feed.ts';
import { applyNext, refuseOtherTree } from './history.ts';
import { timeOf } from './kept-log.ts';
import {
  type Epochs,
  type LogEntry,
  MANIFEST,
  type Manifest,
  manifestOf,
  readManifest,
  syncDir,
  writeManifest,
} from './manifest.ts';

/**
 * A backup that more is added to. Transactions are on disk before the manifest names them, and the manifest changes in
 * one step. Whenever this process is killed, all that the manifest names is whole, and what is beyond does not count.
 *
 * It keeps the tree in memory, so that every transaction is proved to fit, and the manifest tells the digest it leads to.
 */
export class GrowingBackup {
  readonly dir: string;
  private manifest: Manifest;
  private readonly database: Database;
  /** The last transaction in the logs; undefined: there is none behind the snapshot. */
  private last: LogRecord | undefined;
  private file: OpenLog | undefined;
  /** The logs before it. */
  private readonly full: LogEntry[];

  private constructor(
    dir: string,
    { manifest, database }: { readonly manifest: Manifest; readonly database: Database },
    last: LogRecord | undefined,
    file: OpenLog | undefined,
  ) {
    this.dir = dir;
    this.manifest = manifest;
    this.database = database;
    this.last = last;
    this.file = file;
    this.full = file === undefined ? [] : manifest.logs.slice(0, -1);
  }

  /** `unfinished` has a snapshot, and becomes `dir` when it is a backup. Throws BackupError. */
  static begin(disk: Disk, unfinished: string, dir: string, epochs: Epochs): GrowingBackup {
    const begun = sealBackup(disk, unfinished, epochs, true);
    if (unfinished !== dir) {
      renameSync(unfinished, dir);
      syncDir(dirname(dir));
    }
    return new GrowingBackup(dir, begun, undefined, undefined);
  }

  /** Goes on where another process was stopped, or killed. Throws BackupError for a backup that is damaged. */
  static resume(disk: Disk, dir: string): GrowingBackup {
    const manifest = readManifest(dir);
    if (manifest.growing !== true) throw new BackupError(`${dir} is finished: nothing is added to it`);
    checkFiles(dir, manifest, () => {});
    const known = new Set([MANIFEST, manifest.snapshot.name, ...manifest.logs.map(({ name }) => name)]);
    for (const name of readdirSync(dir)) if (!known.has(name)) rmSync(join(dir, name), { force: true });
    const { database } = load(disk, dir, manifest);
    const entry = manifest.logs.at(-1);
    if (entry === undefined) return new GrowingBackup(dir, { manifest, database }, undefined, undefined);
    const file = reopen(dir, entry);
    return new GrowingBackup(dir, { manifest, database }, lastOf(disk, join(dir, entry.name)), file);
  }

  get soFar(): Manifest {
    return this.manifest;
  }

  get base(): Zxid {
    return parseZxidHex(this.manifest.snapshot.zxid) as Zxid;
  }

  get zxid(): Zxid {
    return this.database.lastProcessedZxid;
  }

  get madeMs(): number {
    return Date.parse(this.manifest.made);
  }

  /**
   * Adds what is new in a piece that was read from `zxid` on; how many transactions that were. undefined: the server's
   * history is another one now, and nothing was added. Throws BackupError, and what the disk says; then it is of no
   * further use, and `resume` tells what is there.
   */
  add({ records, isGone }: Piece, epochs: Epochs): number | undefined {
    if (isGone || !this.goesOn(records)) return undefined;
    const fresh = records.filter(({ zxid }) => zxid > this.zxid);
    if (fresh.length === 0) return 0;
    for (const record of fresh) {
      applyNext(this.database, record.zxid, record.payload, this.dir);
      this.write(record);
    }
    refuseOtherTree(this.database);
    this.publish(epochs);
    return fresh.length;
  }

  /** Nothing is added any more. */
  finish(): void {
    if (this.file !== undefined) {
      closeSync(this.file.fd);
      this.file = undefined;
    }
    const { growing: _, ...finished } = this.manifest;
    this.manifest = finished;
    writeManifest(this.dir, finished);
  }

  /** Lets the file go; the backup may grow on later. */
  close(): void {
    if (this.file !== undefined) closeSync(this.file.fd);
    this.file = undefined;
  }

  /** The server's log still has the last transaction, and it is the same one; or the very next comes first. */
  private goesOn(records: readonly LogRecord[]): boolean {
    const { last } = this;
    const first = records[0];
    if (last === undefined) return true;
    if (first?.zxid === last.zxid) return first.payload.equals(last.payload);
    return first?.zxid === last.zxid + 1;
  }

  private write(record: LogRecord): void {
    if (this.file !== undefined && this.file.entry.bytes >= FILE_BYTES) {
      fsyncSync(this.file.fd);
      closeSync(this.file.fd);
      this.full.push(sealed(this.file));
      this.file = undefined;
    }
    this.file ??= create(this.dir, record.zxid);
    const bytes = Buffer.allocUnsafe(record.payload.length + RECORD_OVERHEAD_BYTES);
    writeRecord(bytes, 0, record.payload);
    append(this.file, bytes);
    const time = new Date(timeOf(record.payload)).toISOString();
    const { entry } = this.file;
    entry.transactions++;
    entry.lastZxid = zxidHex(record.zxid);
    entry.lastTime = time;
    if (entry.transactions === 1) {
      entry.firstZxid = entry.lastZxid;
      entry.firstTime = time;
    }
    this.last = record;
  }

  private publish(epochs: Epochs): void {
    if (this.file !== undefined) fsyncSync(this.file.fd);
    syncDir(this.dir);
    const { snapshot, made } = this.manifest;
    const { database } = this;
    const open = this.file === undefined ? [] : [sealed(this.file)];
    this.manifest = {
      ...manifestOf({ snapshot, logs: [...this.full, ...open], database }, epochs, made),
      growing: true,
    };
    writeManifest(this.dir, this.manifest);
  }
}

const FILE_BYTES = 64 << 20;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface OpenLog {
  readonly fd: number;
  readonly hash: Hash;
  readonly entry: Writable<LogEntry>;
}

function create(dir: string, zxid: Zxid): OpenLog {
  const name = logName(zxid);
  const entry = {
    name,
    bytes: 0,
    sha256: '',
    transactions: 0,
    firstZxid: '',
    lastZxid: '',
    firstTime: '',
    lastTime: '',
  };
  const log = { fd: openSync(join(dir, name), 'w', 0o640), hash: createHash('sha256'), entry };
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  writeLogHeader(header, 0);
  append(log, header);
  return log;
}

/** Anything behind the manifest's end is cut off. */
function reopen(dir: string, entry: LogEntry): OpenLog {
  const path = join(dir, entry.name);
  const fd = openSync(path, 'r+');
  ftruncateSync(fd, entry.bytes);
  const hash = createHash('sha256').update(readFileSync(path));
  return { fd, hash, entry: { ...entry } };
}

function sealed({ entry, hash }: OpenLog): LogEntry {
  return { ...entry, sha256: hash.copy().digest('hex') };
}

function append({ fd, hash, entry }: OpenLog, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, entry.bytes + written);
  }
  hash.update(bytes);
  entry.bytes += bytes.length;
}

function lastOf(disk: Disk, path: string): LogRecord | undefined {
  const reader = new LogFileReader(disk, path);
  try {
    let last: LogRecord | undefined;
    for (let record = reader.next(); record !== undefined; record = reader.next()) last = record;
    return last;
  } finally {
    reader.close();
  }
}
