import type { Disk } from '../io/disk.ts';
import { parseZxidHex, ZXID_ZERO, type Zxid, zxidHex } from '../jute/zxid.ts';
import { damage } from './damage.ts';
import type { DataDirs } from './data-dir.ts';
import { INTENT, join, listLogs, listSnapshots, temporaryName } from './file-names.ts';
import type { DurableNote, DurableUpTo } from './log/durable-note.ts';
import { LogFileReader } from './log/log-file-reader.ts';
import { replaceFile } from './small-file.ts';

/**
 * Replacing a history, or cutting it; the side file is `history-change`. Both take several files, which cannot change
 * in one stroke. So what is about to happen is made durable first, in this one file, and a start that finds it carries
 * it out to the end before anything is read. Until it is there the old history is whole, from then on the new one.
 *
 *   "install <snapshot file name>\n"     that snapshot is the whole history
 *   "truncate <zxid>\n"                  everything above the zxid is gone
 */
export type Intent =
  | { readonly kind: 'install'; readonly snapshot: string }
  | { readonly kind: 'truncate'; readonly zxid: Zxid };

/** The point of no return: durable on return. Throws DiskError. */
export function writeIntent(disk: Disk, dirs: DataDirs, intent: Intent): void {
  const what = intent.kind === 'install' ? intent.snapshot : zxidHex(intent.zxid);
  replaceFile(disk, dirs.snapDir, INTENT, `${intent.kind} ${what}\n`);
}

/** Reads the change that was begun and not finished. Throws DiskError and FatalError. */
export function readIntent(disk: Disk, dirs: DataDirs): Intent | undefined {
  const path = join(dirs.snapDir, INTENT);
  if (!disk.exists(path)) return undefined;
  const text = disk.readSmall(path).toString('latin1');
  const match = /^(install|truncate) (\S+)\n$/.exec(text);
  if (match?.[1] === 'install') return { kind: 'install', snapshot: match[2] as string };
  const zxid = match === null ? undefined : parseZxidHex(match[2] as string);
  if (zxid === undefined) throw damage(`${path}: not a change of history that can be finished`);
  return { kind: 'truncate', zxid };
}

/** Does what the intent says, whatever part of it was done before. Throws DiskError and FatalError. */
export function carryOut(disk: Disk, dirs: DataDirs, note: DurableNote, intent: Intent): void {
  if (intent.kind === 'install') carryOutInstall(disk, dirs, note, intent.snapshot);
  else carryOutTruncate(disk, dirs, note, intent.zxid);
  disk.unlink(join(dirs.snapDir, INTENT));
  disk.syncDir(dirs.snapDir);
}

function carryOutInstall(disk: Disk, dirs: DataDirs, note: DurableNote, name: string): void {
  const path = join(dirs.snapDir, name);
  const temporary = join(dirs.snapDir, temporaryName(name));
  if (disk.exists(temporary)) {
    disk.rename(temporary, path);
    disk.syncDir(dirs.snapDir);
  }
  const snapshots = listSnapshots(disk, dirs.snapDir);
  const installed = snapshots.find((snapshot) => snapshot.name === name);
  if (installed === undefined) throw damage(`${path} was to become the whole history and is missing`);
  note.writeNow({ file: ZXID_ZERO, offset: 0, zxid: installed.zxid });
  for (const log of listLogs(disk, dirs.logDir)) disk.unlink(join(dirs.logDir, log.name));
  disk.syncDir(dirs.logDir);
  for (const snapshot of snapshots) if (snapshot !== installed) disk.unlink(join(dirs.snapDir, snapshot.name));
  disk.syncDir(dirs.snapDir);
}

function carryOutTruncate(disk: Disk, dirs: DataDirs, note: DurableNote, zxid: Zxid): void {
  for (const snapshot of listSnapshots(disk, dirs.snapDir)) {
    if (snapshot.zxid > zxid) disk.unlink(join(dirs.snapDir, snapshot.name));
  }
  disk.syncDir(dirs.snapDir);
  const logs = listLogs(disk, dirs.logDir);
  const cutFile = logs.findLast((log) => log.zxid <= zxid);
  const cutPath = join(dirs.logDir, cutFile?.name ?? '');
  const cutAt = cutFile === undefined ? 0 : endOfRecordsUpTo(disk, cutPath, zxid);
  // Lowered first: a note that is above the end would turn the next torn tail into damage.
  note.writeNow(lowered(note.value, cutFile?.zxid ?? ZXID_ZERO, cutAt, zxid));
  for (const log of logs.reverse()) if (log.zxid > zxid) disk.unlink(join(dirs.logDir, log.name));
  disk.syncDir(dirs.logDir);
  // One that is left without a record goes with the recovery that follows.
  if (cutFile !== undefined) cutLog(disk, cutPath, cutAt);
}

/** Durable on return. Throws DiskError. */
export function cutLog(disk: Disk, path: string, size: number): void {
  const file = disk.open(path, 'write');
  try {
    file.truncate(size);
    file.syncNow();
  } finally {
    file.close();
  }
}

function endOfRecordsUpTo(disk: Disk, path: string, zxid: Zxid): number {
  const reader = new LogFileReader(disk, path);
  try {
    let end = reader.offset;
    for (let record = reader.next(); record !== undefined && record.zxid <= zxid; record = reader.next()) {
      end = reader.offset;
    }
    return end;
  } finally {
    reader.close();
  }
}

/** A file that a later one follows was synced as a whole. */
function lowered(known: DurableUpTo | undefined, file: Zxid, cutAt: number, zxid: Zxid): DurableUpTo {
  if (known === undefined || known.file < file)
    return { file: known?.file ?? ZXID_ZERO, offset: known?.offset ?? 0, zxid };
  return { file, offset: known.file === file ? Math.min(known.offset, cutAt) : cutAt, zxid };
}
