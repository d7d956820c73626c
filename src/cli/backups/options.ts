import { parseArgs } from 'node:util';
import { messageOf } from '../../base/errors.ts';

/** The command line of `menagerie backup`: which verb takes which options, and the sentence for each that is wrong. */
export const USAGE = `Usage: menagerie backup create FROM --to NEWDIR [--from-oldest]
       menagerie backup create FROM --to DIR --follow [--every 24h] [--keep 7] [--keep-for 30d] [--interval 1s]
       menagerie backup list BACKUP
       menagerie backup verify BACKUP
       menagerie backup restore BACKUP --data-dir NEWDIR [--data-log-dir NEWDIR] [--to-zxid ZXID | --to-time TIME]
       menagerie backup diff LEFT RIGHT [--depth N] [--json] [--authorization ...]

bin/zkBackup.sh is the same.

FROM     --data-dir DIR [--data-log-dir DIR]                     the directories of a server that runs or not
         --from http://host:8080 [--authorization 'digest user:password']       the admin port of a server that runs
BACKUP   a directory that create made, or one that follow ships into

create   copies the newest whole snapshot and the logs since, and replays the copy; --from-oldest begins with the oldest
         in the directories, so that a restore can go back further
--follow goes on until it is stopped, and ships what is new each --interval; a new backup begins each --every, --keep of
         them stay, and --keep-for removes those that nothing younger can be restored from
list     says which transactions and times a backup holds
verify   compares every byte with its checksum, loads the snapshot, replays the logs and compares the digest
restore  makes a data directory as of the end, of a transaction (0x200000005), or of a time (2026-11-30T14:05:00Z)
diff     says what was added (+), removed (-) and changed (~) from LEFT to RIGHT; each is a backup, a data directory, or
         http://host:8080; --depth N counts by subtree and names no paths. Ends with 0 when they are equal, with 1 when
         they differ, with 2 when that cannot be told

ZK_ADMIN_AUTHORIZATION in the environment stands for --authorization, which others see in the list of processes.
Nothing is written but the new directory. Ends with 0, with 1 and a sentence when it cannot be done, with 2 for a wrong use.
`;

const OPTIONS = {
  'data-dir': { type: 'string' },
  'data-log-dir': { type: 'string' },
  from: { type: 'string' },
  authorization: { type: 'string' },
  'from-oldest': { type: 'boolean' },
  to: { type: 'string' },
  follow: { type: 'boolean' },
  every: { type: 'string' },
  keep: { type: 'string' },
  'keep-for': { type: 'string' },
  interval: { type: 'string' },
  'to-zxid': { type: 'string' },
  'to-time': { type: 'string' },
  depth: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** How many operands, and which options, each verb takes. */
const VERBS: Readonly<Record<string, { readonly operands: readonly string[]; readonly options: readonly Name[] }>> = {
  create: {
    operands: [],
    options: [
      'data-dir',
      'data-log-dir',
      'from',
      'authorization',
      'from-oldest',
      'to',
      'follow',
      'every',
      'keep',
    ].concat(['keep-for', 'interval']) as Name[],
  },
  list: { operands: ['the backup'], options: [] },
  verify: { operands: ['the backup'], options: [] },
  restore: { operands: ['the backup'], options: ['data-dir', 'data-log-dir', 'to-zxid', 'to-time'] },
  diff: {
    operands: ['two backups, directories or servers', 'a second one'],
    options: ['depth', 'json', 'authorization'],
  },
};

export type Name = keyof typeof OPTIONS;
export type Values = ReturnType<typeof parse>['values'];

/** The command line is wrong; nothing was done. */
export class UsageError extends Error {}

export interface Command {
  readonly verb: string;
  readonly operands: readonly string[];
  readonly values: Values;
}

/** undefined: help is asked for. Throws UsageError. */
export function readCommand(argv: readonly string[]): Command | undefined {
  const { values, positionals } = parse(argv);
  if (values.help === true) return undefined;
  const [verb, ...operands] = positionals;
  const names = Object.keys(VERBS).join(', ');
  if (verb === undefined) throw new UsageError(`say one of ${names}`);
  const rule = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (rule === undefined) throw new UsageError(`there is no "${verb}" here: say one of ${names}`);
  if (operands.length < rule.operands.length) throw new UsageError(`name ${rule.operands[operands.length]}`);
  if (operands.length > rule.operands.length) {
    throw new UsageError(`there is no use for "${operands[rule.operands.length]}"`);
  }
  const other = Object.keys(values).find((name) => !rule.options.includes(name as Name));
  if (other !== undefined) throw new UsageError(`--${other} has no use with ${verb}`);
  for (const [name, value] of Object.entries(values)) {
    if (value === '') throw new UsageError(`--${name} has no value`);
  }
  return { verb, operands, values };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "90s", "30m", "24h", "7d", in ms; undefined where there is no value. */
export function duration(values: Values, name: 'every' | 'keep-for' | 'interval'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new UsageError(`--${name} ${text} is no time: write 90s, 30m, 24h or 7d`);
  return ms;
}

export function count(values: Values, name: 'keep' | 'depth'): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`--${name} ${text} is no number from 1 on`);
  return Number(text);
}
