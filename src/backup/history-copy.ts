import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import type { Database } from '../datatree/database.ts';
import { HASH_KEY_BYTES, hashKeyFrom } from '../datatree/tree/path-hash.ts';
import type { Disk } from '../io/disk.ts';
import { readTxn } from '../jute/txns.ts';
import { type Zxid, zxidHex } from '../jute/zxid.ts';
import { type LogName, listLogs, listSnapshots, type SnapshotName } from '../txnlog/file-names.ts';
import { loadSnapshot, looksComplete } from '../txnlog/snapshot/snapshot-reader.ts';
import { BackupError } from './backup-error.ts';
import { type CopyLimits, copyBytes, copyLog } from './copied-log.ts';
import type { LogEntry, SnapshotEntry } from './manifest.ts';

/** Copies a history from one directory to another, up to a limit, and replays it on the way: the copy is proved to load. */
export interface CopiedHistory {
  readonly snapshot: SnapshotEntry;
  readonly logs: readonly LogEntry[];
  readonly database: Database;
  readonly leftOut: number;
}

export interface HistoryFiles {
  readonly snapDir: string;
  readonly logDir: string;
  /** Begin with the oldest snapshot from which the logs go on, to go back further. */
  readonly fromOldest?: boolean;
}

/** The newest snapshot that is whole and not behind `limits` is the start. Throws BackupError. */
export function copyHistory(disk: Disk, from: HistoryFiles, to: string, limits: CopyLimits): CopiedHistory {
  const { snapshot, database } = baseOf(disk, from, limits);
  const bytes = disk.stat(join(from.snapDir, snapshot.name)).bytes;
  const sha256 = copyBytes(join(from.snapDir, snapshot.name), join(to, snapshot.name), bytes);
  const logs: LogEntry[] = [];
  let leftOut = 0;
  let firstLeftOut: Zxid | undefined;
  const needed = logsFrom(listLogs(disk, from.logDir), snapshot.zxid);
  needed.forEach(({ name }, i) => {
    const source = { from: join(from.logDir, name), to: join(to, name), name, isLast: i === needed.length - 1 };
    const copied = copyLog(disk, source, leftOut > 0 ? NOTHING : limits, (record) => {
      if (record.zxid > database.lastProcessedZxid) database.apply(readTxn(record.payload));
    });
    leftOut += copied.leftOut;
    firstLeftOut ??= copied.firstLeftOut;
    if (copied.entry !== undefined) logs.push(copied.entry);
  });
  if (limits.upToTimeMs !== undefined) refuseIfNotBefore(snapshot.zxid, logs, firstLeftOut);
  if (database.digestMismatches > 0) {
    throw new BackupError(
      `the history does not lead to the trees that it names: ${database.digestMismatches} digests differ`,
    );
  }
  return { snapshot: { name: snapshot.name, zxid: zxidHex(snapshot.zxid), bytes, sha256 }, logs, database, leftOut };
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
const NOTHING: CopyLimits = { upToZxid: -1 as Zxid };

function baseOf(
  disk: Disk,
  { snapDir: dir, logDir, fromOldest }: HistoryFiles,
  { upToZxid }: CopyLimits,
): { snapshot: SnapshotName; database: Database } {
  const options = {
    extendedTypes: true,
    emulate353Ttl: false,
    digest: true,
    hashKey: hashKeyFrom(randomBytes(HASH_KEY_BYTES)),
    log: silentLog,
  };
  const all = listSnapshots(disk, dir);
  const firstLog = listLogs(disk, logDir)[0]?.zxid;
  // An older one is of use when the logs go on from it.
  const reachable = all.filter(({ zxid }) => firstLog === undefined || zxid + 1 >= firstLog);
  for (const snapshot of fromOldest === true ? reachable.reverse() : all) {
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

/** A new directory, or one that is empty. Throws BackupError. */
export function makeEmptyDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o750 });
    if (readdirSync(dir).length > 0) throw new BackupError(`${dir} is not empty: name a new directory`);
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${dir} cannot be used: ${messageOf(error)}`);
  }
}
