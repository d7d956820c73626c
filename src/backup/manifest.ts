import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
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
  readonly epochs: { readonly accepted: number | undefined; readonly current: number | undefined };
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

const NAME = 'manifest.json';

export function writeManifest(dir: string, manifest: Manifest): void {
  const body = JSON.stringify(manifest, undefined, 1);
  writeFileSync(join(dir, NAME), `${body}\n${sha256(Buffer.from(body))}\n`, { mode: 0o640, flag: 'wx' });
}

/** Throws BackupError. */
export function readManifest(dir: string): Manifest {
  const path = join(dir, NAME);
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

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const CHUNK_BYTES = 1 << 20;

/** In pieces: a snapshot may be longer than one buffer can be. */
export function sha256OfFile(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) hash.update(chunk.subarray(0, got));
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}
