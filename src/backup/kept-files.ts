import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { isLocked } from '../io/node-lock.ts';
import { VERSION_DIR } from '../txnlog/file-names.ts';
import { BackupError } from './backup-error.ts';
import { sha256OfFile } from './manifest.ts';

/** Keeps the first `bytes` of a file, which are good, in a new place or where it lies; answers their SHA-256. */
export type Keep = (from: string, name: string, bytes: number) => string;

/** The file is looked at and stays what it is. */
export const lookOnly: Keep = () => '';

/** Bytes that were copied, for a bar that tells how far it is, and how many there will be when only that tells. */
export type OnBytes = (bytes: number, total?: number) => void;

export function copyTo(dir: string, onBytes: OnBytes): Keep {
  return (from, name, bytes) => copyBytes(from, join(dir, name), bytes, onBytes);
}

/** Cut behind the good part, where the file lies. */
export const cutInPlace: Keep = (from, _name, bytes) => {
  const file = openSync(from, 'r+');
  try {
    ftruncateSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return sha256OfFile(from);
};

const CHUNK_BYTES = 1 << 20;

/** The first `bytes` of a file, durable on return; their SHA-256. */
function copyBytes(from: string, to: string, bytes: number, onBytes: OnBytes): string {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'wx', 0o640);
    try {
      const hash = createHash('sha256');
      copyInto(source, target, bytes, { hash, onBytes });
      fsyncSync(target);
      return hash.digest('hex');
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

interface Seen {
  readonly hash: Hash;
  readonly onBytes: OnBytes;
}

function copyInto(source: number, target: number, bytes: number, { hash, onBytes }: Seen): void {
  const chunk = Buffer.allocUnsafe(Math.min(bytes, CHUNK_BYTES));
  for (let at = 0; at < bytes; ) {
    const got = readSync(source, chunk, 0, Math.min(chunk.length, bytes - at), at);
    if (got === 0) throw new BackupError(`a file ended at ${at} of ${bytes} bytes while it was copied`);
    const part = chunk.subarray(0, got);
    hash.update(part);
    for (let written = 0; written < got; ) written += writeSync(target, part, written, got - written, at + written);
    at += got;
    onBytes(got);
  }
}

/**
 * Runs `task` on a new directory, or on one in which there is nothing but files named `besides`, and takes what it made
 * away again when it fails. Throws BackupError, also for a place in the directory of a running server.
 */
export async function withNewDir<T>(
  dir: string,
  task: () => T | Promise<T>,
  besides: readonly string[] = [],
): Promise<T> {
  const made = makeNewDir(dir, besides);
  try {
    return await task();
  } catch (error) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    else for (const name of others(dir, besides)) rmSync(join(dir, name), { recursive: true, force: true });
    throw error;
  }
}

/** The topmost directory that was made; undefined when `dir` was there. */
function makeNewDir(dir: string, besides: readonly string[]): string | undefined {
  refuseBesideServer(dir);
  try {
    const made = mkdirSync(dir, { recursive: true, mode: 0o750 });
    if (others(dir, besides).length > 0) throw new BackupError(`${dir} is not empty: name a new directory`);
    return made;
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${dir} cannot be used: ${messageOf(error)}`);
  }
}

function others(dir: string, besides: readonly string[]): string[] {
  return readdirSync(dir).filter((name) => !besides.includes(name));
}

/** Nothing is written into, or below, a directory that a running server holds. Throws BackupError. */
export function refuseBesideServer(dir: string): void {
  for (let at = resolve(dir); ; at = dirname(at)) {
    if (existsSync(join(at, VERSION_DIR)) && isLocked(at))
      throw new BackupError(`${at} is in use by a running server: nothing is written there`);
    if (at === dirname(at)) return;
  }
}
