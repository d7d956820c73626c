import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION_DIR } from '../../txnlog/file-names.ts';
import { carryOutPurge, planPurge } from '../../txnlog/retention.ts';
import { mediumDate } from './java-dates.ts';
import { line, ToolError, type ToolIo, toolDisk } from './tool.ts';

/**
 * PurgeTxnLog: removes snapshots but for the newest ones, and the logs that none of those needs. Meant for cron,
 * so it may run beside a server: what goes is older than everything a start needs, and a server that finds a log gone
 * sends its learner a snapshot instead. Directories that look like another purpose's are refused.
 */
const USAGE = `Usage:
PurgeTxnLog dataLogDir [snapDir] -n count
\tdataLogDir -- path to the txn log directory
\tsnapDir -- path to the snapshot directory
\tcount -- the number of old snaps/logs you want to keep, value should be greater than or equal to 3`;
const FEWEST = 3;

export function purgeTool(args: readonly string[], io: ToolIo): number {
  if (args.length < 3 || args.length > 4) refuse('');
  const dirs = args.slice(0, -2);
  const [flag, countText] = args.slice(-2) as [string, string];
  if (flag !== '-n') refuse(countText === '-n' ? `'${countText}' can not be parsed to integer.` : '');
  const logDir = existing(dirs[0] as string);
  const snapDir = dirs[1] === undefined ? logDir : existing(dirs[1]);
  const count = countOf(countText);
  purge(io, versionDir(logDir), versionDir(snapDir), count);
  return 0;
}

function refuse(why: string): never {
  throw new ToolError(why, 1, USAGE);
}

function existing(dir: string): string {
  if (!existsSync(dir)) refuse(`Path '${dir}' does not exist. `);
  if (!statSync(dir).isDirectory()) refuse(`Path '${dir}' is not a directory. `);
  return dir;
}

function countOf(text: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text)) refuse(`'${text}' can not be parsed to integer.`);
  const count = Number(text);
  if (count < FEWEST) refuse('count should be greater than or equal to 3');
  return count;
}

/** Nothing is made here: a directory without version-2 has nothing to purge, and is most likely the wrong one. */
function versionDir(dir: string): string {
  const inside = join(dir, VERSION_DIR);
  if (!existsSync(inside)) throw new ToolError(`${dir} has no ${VERSION_DIR}: it is no data directory`);
  return inside;
}

function purge(io: ToolIo, logDir: string, snapDir: string, count: number): void {
  if (logDir !== snapDir) {
    refuseForeign(
      snapDir,
      /^log\./,
      'Snapshot directory has log files. Check if dataLogDir and dataDir configuration is correct.',
    );
    refuseForeign(
      logDir,
      /^snapshot\./,
      'Log directory has snapshot files. Check if dataLogDir and dataDir configuration is correct.',
    );
  }
  const disk = toolDisk();
  const plan = planPurge(disk, snapDir, logDir, count, undefined);
  const going = [
    ...plan.logs.map(({ name }) => join(logDir, name)),
    ...plan.snapshots.map(({ name }) => join(snapDir, name)),
  ];
  const writtenMs = new Map(going.map((file) => [file, statSync(file).mtimeMs]));
  carryOutPurge(disk, snapDir, logDir, plan, {
    debug() {},
    info: ({ file }) =>
      line(io, `Removing file: ${mediumDate(writtenMs.get(String(file)) ?? 0, io.timeZone)}\t${file}`),
    warn: (_fields, message) => line(io, message),
    error: (_fields, message) => line(io, message),
  });
}

function refuseForeign(dir: string, pattern: RegExp, sentence: string): void {
  if (readdirSync(dir).some((name) => pattern.test(name))) throw new ToolError(sentence);
}
