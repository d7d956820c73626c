import '../io/node-required.ts';
import { createWriteStream, type WriteStream } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import { parseConnectString } from '../client/connect-string.ts';
import { type Entry, type EntryFilter, isWanted, withoutData } from '../record/entry.ts';
import { entryText } from '../record/entry-text.ts';
import { Recorder } from '../record/recorder.ts';
import { argumentsOf } from './usage.ts';

/** A proxy in front of a ZooKeeper that tells what clients and servers say to each other. */

const USAGE = `Usage: menagerie record --to <host:port,...> [--listen [host:]port] [--out file] [--frames] [--against host:port]
                        [--op name,...] [--path /p] [--errors] [--pings] [--data] [--json] [--no-colour]

  --to <servers>       where clients are passed on to, in turn
  --listen <port>      for clients, on 127.0.0.1 unless a host is named; a free port by default
  --out <file>         every entry, as a line of JSON, whatever is shown
  --frames             whole requests in --out, so that menagerie compare can ask them again; data of nodes is in them,
                       credentials never are
  --against <server>   is asked the same, and what it answers otherwise is told
  --op, --path         only these operations; only this path, or with /** at its end all below it
  --errors             only what was not answered with success
  --pings              pings too
  --data               data of nodes in what is shown and stored, up to 64 bytes
  --json               what is shown as JSON

Passwords, SASL tokens and credentials are counted, and neither shown nor stored.
`;

interface Arguments {
  readonly to: string;
  readonly host: string;
  readonly port: number;
  readonly out: string | undefined;
  readonly frames: boolean;
  readonly against: string | undefined;
  readonly filter: EntryFilter;
  readonly data: boolean;
  readonly json: boolean;
  readonly colours: boolean;
}

const FLAGS = new Set(['--frames', '--errors', '--pings', '--data', '--json', '--no-colour']);
const VALUED = new Set(['--to', '--listen', '--out', '--against', '--op', '--path']);

function parseArguments(argv: readonly string[]): Arguments | string {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let i = 0; i < argv.length; i++) {
    const option = argv[i] as string;
    if (FLAGS.has(option)) flags.add(option);
    else if (VALUED.has(option)) {
      const value = argv[++i];
      if (value === undefined || value === '') return `${option} needs a value`;
      values.set(option, value);
    } else return `unknown option ${option}`;
  }
  const to = values.get('--to');
  if (to === undefined) return '--to is needed: the servers that clients are passed on to';
  if (flags.has('--frames') && !values.has('--out')) return '--frames is for --out';
  const listen = /^(?:(.*):)?(\d+)$/.exec(values.get('--listen') ?? '0');
  if (listen === null) return `--listen ${values.get('--listen')}: [host:]port is meant`;
  return {
    to,
    host: listen[1] ?? '127.0.0.1',
    port: Number(listen[2]),
    out: values.get('--out'),
    frames: flags.has('--frames'),
    against: values.get('--against'),
    filter: {
      ops: values.get('--op')?.split(','),
      path: values.get('--path'),
      onlyErrors: flags.has('--errors'),
      pings: flags.has('--pings'),
    },
    data: flags.has('--data'),
    json: flags.has('--json'),
    colours: !flags.has('--no-colour') && process.stdout.isTTY && process.env.NO_COLOR === undefined,
  };
}

async function main(): Promise<void> {
  const args = argumentsOf(USAGE, parseArguments);
  if (args === undefined) return;
  const out = args.out === undefined ? undefined : createWriteStream(args.out);
  let differences = 0;
  const recorder = new Recorder({
    servers: parseConnectString(args.to).servers,
    against: args.against === undefined ? undefined : parseConnectString(args.against).servers[0],
    frames: args.frames,
    onEntry: (entry) => {
      if (entry.kind === 'difference') differences++;
      tell(entry, args, out);
    },
  });
  const port = await recorder.listen(args.port, args.host);
  process.stderr.write(`clients: ${args.host}:${port}, passed on to ${args.to}\n`);
  const end = (): void => {
    void recorder.close().then(() => {
      if (args.against !== undefined) process.stderr.write(`differences: ${differences}\n`);
      if (out === undefined) process.exit(differences === 0 ? 0 : 1);
      out.end(() => process.exit(differences === 0 ? 0 : 1));
    });
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

function tell(entry: Entry, { filter, json, colours, data, frames }: Arguments, out: WriteStream | undefined): void {
  out?.write(`${JSON.stringify(data || frames ? entry : withoutData(entry))}\n`);
  if (!isWanted(entry, filter)) return;
  const { frame: _frame, ...shown } = data ? entry : withoutData(entry);
  process.stdout.write(json ? `${JSON.stringify(shown)}\n` : entryText(entry, { colours, data }));
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
