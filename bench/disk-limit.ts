import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The limit row of writes: how often a second the disk syncs a small record, appended or into zeroed space. */
const RECORD = Buffer.alloc(200, 1);
const RUN_MS = 2000;
const ZEROED_BYTES = 64 << 20;

export async function diskSyncRate(): Promise<{ readonly appended: number; readonly zeroed: number }> {
  const dir = resolve(import.meta.dirname, '..', '.cache', 'bench');
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'sync-rate');
  try {
    return { appended: rate(path, false), zeroed: rate(path, true) };
  } finally {
    rmSync(path, { force: true });
  }
}

function rate(path: string, isZeroed: boolean): number {
  const file = openSync(path, 'w');
  if (isZeroed) writeSync(file, Buffer.alloc(ZEROED_BYTES), 0, ZEROED_BYTES, 0);
  fdatasyncSync(file);
  const began = performance.now();
  let syncs = 0;
  while (performance.now() - began < RUN_MS) {
    writeSync(file, RECORD, 0, RECORD.length, syncs * RECORD.length);
    fdatasyncSync(file);
    syncs++;
  }
  const seconds = (performance.now() - began) / 1000;
  closeSync(file);
  return Math.round(syncs / seconds);
}
