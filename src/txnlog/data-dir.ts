import { FatalError } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import { type DirectoryLock, type Disk, diskError, fatalDiskError } from '../io/disk.ts';
import { isTemporary, join, VERSION_DIR } from './file-names.ts';

/**
 * The directories themselves: made, taken for this process alone, and looked through for files that belong in the
 * other one. Until all of that is settled nothing is written into them.
 */
export interface DataDirs {
  /** dataDir/version-2: snapshots, epochs. */
  readonly snapDir: string;
  /** dataLogDir/version-2: logs. */
  readonly logDir: string;
  readonly locks: readonly DirectoryLock[];
}

/** Throws FatalError. */
export function openDataDirs(disk: Disk, dataDir: string, dataLogDir: string, autoCreate: boolean): DataDirs {
  const snapDir = join(dataDir, VERSION_DIR);
  const logDir = join(dataLogDir, VERSION_DIR);
  const locks: DirectoryLock[] = [];
  try {
    if (!autoCreate) {
      for (const dir of [logDir, snapDir]) {
        if (!disk.exists(dir))
          throw new FatalError(`${dir} is missing, and datadir.autocreate is false`, EXIT.noDataDirAccess);
      }
    }
    for (const dir of dataDir === dataLogDir ? [dataDir] : [dataDir, dataLogDir]) {
      if (!disk.exists(dir)) disk.makeDir(dir);
      const lock = disk.lock(dir);
      if (lock === undefined) throw new FatalError(`${dir} is in use by another server`, EXIT.noDataDirAccess);
      locks.push(lock);
    }
    if (snapDir !== logDir) {
      refuseMisplaced(disk, logDir, 'snapshot.', 'dataDir');
      refuseMisplaced(disk, snapDir, 'log.', 'dataLogDir');
    }
    for (const dir of [snapDir, logDir]) if (!disk.exists(dir)) disk.makeDir(dir);
  } catch (error) {
    for (const lock of locks) lock.release();
    if (error instanceof FatalError) throw error;
    const cause = diskError(error);
    throw new FatalError(`cannot use the data directory: ${cause.message}`, EXIT.noDataDirAccess, { cause });
  }
  return { snapDir, logDir, locks };
}

/** Moving a file alone would not help: what is in the wrong place says that the configuration names another history. */
function refuseMisplaced(disk: Disk, dir: string, prefix: string, belongsIn: string): void {
  if (!disk.exists(dir)) return;
  const misplaced = disk.list(dir).find((name) => name.startsWith(prefix));
  if (misplaced === undefined) return;
  throw new FatalError(
    `${join(dir, misplaced)} belongs in ${belongsIn}: check dataDir and dataLogDir`,
    EXIT.noDataDirAccess,
  );
}

/** Removes the files that an interrupted write left. Throws DiskError. */
export function removeTemporaries(disk: Disk, dir: string): void {
  const names = disk.list(dir).filter(isTemporary);
  for (const name of names) disk.unlink(join(dir, name));
  if (names.length > 0) disk.syncDir(dir);
}

/**
 * The file `initialize` says that an empty database here is meant, not a loss (zkServer-initialize.sh). The script
 * puts it into dataDir, Apache's server looks for it in dataLogDir; here it is taken from either. Durable on
 * return; throws FatalError.
 */
export function takeInitializeMarker(disk: Disk, dataDir: string, dataLogDir: string): boolean {
  try {
    return takeFrom(disk, new Set([dataDir, dataLogDir]));
  } catch (error) {
    throw fatalDiskError(error, 'cannot take the file initialize', EXIT.unexpected);
  }
}

function takeFrom(disk: Disk, dirs: ReadonlySet<string>): boolean {
  let found = false;
  for (const dir of dirs) {
    const path = join(dir, 'initialize');
    if (!disk.exists(path)) continue;
    disk.unlink(path);
    disk.syncDir(dir);
    found = true;
  }
  return found;
}
