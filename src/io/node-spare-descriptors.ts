import * as fs from 'node:fs';
import { devNull } from 'node:os';

/**
 * Opens files of the data directories also when clients have taken every file descriptor of the process. A few are kept
 * aside, and given up when an open fails for the want of one. They are taken back at the next close, in the same call,
 * so that no connection gets there first. Without them anyone who opens enough connections stops the peer at its next
 * log file, whose directory has to be opened for a sync.
 *
 * They are the process's, as the limit is. Three are enough: a snapshot's file, and one directory each that the log and
 * a snapshot have open at a time; other files are closed in the call that opens them. Files that are only read get
 * none: a learner that cannot be served from the log on disk is sent a snapshot.
 */
const SPARE_COUNT = 3;
const spare: number[] = [];

/** As fs.openSync. */
export function openDescriptor(path: string, flags: number, mode: number): number {
  refill();
  try {
    return fs.openSync(path, flags, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const given = code === 'EMFILE' || code === 'ENFILE' ? spare.pop() : undefined;
    if (given === undefined) throw error;
    fs.closeSync(given);
    return fs.openSync(path, flags, mode);
  }
}

/** As fs.closeSync. */
export function closeDescriptor(fd: number): void {
  fs.closeSync(fd);
  refill();
}

function refill(): void {
  while (spare.length < SPARE_COUNT) {
    try {
      spare.push(fs.openSync(devNull, fs.constants.O_RDONLY));
    } catch {
      return;
    }
  }
}
