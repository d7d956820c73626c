import { readdirSync, readFileSync, statSync } from 'node:fs';
import { freemem, homedir, hostname, release, tmpdir, totalmem, userInfo } from 'node:os';

/** The calls NodeHost makes to the system: each of them can fail, and says so by throwing. */
export interface SystemCalls {
  hostname(): string;
  tmpdir(): string;
  /** The release of the system. */
  release(): string;
  userName(): string;
  homedir(): string;
  cwd(): string;
  /** Bytes. */
  freemem(): number;
  totalmem(): number;
  residentBytes(): number;
  openFiles(): number;
  /** As /proc tells them. */
  limits(): string;
}

export const SYSTEM_CALLS: SystemCalls = {
  hostname,
  tmpdir,
  release,
  userName: () => userInfo().username,
  homedir,
  cwd: () => process.cwd(),
  freemem,
  totalmem,
  residentBytes: () => process.memoryUsage.rss(),
  // From Linux 6.2 on the size of the directory is their number: to list 100,000 of them takes 50 ms.
  openFiles: () => statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length,
  limits: () => readFileSync('/proc/self/limits', 'latin1'),
};
