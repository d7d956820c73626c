import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { parseZxidHex, type Zxid, zxidHex } from '../jute/zxid.ts';
import { BackupError } from './backup-error.ts';
import type { Limits } from './kept-log.ts';
import { MANIFEST, type Manifest, readManifest } from './manifest.ts';

/**
 * A series is a directory of backups, as `follow` makes it: each has a snapshot and the logs up to a later one, or up to
 * now. Its names sort by time.
 */
const NAME = /^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]+$/;

export function seriesName(madeMs: number, zxid: Zxid): string {
  return `${new Date(madeMs).toISOString().replace(/[-:]/g, '')}-${zxidHex(zxid)}`;
}

export interface Kept {
  readonly dir: string;
  readonly manifest: Manifest;
}

/** The backup in a directory, or all of a series, oldest first. Throws BackupError when there is none. */
export function backupsIn(dir: string): Kept[] {
  const names = existsSync(join(dir, MANIFEST)) ? [] : namesIn(dir);
  if (names.length === 0) return [{ dir, manifest: readManifest(dir) }];
  return names.map((name) => ({ dir: join(dir, name), manifest: readManifest(join(dir, name)) }));
}

/** Of the backups of a series, oldest first. Throws BackupError when the directory cannot be read. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => NAME.test(name) && statSync(join(dir, name)).isDirectory())
      .sort();
  } catch (error) {
    throw new BackupError(`${dir} is no backup: ${messageOf(error)}`);
  }
}

/**
 * The one to restore from: the newest that begins at or before the limit. Where a server's history was cut, the later
 * backup has what became of it, so the newest is always right.
 */
export function backupFor(backups: readonly Kept[], { upToZxid, upToTimeMs }: Limits): Kept {
  const found = backups.findLast(({ manifest: { snapshot, logs } }) => {
    if (upToZxid !== undefined) return (parseZxidHex(snapshot.zxid) ?? 0) <= upToZxid;
    if (upToTimeMs === undefined) return true;
    const first = logs[0]?.firstTime;
    return first !== undefined && Date.parse(first) <= upToTimeMs;
  });
  // None is known to begin early enough: the oldest says what is wrong.
  return found ?? (backups[0] as Kept);
}

/** Throws BackupError when a series has a hole at a time: what was there then is not known. */
export function refuseHole(backups: readonly Kept[], chosen: Kept, { upToTimeMs }: Limits): void {
  const next = backups[backups.indexOf(chosen) + 1]?.manifest;
  const { lastZxid, lastTime } = chosen.manifest;
  if (upToTimeMs === undefined || next === undefined || Date.parse(lastTime ?? '') > upToTimeMs) return;
  if ((parseZxidHex(next.snapshot.zxid) ?? 0) <= (parseZxidHex(lastZxid) ?? 0)) return;
  throw new BackupError(
    `${chosen.dir} ends at zxid 0x${lastZxid}${lastTime === undefined ? '' : `, of ${lastTime}`}, and the next backup begins at ` +
      `0x${next.snapshot.zxid}: what was there at that time is not known; --to-zxid 0x${lastZxid} is the last before`,
  );
}
