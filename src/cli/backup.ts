#!/usr/bin/env node
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createBackup, restoreBackup, verifyBackup, zxidOf } from '../backup/backup.ts';
import { BackupError } from '../backup/backup-error.ts';
import type { CopyLimits } from '../backup/copied-log.ts';
import { messageOf } from '../base/errors.ts';
import { zxidHex } from '../jute/zxid.ts';
import { toolDisk } from './files/tool.ts';

/** `backup.js create|verify|restore`: copies of a server's history, proofs of them, and directories made from them. */
const USAGE = `Usage: menagerie backup create --data-dir DIR [--data-log-dir DIR] [--from-oldest] --to NEWDIR
       menagerie backup verify BACKUP
       menagerie backup restore BACKUP --data-dir NEWDIR [--to-zxid ZXID | --to-time TIME]

bin/zkBackup.sh is the same.

create   copies the newest whole snapshot and the logs since, from a server that runs or not, and replays the copy;
         --from-oldest begins with the oldest, so that a restore can go back further
verify   compares every byte with its checksum, loads the snapshot, replays the logs and compares the digest
restore  makes a data directory as of the end, of a transaction (0x200000005), or of a time (2026-11-30T14:05:00Z)

Nothing is written but the new directory. Ends with 0, with 1 and a sentence when it cannot be done, with 2 for a wrong use.
`;

const OPTIONS = {
  'data-dir': { type: 'string' },
  'data-log-dir': { type: 'string' },
  'from-oldest': { type: 'boolean' },
  to: { type: 'string' },
  'to-zxid': { type: 'string' },
  'to-time': { type: 'string' },
  help: { type: 'boolean' },
} as const;

class UsageError extends Error {}

function main(argv: readonly string[]): number {
  try {
    const { values, positionals } = parse(argv);
    if (values.help === true) say(USAGE);
    else run(positionals, values);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${USAGE}`);
    else if (error instanceof BackupError) process.stderr.write(`${error.message}\n`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

type Values = ReturnType<typeof parse>['values'];

function run([verb, ...rest]: readonly string[], values: Values): void {
  if (verb === 'create') create(rest, values);
  else if (verb === 'verify') verify(rest, values);
  else if (verb === 'restore') restore(rest, values);
  else throw new UsageError(verb === undefined ? 'say create, verify or restore' : `there is no "${verb}" here`);
}

function create(rest: readonly string[], values: Values): void {
  only(rest, 0, values, ['data-dir', 'data-log-dir', 'from-oldest', 'to']);
  const dataDir = needed(values, 'data-dir');
  const to = needed(values, 'to');
  const { snapshot, logs, lastZxid, nodes } = createBackup(
    toolDisk(),
    { dataDir, dataLogDir: values['data-log-dir'] ?? dataDir, fromOldest: values['from-oldest'] === true },
    to,
  );
  const bytes = logs.reduce((sum, log) => sum + log.bytes, snapshot.bytes);
  say(`${to}: ${snapshot.name} and ${logs.length} logs, ${bytes} bytes; ${nodes} nodes at zxid 0x${lastZxid}\n`);
}

/** The replay works on a copy beside the backup, which is removed again. */
function verify(rest: readonly string[], values: Values): void {
  only(rest, 1, values, []);
  const backup = rest[0] as string;
  const scratch = mkdtempSync(join(dirname(resolve(backup)), 'verifying-'));
  try {
    const { lastZxid, lastTime, nodes } = verifyBackup(toolDisk(), backup, join(scratch, 'replay'));
    say(
      `${backup} is whole: ${nodes} nodes at zxid 0x${lastZxid}${lastTime === undefined ? '' : `, of ${lastTime}`}\n`,
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function restore(rest: readonly string[], values: Values): void {
  only(rest, 1, values, ['data-dir', 'to-zxid', 'to-time']);
  const dataDir = needed(values, 'data-dir');
  const made = restoreBackup(toolDisk(), rest[0] as string, dataDir, limitsOf(values));
  say(
    `${dataDir}: ${made.nodes} nodes at zxid 0x${zxidHex(made.zxid)}; ${made.leftOut} later transactions are left out\n`,
  );
  if (made.epoch > 0) {
    say(
      `It counts as of epoch ${made.epoch}. Start this server first, with the data directories of all others moved away: ` +
        'they take this history from it. It needs a myid.\n',
    );
  }
}

function limitsOf(values: Values): CopyLimits {
  const { 'to-zxid': zxid, 'to-time': time } = values;
  if (zxid !== undefined && time !== undefined) throw new UsageError('--to-zxid or --to-time, not both');
  if (zxid !== undefined) return { upToZxid: zxidOf(zxid) };
  if (time === undefined) return {};
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new UsageError(`--to-time ${time} is no time: write 2026-11-30T14:05:00Z`);
  return { upToTimeMs: ms };
}

function only(rest: readonly string[], count: number, values: Values, names: readonly string[]): void {
  if (rest.length < count) throw new UsageError('name the backup');
  if (rest.length > count) throw new UsageError(`there is no use for "${rest[count]}"`);
  const other = Object.keys(values).find((name) => !names.includes(name));
  if (other !== undefined) throw new UsageError(`--${other} has no use here`);
}

function needed(values: Values, name: 'data-dir' | 'to'): string {
  const value = values[name];
  if (value === undefined || value === '') throw new UsageError(`--${name} is needed`);
  return value;
}

function say(text: string): void {
  process.stdout.write(text);
}

process.exitCode = main(process.argv.slice(2));
