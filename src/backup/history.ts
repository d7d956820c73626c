import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { silentLog } from '../base/log.ts';
import type { Database, DatabaseOptions } from '../datatree/database.ts';
import { HASH_KEY_BYTES, hashKeyFrom } from '../datatree/tree/path-hash.ts';
import type { Disk } from '../io/disk.ts';
import { readTxn } from '../jute/txns.ts';
import { follows, type Zxid, zxidHex } from '../jute/zxid.ts';
import { type LogName, listLogs, listSnapshots, type SnapshotName, VERSION_DIR } from '../txnlog/file-names.ts';
import { loadSnapshot, looksComplete } from '../txnlog/snapshot/snapshot-reader.ts';
import { BackupError } from './backup-error.ts';
import type { Keep } from './kept-files.ts';
import { keepLog, type Limits } from './kept-log.ts';
import type { LogEntry, Manifest, SnapshotEntry } from './manifest.ts';

/** Replays a history from its files up to a limit, and keeps what was replayed: what is kept is proved to load. */
export interface HistoryFiles {
  readonly snapDir: string;
  readonly logDir: string;
  /** The first that is whole, and not behind the limits, is the start. */
  readonly snapshots: readonly SnapshotName[];
  /** Oldest first. */
  readonly logs: readonly LogName[];
  /** Where files end by their names, when that is known. */
  readonly ends?: ReadonlyMap<string, number>;
}

export interface History {
  readonly snapshot: SnapshotEntry;
  readonly logs: readonly LogEntry[];
  readonly database: Database;
  /** Transactions that the limits left out. */
  readonly leftOut: number;
}

export interface Directories {
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** Begin with the oldest snapshot of use, so that a restore can go back further. */
  readonly fromOldest?: boolean;
}

/** Throws BackupError where there is no history. */
export function filesOfServer(disk: Disk, { dataDir, dataLogDir, fromOldest }: Directories): HistoryFiles {
  const snapDir = join(dataDir, VERSION_DIR);
  const logDir = join(dataLogDir, VERSION_DIR);
  for (const [dir, inside] of [
    [dataDir, snapDir],
    [dataLogDir, logDir],
  ] as const) {
    if (!disk.exists(inside)) {
      throw new BackupError(`${dir} holds no history: there is no ${VERSION_DIR} in it`);
    }
  }
  const logs = listLogs(disk, logDir);
  const all = listSnapshots(disk, snapDir);
  const firstLog = logs[0]?.zxid;
  // An older one is of use when the logs go on from it.
  const reachable = all.filter(({ zxid }) => firstLog === undefined || zxid + 1 >= firstLog);
  return { snapDir, logDir, snapshots: fromOldest === true ? reachable.reverse() : all, logs };
}

export function filesOfBackup(disk: Disk, dir: string, { snapshot, logs }: Manifest): HistoryFiles {
  const ends = new Map(logs.map(({ name, bytes }) => [name, bytes]));
  return {
    snapDir: dir,
    logDir: dir,
    snapshots: listSnapshots(disk, dir).filter(({ name }) => name === snapshot.name),
    logs: listLogs(disk, dir).filter(({ name }) => ends.has(name)),
    ends,
  };
}

export function databaseOptions(): DatabaseOptions {
  return {
    extendedTypes: true,
    emulate353Ttl: false,
    digest: true,
    hashKey: hashKeyFrom(randomBytes(HASH_KEY_BYTES)),
    log: silentLog,
  };
}

/** Throws BackupError, DiskError. */
export function replay(disk: Disk, from: HistoryFiles, limits: Limits, keep: Keep): History {
  const { snapshot, database } = baseOf(disk, from, limits);
  const snapshotPath = join(from.snapDir, snapshot.name);
  const bytes = disk.stat(snapshotPath).bytes;
  const sha256 = keep(snapshotPath, snapshot.name, bytes);
  const logs: LogEntry[] = [];
  let leftOut = 0;
  let firstLeftOut: Zxid | undefined;
  const needed = logsFrom(from.logs, snapshot.zxid);
  needed.forEach(({ name }, i) => {
    const source = {
      from: join(from.logDir, name),
      name,
      end: from.ends?.get(name),
      isLast: i === needed.length - 1,
    };
    const kept = keepLog(disk, source, { limits: leftOut > 0 ? NOTHING : limits, keep }, ({ zxid, payload }) => {
      if (zxid > database.lastProcessedZxid) applyNext(database, zxid, payload, source.from);
    });
    leftOut += kept.leftOut;
    firstLeftOut ??= kept.firstLeftOut;
    if (kept.entry !== undefined) logs.push(kept.entry);
  });
  if (limits.upToTimeMs !== undefined) refuseIfNotBefore(snapshot.zxid, logs, firstLeftOut);
  refuseOtherTree(database);
  return { snapshot: { name: snapshot.name, zxid: zxidHex(snapshot.zxid), bytes, sha256 }, logs, database, leftOut };
}

/** Throws BackupError when there is something missing before it. `file` is named. */
export function applyNext(database: Database, zxid: Zxid, payload: Buffer, file: string): void {
  const last = database.lastProcessedZxid;
  if (!follows(last, zxid)) {
    throw new BackupError(`${file}: zxid 0x${zxidHex(zxid)} comes behind 0x${zxidHex(last)}: there are some missing`);
  }
  database.apply(readTxn(payload));
}

/** Throws BackupError. */
export function refuseOtherTree(database: Database): void {
  if (database.digestMismatches === 0) return;
  throw new BackupError(
    `the history does not lead to the trees that it names: ${database.digestMismatches} digests differ`,
  );
}

/** A snapshot has no time of its own: it is before one only if a transaction says so that it holds, or that follows it. */
function refuseIfNotBefore(snapshot: Zxid, logs: readonly LogEntry[], firstLeftOut: Zxid | undefined): void {
  if (firstLeftOut === undefined) return;
  if (logs.length > 0 && firstLeftOut > snapshot) return;
  throw new BackupError(
    `the snapshot at zxid 0x${zxidHex(snapshot)} is not known to be before that time: take an older backup`,
  );
}

/** Behind the first transaction that is left out, all are. */
const NOTHING: Limits = { upToZxid: -1 as Zxid };

function baseOf(
  disk: Disk,
  { snapDir: dir, snapshots }: HistoryFiles,
  { upToZxid }: Limits,
): { snapshot: SnapshotName; database: Database } {
  const options = databaseOptions();
  for (const snapshot of snapshots) {
    if (upToZxid !== undefined && snapshot.zxid > upToZxid) continue;
    if (!looksComplete(disk, dir, snapshot)) continue;
    const { database } = loadSnapshot(disk, dir, snapshot, options);
    if (database !== undefined) return { snapshot, database };
  }
  const limit = upToZxid === undefined ? '' : ` at or before zxid 0x${zxidHex(upToZxid)}`;
  throw new BackupError(`there is no whole snapshot in ${dir}${limit}`);
}

/** The file that holds the transaction behind `zxid`, and all later ones. */
function logsFrom(logs: readonly LogName[], zxid: Zxid): readonly LogName[] {
  const later = logs.findIndex((log) => log.zxid > zxid);
  const from = later === -1 ? logs.length - 1 : later === 0 ? 0 : later - 1;
  return logs.slice(Math.max(from, 0));
}
