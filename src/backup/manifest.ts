import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Database } from '../datatree/database.ts';
import { zxidHex } from '../jute/zxid.ts';
import { BackupError } from './backup-error.ts';

/**
 * The contents of a backup in its own words: one snapshot, the logs since, and the tree that replaying them leads to. The manifest is
 * sealed by a checksum of itself, so that a flipped byte anywhere in a backup is found.
 */
export interface Manifest {
  readonly format: 1;
  /** ISO 8601. */
  readonly made: string;
  readonly snapshot: SnapshotEntry;
  readonly logs: readonly LogEntry[];
  /** Where the history ends: as hex digits, ISO 8601 of that transaction, undefined for none. */
  readonly lastZxid: string;
  readonly lastTime: string | undefined;
  /** Of the tree at the end, in decimal; and its nodes. */
  readonly digest: string;
  readonly nodes: number;
  readonly epochs: Epochs;
  /** More is being added: the last log may be longer than its entry says, and what is beyond does not count yet. */
  readonly growing?: true;
}

export interface Epochs {
  readonly accepted: number | undefined;
  readonly current: number | undefined;
}

export interface FileEntry {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface SnapshotEntry extends FileEntry {
  readonly zxid: string;
}

export interface LogEntry extends FileEntry {
  readonly transactions: number;
  readonly firstZxid: string;
  readonly lastZxid: string;
  readonly firstTime: string;
  readonly lastTime: string;
}

export const MANIFEST = 'manifest.json';
/** The name of everything that is not finished, and means nothing until it is renamed. */
export const UNFINISHED = 'writing-';

/** In the place of an older one, in one step; durable on return. */
export function writeManifest(dir: string, manifest: Manifest): void {
  const body = JSON.stringify(manifest, undefined, 1);
  const unfinished = join(dir, `${UNFINISHED}${MANIFEST}`);
  const file = openSync(unfinished, 'w', 0o640);
  try {
    writeFileSync(file, `${body}\n${sha256(Buffer.from(body))}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, join(dir, MANIFEST));
  syncDir(dir);
}

export function manifestOf(
  { snapshot, logs, database }: Pick<Manifest, 'snapshot' | 'logs'> & { readonly database: Database },
  epochs: Epochs,
  made = new Date().toISOString(),
): Manifest {
  return {
    format: 1,
    made,
    snapshot,
    logs,
    lastZxid: zxidHex(database.lastProcessedZxid),
    lastTime: logs.at(-1)?.lastTime,
    digest: database.tree.digest().toString(),
    nodes: database.tree.nodeCount,
    epochs,
  };
}

/** Throws BackupError. */
export function readManifest(dir: string): Manifest {
  const path = join(dir, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new BackupError(`${dir} is no backup: ${messageOf(error)}`);
  }
  const lines = text.split('\n');
  const seal = lines.at(-2) ?? '';
  const body = lines.slice(0, -2).join('\n');
  if (lines.at(-1) !== '' || sha256(Buffer.from(body)) !== seal) {
    throw new BackupError(`${path} is damaged: its own checksum does not match`);
  }
  const manifest = JSON.parse(body) as Manifest;
  if (manifest.format !== 1) throw new BackupError(`${path} is of format ${manifest.format}, and this release reads 1`);
  return manifest;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const CHUNK_BYTES = 1 << 20;

/** Of the first `bytes`, in pieces: a snapshot may be longer than one buffer can be. */
export function sha256OfFile(
  path: string,
  bytes = Number.POSITIVE_INFINITY,
  onBytes = (_got: number): void => {},
): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < bytes; ) {
      const got = readSync(file, chunk, 0, Math.min(chunk.length, bytes - at), at);
      if (got === 0) break;
      hash.update(chunk.subarray(0, got));
      at += got;
      onBytes(got);
    }
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

/** The entries of a directory, durable on return. */
export function syncDir(dir: string): void {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
