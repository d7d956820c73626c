import { existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Database } from '../datatree/database.ts';
import type { Disk } from '../io/disk.ts';
import { epochOf, parseZxidHex, type Zxid, zxidHex } from '../jute/zxid.ts';
import { ACCEPTED_EPOCH, CURRENT_EPOCH, epochIn } from '../txnlog/epoch-file.ts';
import { listLogs, listSnapshots, VERSION_DIR } from '../txnlog/file-names.ts';
import { BackupError } from './backup-error.ts';
import { type Directories, filesOfBackup, filesOfServer, type History, replay } from './history.ts';
import { copyTo, cutInPlace, lookOnly, type OnBytes, withNewDir } from './kept-files.ts';
import type { Limits } from './kept-log.ts';
import {
  type Epochs,
  type FileEntry,
  MANIFEST,
  type Manifest,
  manifestOf,
  readManifest,
  sha256OfFile,
  syncDir,
  writeManifest,
} from './manifest.ts';

/**
 * Backup, proof and restore of one server's history. A backup is a directory: manifest.json, one snapshot, the logs since.
 * It is taken from the directories of a server, running or not, and nothing there is changed or held up.
 */

/** A server may purge a file between the look at the directory and the copy: then there is a newer one. */
const ATTEMPTS = 3;

/** Throws BackupError. */
export function createBackup(
  disk: Disk,
  from: Directories,
  to: string,
  onBytes: OnBytes = () => {},
): Promise<Manifest> {
  filesOfServer(disk, from);
  return attempt(ATTEMPTS, () =>
    withNewDir(to, () => {
      const history = replay(disk, filesOfServer(disk, from), {}, copyTo(to, onBytes));
      const manifest = manifestOf(history, epochsIn(disk, join(from.dataDir, VERSION_DIR)));
      writeManifest(to, manifest);
      return manifest;
    }),
  );
}

async function attempt<T>(times: number, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const wasPurged = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!wasPurged || times <= 1) throw error;
    return attempt(times - 1, task);
  }
}

/** Makes a backup of what lies in a directory: one snapshot, and logs whose last may be torn. Throws BackupError. */
export function sealBackup(
  disk: Disk,
  dir: string,
  epochs: Epochs,
  growing = false,
): { readonly manifest: Manifest; readonly database: Database } {
  const files = { snapDir: dir, logDir: dir, snapshots: listSnapshots(disk, dir), logs: listLogs(disk, dir) };
  const history = replay(disk, files, {}, cutInPlace);
  const manifest = { ...manifestOf(history, epochs), ...(growing ? { growing } : {}) };
  writeManifest(dir, manifest);
  return { manifest, database: history.database };
}

/** Every byte is compared with its checksum, then all is loaded and replayed. Throws BackupError. */
export function verifyBackup(disk: Disk, dir: string, onBytes: OnBytes = () => {}): Manifest {
  const manifest = readManifest(dir);
  checkFiles(dir, manifest, onBytes);
  const { database } = load(disk, dir, manifest);
  const found = {
    zxid: zxidHex(database.lastProcessedZxid),
    digest: database.tree.digest().toString(),
    nodes: database.tree.nodeCount,
  };
  if (found.zxid !== manifest.lastZxid || found.digest !== manifest.digest || found.nodes !== manifest.nodes) {
    throw new BackupError(
      `${dir} leads to ${found.nodes} nodes at zxid 0x${found.zxid} with digest ${found.digest}; its manifest says ` +
        `${manifest.nodes} at 0x${manifest.lastZxid} with ${manifest.digest}`,
    );
  }
  return manifest;
}

/** The tree at its end. Throws BackupError. */
export function load(disk: Disk, dir: string, manifest: Manifest): History {
  return replay(disk, filesOfBackup(disk, dir, manifest), {}, lookOnly);
}

export interface Restored {
  readonly zxid: Zxid;
  readonly nodes: number;
  /** Transactions of the backup behind that. */
  readonly leftOut: number;
  /** The epoch that the directory was given, which no server had before. 0: a standalone history, which has none. */
  readonly epoch: number;
}

/** The name of a history that is not whole yet, in the place where version-2 will be. */
const UNFINISHED_HISTORY = 'restoring';
/** May be in a directory that a history is restored into. */
const BESIDES = ['myid'];

/**
 * Makes a data directory as of a transaction, a time, or the end. In an ensemble it counts as of an epoch that is later
 * than any of the old members: one of these may not lead with its longer history, and gives up what is beyond. There is
 * a version-2 with all of it, or none.
 */
export function restoreBackup(
  disk: Disk,
  from: string,
  to: Directories,
  { limits = {}, onBytes = () => {} }: { readonly limits?: Limits; readonly onBytes?: OnBytes } = {},
): Promise<Restored> {
  const manifest = readManifest(from);
  refuseBeyond(from, manifest, limits);
  checkFiles(from, manifest, onBytes);
  const { dataDir, dataLogDir } = to;
  const dirs = dataLogDir === dataDir ? [dataDir] : [dataLogDir, dataDir];
  const inEach = (rest: readonly string[]): Promise<Restored> => {
    const [dir, ...others] = rest;
    if (dir === undefined) return Promise.resolve(restoreInto(disk, from, to, { manifest, limits, onBytes }));
    return withNewDir(dir, () => inEach(others), BESIDES);
  };
  return inEach(dirs);
}

/** Whether anything came behind the end is not known. */
function refuseBeyond(dir: string, { lastZxid }: Manifest, { upToZxid }: Limits): void {
  const end = parseZxidHex(lastZxid) ?? 0;
  if (upToZxid === undefined || upToZxid <= end) return;
  throw new BackupError(
    `${dir} ends at zxid 0x${lastZxid}, before 0x${zxidHex(upToZxid)}: take a later backup, or restore to its end`,
  );
}

function restoreInto(
  disk: Disk,
  from: string,
  { dataDir, dataLogDir }: Directories,
  { manifest, limits, onBytes }: { readonly manifest: Manifest; readonly limits: Limits; readonly onBytes: OnBytes },
): Restored {
  const snapDir = join(dataDir, UNFINISHED_HISTORY);
  const logDir = join(dataLogDir, UNFINISHED_HISTORY);
  for (const dir of [logDir, snapDir]) if (!existsSync(dir)) disk.makeDir(dir);
  const toSnapDir = copyTo(snapDir, onBytes);
  const toLogDir = copyTo(logDir, onBytes);
  const { database, leftOut } = replay(disk, filesOfBackup(disk, from, manifest), limits, (path, name, bytes) =>
    (name === manifest.snapshot.name ? toSnapDir : toLogDir)(path, name, bytes),
  );
  const zxid = database.lastProcessedZxid;
  const known = Math.max(manifest.epochs.accepted ?? 0, manifest.epochs.current ?? 0, epochOf(zxid));
  const epoch = known === 0 ? 0 : known + 1;
  if (epoch > 0) {
    for (const name of [ACCEPTED_EPOCH, CURRENT_EPOCH]) writeFileSync(join(snapDir, name), `${epoch}`);
  }
  // The logs first: without a snapshot no server takes them for a history.
  for (const dir of dataLogDir === dataDir ? [dataDir] : [dataLogDir, dataDir]) {
    syncDir(join(dir, UNFINISHED_HISTORY));
    renameSync(join(dir, UNFINISHED_HISTORY), join(dir, VERSION_DIR));
    syncDir(dir);
  }
  return { zxid, nodes: database.tree.nodeCount, leftOut, epoch };
}

/** Throws BackupError. */
export function checkFiles(dir: string, { snapshot, logs, growing }: Manifest, onBytes: OnBytes): void {
  checkFile(dir, snapshot, false, onBytes);
  logs.forEach((log, i) => {
    checkFile(dir, log, growing === true && i === logs.length - 1, onBytes);
  });
  const known = new Set([snapshot.name, MANIFEST, ...logs.map(({ name }) => name)]);
  const other = readdirSync(dir).find((name) => !known.has(name));
  if (other !== undefined && growing !== true) {
    throw new BackupError(`${join(dir, other)} does not belong to the backup: its manifest does not name it`);
  }
}

function checkFile(dir: string, { name, bytes, sha256: wanted }: FileEntry, mayGrow: boolean, onBytes: OnBytes): void {
  const path = join(dir, name);
  try {
    const size = statSync(path).size;
    if (mayGrow ? size < bytes : size !== bytes)
      throw new BackupError(`${path} has ${size} bytes, and the manifest says ${bytes}`);
    if (sha256OfFile(path, bytes, onBytes) !== wanted)
      throw new BackupError(`${path} is damaged: its checksum is not the manifest's`);
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

export function epochsIn(disk: Disk, dir: string): Epochs {
  return { accepted: epochOrNone(disk, dir, ACCEPTED_EPOCH), current: epochOrNone(disk, dir, CURRENT_EPOCH) };
}

/** A file that cannot be read counts as missing: a backup of a server that no longer starts is worth most. */
function epochOrNone(disk: Disk, dir: string, name: string): number | undefined {
  const epoch = epochIn(disk, dir, name);
  return typeof epoch === 'number' ? epoch : undefined;
}

/** As a person writes it: 0x200000005, or 200000005. */
export function zxidOf(text: string): Zxid {
  const zxid = parseZxidHex(text.replace(/^0x/i, '').toLowerCase());
  if (zxid === undefined) throw new BackupError(`"${text}" is no zxid: write hex digits, as in 0x200000005`);
  return zxid;
}
