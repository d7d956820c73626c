#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { lockDirectory } from '../io/node-lock.ts';

/**
 * For scripts that are about to change data directories: `directory-in-use.js <dir>...` ends with 1 and a sentence when
 * a running server has one of them, with 0 otherwise. A directory that is not there is free.
 */
function main(dirs: readonly string[]): number {
  for (const dir of dirs) {
    if (!existsSync(dir)) continue;
    const lock = lockDirectory(dir);
    if (lock === undefined) {
      process.stderr.write(`${dir} is in use by a running server: stop it first\n`);
      return 1;
    }
    lock.release();
  }
  return 0;
}

process.exitCode = main(process.argv.slice(2));
