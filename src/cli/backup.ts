#!/usr/bin/env node
import { BackupError } from '../backup/backup-error.ts';
import { FatalError, ProtocolError } from '../base/errors.ts';
import { DiskError } from '../io/disk.ts';
import { createCommand } from './backups/create.ts';
import { diffCommand } from './backups/diff.ts';
import { listCommand, restoreCommand, verifyCommand } from './backups/look-back.ts';
import { type Command, readCommand, USAGE, UsageError } from './backups/options.ts';

/** `backup.js create|list|verify|restore|diff`: copies of a server's history, proofs of them, and what is made from them. */
const VERBS: Readonly<Record<string, (command: Command) => Promise<number>>> = {
  create: createCommand,
  list: listCommand,
  verify: verifyCommand,
  restore: restoreCommand,
  diff: diffCommand,
};

/** As of diff(1): 1 says that the two differ. */
const NO_ANSWER = 2;

async function main(argv: readonly string[]): Promise<number> {
  let command: Command | undefined;
  try {
    command = readCommand(argv);
    const run = VERBS[command?.verb ?? ''];
    if (command === undefined || run === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    return await run(command);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (!isOfTheWorld(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return command?.verb === 'diff' ? NO_ANSWER : 1;
  }
}

/** A file, a directory or a server is not as it should be; everything else is a bug. */
function isOfTheWorld(error: unknown): error is Error {
  if (error instanceof BackupError || error instanceof DiskError || error instanceof ProtocolError) return true;
  return error instanceof FatalError || (error instanceof Error && 'syscall' in error);
}

process.stdout.on('error', () => process.exit(1));
process.exitCode = await main(process.argv.slice(2));
