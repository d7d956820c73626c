import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../base/errors.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { VERSION_DIR } from '../../txnlog/file-names.ts';
import { line, ToolError, type ToolIo } from '../files/tool.ts';
import { type Change, changesOf } from './changes.ts';
import { Identities } from './identities.ts';

/** `audit.js who /path`: who changed a node, from the transaction log and the audit log. Nothing is written. */
const USAGE = `Usage: menagerie audit who PATH --data-log-dir DIR [--audit FILE]... [--since TIME]
       bin/zkAudit.sh who PATH [--audit FILE]... [--since TIME]      with the directories of the zoo.cfg of zkServer.sh

Says who changed the node PATH: each transaction in the log of this server, with its session; and the names and the address of
that session, from audit logs.

  --audit FILE     an audit log, and the older files FILE.1, FILE.2, ... beside it; audit.file of zoo.cfg is taken by itself. The
                   server that a client is connected to writes its lines: name the files of all servers
  --since TIME     leaves out what is older: 2026-11-30T14:05:00Z, or 90s, 30m, 24h, 7d before now
`;

interface Arguments {
  readonly path: string;
  readonly dir: string;
  readonly audits: readonly string[];
  readonly sinceMs: number;
}

export function auditTool(args: readonly string[], io: ToolIo): number {
  const asked = readArguments(args);
  if (asked === undefined) {
    io.out(USAGE);
    return 0;
  }
  const { path, dir, audits, sinceMs } = asked;
  const { changes, fromMs, defects } = changesOf(dir, path, sinceMs);
  const identities = new Identities(
    path,
    changes.map(({ session }) => session),
  );
  for (const audit of audits) {
    try {
      identities.read(audit);
    } catch (error) {
      throw new ToolError(`${audit} cannot be read: ${messageOf(error)}`);
    }
  }
  for (const change of changes) line(io, lineOf(change, identities));
  for (const defect of defects) io.err(`${defect}\n`);
  if (fromMs === undefined) io.err(`${dir} holds no transaction\n`);
  else {
    const since = new Date(Math.max(fromMs, Number.isFinite(sinceMs) ? sinceMs : fromMs)).toISOString();
    const before = sinceMs <= fromMs ? '; what was before is in no log here' : '';
    io.err(`${changes.length} ${changes.length === 1 ? 'change' : 'changes'} of ${path} since ${since}${before}\n`);
  }
  return 0;
}

function lineOf(change: Change, identities: Identities): string {
  const { zxid, timeMs, session, operation } = change;
  const head = `${new Date(timeMs).toISOString()} zxid 0x${zxidHex(zxid)} ${DEEDS[operation]}`;
  if (operation === 'deleteContainer') return `${head} by the servers: it was empty, or its time was over`;
  const identity = identities.of(change);
  const of = `session 0x${BigInt.asUintN(64, session).toString(16)}`;
  if (identity === undefined) return `${head} by ${of}, of which no audit log here has a line`;
  return `${head} by ${identity.user} from ${identity.ip}, ${of}`;
}

const DEEDS: Readonly<Record<Change['operation'], string>> = {
  create: 'created',
  delete: 'deleted',
  setData: 'data set',
  setAcl: 'ACL set',
  reconfig: 'members changed',
  deleteContainer: 'deleted',
  closeSession: 'deleted with its session,',
};

/** undefined: help is asked for. */
function readArguments(args: readonly string[]): Arguments | undefined {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw wrongUse(messageOf(error));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  const [verb, path, ...more] = positionals;
  if (verb !== 'who') throw wrongUse(verb === undefined ? 'say who' : `there is no "${verb}" here: say who`);
  if (path === undefined) throw wrongUse('name the node');
  if (!path.startsWith('/')) throw wrongUse(`${path} is no path: it begins with /`);
  if (more.length > 0) throw wrongUse(`there is no use for "${more[0]}"`);
  const named = values['data-log-dir'];
  if (named === undefined || named === '') throw wrongUse('--data-log-dir is needed');
  const dir = basename(named) === VERSION_DIR ? named : join(named, VERSION_DIR);
  if (!existsSync(dir)) throw new ToolError(`${named} has no ${VERSION_DIR}: it is no directory of a server`);
  return { path, dir, audits: values.audit ?? [], sinceMs: sinceOf(values.since) };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      'data-log-dir': { type: 'string' },
      audit: { type: 'string', multiple: true },
      since: { type: 'string' },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
}

function wrongUse(why: string): ToolError {
  return new ToolError(`${why}\n\n${USAGE.trimEnd()}`, 2);
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function sinceOf(text: string | undefined): number {
  if (text === undefined) return Number.NEGATIVE_INFINITY;
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = digits === undefined ? Date.parse(text) : Date.now() - Number(digits) * (UNITS[unit as string] as number);
  if (Number.isNaN(ms)) throw wrongUse(`--since ${text} is no time: write 2026-11-30T14:05:00Z, or 90s, 30m, 24h, 7d`);
  return ms;
}
