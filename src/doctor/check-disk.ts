import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { bad, type Finding, good, note, unknown } from './finding.ts';

/** Checks the disk under the directories, and the system's limits for a process. */
const SYNCS = 20;
const SLOW_SYNC_MS = 20;
const LEAST_FREE_SHARE = 0.1;
const LEAST_FREE_BYTES = 1 << 30;
const LEAST_OPEN_FILES = 4096;
const LEAST_FILE_BYTES = 1 << 30;

export function checkDisk(dataDir: string, dataLogDir: string): Finding[] {
  const dirs = dataDir === dataLogDir ? [dataDir] : [dataDir, dataLogDir];
  return [...dirs.flatMap((dir) => [...checkRoom(dir), ...checkSyncTime(dir)]), ...checkOneDisk(dataDir, dataLogDir)];
}

function checkRoom(dir: string): Finding[] {
  try {
    const { bavail, blocks, bsize } = statfsSync(dir);
    const free = bavail * bsize;
    const text = `${gibibytes(free)} free of ${gibibytes(blocks * bsize)} for ${dir}`;
    if (free < LEAST_FREE_BYTES || free < LEAST_FREE_SHARE * blocks * bsize) {
      return [bad('disk', text, 'make room: a server stops when its log cannot grow (docs/OPERATIONS.md, full disks)')];
    }
    return [good('disk', text)];
  } catch (error) {
    return [bad('disk', `${dir} cannot be looked at: ${messageOf(error)}`, 'create it, or mount what belongs there')];
  }
}

/** A file of its own beside the data, for a moment. */
function checkSyncTime(dir: string): Finding[] {
  const path = join(dir, `doctor-${process.pid}`);
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      const times: number[] = [];
      for (let i = 0; i < SYNCS; i++) {
        const began = performance.now();
        writeSync(file, Buffer.alloc(512));
        fdatasyncSync(file);
        times.push(performance.now() - began);
      }
      const median = times.sort((a, b) => a - b)[SYNCS >> 1] as number;
      const text = `a sync in ${dir} takes ${median.toFixed(1)} ms; every write waits for one`;
      if (median > SLOW_SYNC_MS) return [bad('disk', text, 'put dataLogDir on a disk that syncs faster')];
      return [good('disk', text)];
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  } catch (error) {
    return [bad('disk', `${dir} cannot be written to: ${messageOf(error)}`, 'run as the user of the server')];
  }
}

function checkOneDisk(dataDir: string, dataLogDir: string): Finding[] {
  try {
    if (statSync(dataDir).dev !== statSync(dataLogDir).dev) return [good('disk', 'snapshots and log are on two disks')];
    return [note('disk', 'snapshots and log are on one disk: a snapshot can slow the log down (dataLogDir)')];
  } catch {
    return [];
  }
}

export function checkLimits(limits = '/proc/self/limits'): Finding[] {
  try {
    const told = readFileSync(limits, 'latin1');
    return [...checkOpenFiles(limitIn(told, 'open files')), ...checkFileSize(limitIn(told, 'file size'))];
  } catch {
    return [unknown('limits', 'this system does not tell its limits')];
  }
}

function limitIn(told: string, name: string): number {
  const soft = new RegExp(`^Max ${name}\\s+(\\S+)`, 'm').exec(told)?.[1];
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? Number.NaN);
}

function checkOpenFiles(limit: number): Finding[] {
  if (Number.isNaN(limit)) return [unknown('limits', 'the limit of open files is not told')];
  const text = `this user may have ${limit} files open`;
  if (limit >= LEAST_OPEN_FILES) return [good('limits', text)];
  return [bad('limits', text, 'raise it (ulimit -n, LimitNOFILE): a client costs one each')];
}

/** A log file grows by steps of 64 MiB, and a snapshot is as long as the tree. */
function checkFileSize(limit: number): Finding[] {
  if (Number.isNaN(limit) || limit >= LEAST_FILE_BYTES) return [];
  const text = `files of this user may have ${limit} bytes at most`;
  return [bad('limits', text, 'raise it (ulimit -f, LimitFSIZE): a server stops when its log cannot grow')];
}

function gibibytes(bytes: number): string {
  return `${(bytes / (1 << 30)).toFixed(1)} GiB`;
}
