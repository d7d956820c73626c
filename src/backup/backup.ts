import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Disk } from '../io/disk.ts';
import { epochOf, parseZxidHex, type Zxid, zxidHex } from '../jute/zxid.ts';
import { VERSION_DIR } from '../txnlog/file-names.ts';
import { BackupError } from './backup-error.ts';
import type { CopyLimits } from './copied-log.ts';
import { type CopiedHistory, copyHistory, makeEmptyDir } from './history-copy.ts';
import { type FileEntry, type Manifest, readManifest, sha256OfFile, writeManifest } from './manifest.ts';

/**
 * Backup, proof and restore of one server's history. A backup is a directory: manifest.json, one snapshot, the logs since.
 * It is taken from the directories of a server, running or not, and nothing there is changed or held up.
 */
export interface Directories {
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** Begin with the oldest snapshot of use, so that a restore can go back further. */
  readonly fromOldest?: boolean;
}

/** Throws BackupError. */
export function createBackup(disk: Disk, from: Directories, to: string): Manifest {
  const files = {
    snapDir: join(from.dataDir, VERSION_DIR),
    logDir: join(from.dataLogDir, VERSION_DIR),
    fromOldest: from.fromOldest === true,
  };
  if (!disk.exists(files.snapDir))
    throw new BackupError(`${from.dataDir} holds no history: there is no ${VERSION_DIR} in it`);
  makeEmptyDir(to);
  const history = copyHistory(disk, files, to, {});
  const manifest = manifestOf(history, {
    accepted: epochIn(files.snapDir, 'acceptedEpoch'),
    current: epochIn(files.snapDir, 'currentEpoch'),
  });
  writeManifest(to, manifest);
  return manifest;
}

/** Every byte is compared with its checksum, then all is loaded and replayed. Throws BackupError. */
export function verifyBackup(disk: Disk, dir: string, scratch: string): Manifest {
  const manifest = readManifest(dir);
  for (const entry of [manifest.snapshot, ...manifest.logs]) checkFile(dir, entry);
  const { database } = replay(disk, dir, scratch, {});
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

export interface Restored {
  readonly zxid: Zxid;
  readonly nodes: number;
  /** Transactions of the backup behind that. */
  readonly leftOut: number;
  /** The epoch that the directory was given, which no server had before. 0: a standalone history, which has none. */
  readonly epoch: number;
}

/**
 * Makes a data directory as of a transaction, a time, or the end. In an ensemble it counts as of an epoch that is later
 * than any of the old members: one of these may not lead with its longer history, and gives up what is beyond.
 */
export function restoreBackup(disk: Disk, from: string, dataDir: string, limits: CopyLimits): Restored {
  const manifest = readManifest(from);
  for (const entry of [manifest.snapshot, ...manifest.logs]) checkFile(from, entry);
  makeEmptyDir(dataDir);
  const { database, leftOut } = replay(disk, from, join(dataDir, VERSION_DIR), limits);
  const zxid = database.lastProcessedZxid;
  const known = Math.max(manifest.epochs.accepted ?? 0, manifest.epochs.current ?? 0, epochOf(zxid));
  const epoch = known === 0 ? 0 : known + 1;
  if (epoch > 0) {
    for (const name of ['acceptedEpoch', 'currentEpoch']) writeFileSync(join(dataDir, VERSION_DIR, name), `${epoch}`);
  }
  return { zxid, nodes: database.tree.nodeCount, leftOut, epoch };
}

function replay(disk: Disk, dir: string, to: string, limits: CopyLimits): CopiedHistory {
  makeEmptyDir(to);
  return copyHistory(disk, { snapDir: dir, logDir: dir }, to, limits);
}

function manifestOf(history: CopiedHistory, epochs: Manifest['epochs']): Manifest {
  const { database, logs, snapshot } = history;
  return {
    format: 1,
    made: new Date().toISOString(),
    snapshot,
    logs,
    lastZxid: zxidHex(database.lastProcessedZxid),
    lastTime: logs.at(-1)?.lastTime,
    digest: database.tree.digest().toString(),
    nodes: database.tree.nodeCount,
    epochs,
  };
}

function checkFile(dir: string, { name, bytes, sha256: wanted }: FileEntry): void {
  const path = join(dir, name);
  try {
    const size = statSync(path).size;
    if (size !== bytes) throw new BackupError(`${path} has ${size} bytes, and the manifest says ${bytes}`);
    if (sha256OfFile(path) !== wanted) throw new BackupError(`${path} is damaged: its checksum is not the manifest's`);
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

function epochIn(dir: string, name: string): number | undefined {
  try {
    const text = readFileSync(join(dir, name), 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** As a person writes it: 0x200000005, or 200000005. */
export function zxidOf(text: string): Zxid {
  const zxid = parseZxidHex(text.replace(/^0x/i, '').toLowerCase());
  if (zxid === undefined) throw new BackupError(`"${text}" is no zxid: write hex digits, as in 0x200000005`);
  return zxid;
}
