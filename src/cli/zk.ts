#!/usr/bin/env node
import { connect, type ZooKeeperClient } from '../client/client.ts';
import { ZooKeeperError } from '../client/errors.ts';
import type { CreateModeName } from '../client/multi.ts';
import type { Stat } from '../jute/data-records.ts';
import { zxidHex } from '../jute/zxid.ts';

/**
 * A few commands for looking around and for scripts, by the names and with the output of ZooKeeper's own zkCli. One
 * command, one session; exit code 0, 1 for an error of the server, 127 for an unknown command.
 */
const USAGE = `Usage: zk.js [--server host:port,...[/chroot]] [--timeout ms] <command>

  ls [-s] [-R] <path>
  get [-s] <path>
  stat <path>
  create [-s] [-e] [-c] [-t ttl] <path> [data]
  set [-s] [-v version] <path> <data>
  delete [-v version] <path>
  deleteall <path>
  sync <path>
  whoami
  config
`;

const OK = 0;
const FAILED = 1;
const UNKNOWN_COMMAND = 127;

/** Flags that take a value, of any command. */
const VALUED = new Set(['-v', '-t']);

interface Command {
  readonly name: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  let server = '127.0.0.1:2181';
  let sessionTimeoutMs = 30_000;
  while (args[0]?.startsWith('-') === true) {
    const option = args.shift();
    const value = args.shift();
    if ((option === '--server' || option === '-server') && value !== undefined) server = value;
    else if ((option === '--timeout' || option === '-timeout') && value !== undefined) sessionTimeoutMs = Number(value);
    else return usage();
  }
  const command = parseCommand(args);
  const run = COMMANDS[command.name];
  if (run === undefined) return usage();
  const signal = AbortSignal.timeout(sessionTimeoutMs);
  let client: ZooKeeperClient;
  try {
    client = await connect(server, { sessionTimeoutMs, signal });
  } catch (error) {
    process.stderr.write(signal.aborted ? `no connection to ${server}\n` : `${String(error)}\n`);
    return FAILED;
  }
  try {
    await run(client, command);
    return OK;
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return FAILED;
  } finally {
    await client.close();
  }
}

function usage(): number {
  process.stderr.write(USAGE);
  return UNKNOWN_COMMAND;
}

function parseCommand(args: readonly string[]): Command {
  const flags = new Map<string, string>();
  const words: string[] = [];
  for (let i = 1; i < args.length; i++) {
    const arg = args[i] as string;
    if (VALUED.has(arg)) flags.set(arg, args[++i] ?? '');
    else if (/^-[a-zA-Z]$/.test(arg)) flags.set(arg, '');
    else words.push(arg);
  }
  return { name: args[0] ?? '', flags, words };
}

type Run = (client: ZooKeeperClient, command: Command) => Promise<void>;

const COMMANDS: Readonly<Record<string, Run>> = {
  ls: async (client, command) => {
    const path = pathOf(command);
    if (command.flags.has('-R')) {
      await listTree(client, path);
      return;
    }
    const { children, stat } = await client.getChildrenAndStat(path);
    print(`[${children.sort().join(', ')}]`);
    if (command.flags.has('-s')) printStat(stat);
  },
  get: async (client, command) => {
    const { data, stat } = await client.getData(pathOf(command));
    print(data === undefined ? 'null' : data.toString('utf8'));
    if (command.flags.has('-s')) printStat(stat);
  },
  stat: async (client, command) => {
    const stat = await client.exists(pathOf(command));
    if (stat === undefined) throw new ZooKeeperError(-101, pathOf(command));
    printStat(stat);
  },
  create: async (client, command) => {
    const ttl = command.flags.get('-t');
    const path = await client.create(pathOf(command), command.words[1], {
      mode: modeOf(command.flags),
      ...(ttl === undefined ? {} : { ttlMs: Number(ttl) }),
    });
    process.stderr.write(`Created ${path}\n`);
  },
  set: async (client, command) => {
    const stat = await client.setData(pathOf(command), command.words[1] ?? '', { version: versionOf(command) });
    if (command.flags.has('-s')) printStat(stat);
  },
  delete: (client, command) => client.delete(pathOf(command), { version: versionOf(command) }),
  deleteall: (client, command) => deleteTree(client, pathOf(command)),
  sync: async (client, command) => {
    await client.sync(pathOf(command));
    print('Sync is OK');
  },
  whoami: async (client) => {
    print('Auth scheme: User');
    for (const { scheme, id } of await client.whoAmI()) print(`${scheme}: ${id}`);
  },
  config: async (client) => {
    const { data } = await client.getConfig();
    print(data?.toString('utf8') ?? '');
  },
};

function pathOf(command: Command): string {
  return command.words[0] ?? '/';
}

function versionOf(command: Command): number {
  return Number(command.flags.get('-v') ?? -1);
}

function modeOf(flags: ReadonlyMap<string, string>): CreateModeName {
  const sequential = flags.has('-s');
  if (flags.has('-c')) return 'container';
  if (flags.has('-t')) return sequential ? 'persistentSequentialWithTTL' : 'persistentWithTTL';
  if (flags.has('-e')) return sequential ? 'ephemeralSequential' : 'ephemeral';
  return sequential ? 'persistentSequential' : 'persistent';
}

async function listTree(client: ZooKeeperClient, path: string): Promise<void> {
  print(path);
  for (const child of (await client.getChildren(path)).sort()) {
    await listTree(client, path === '/' ? `/${child}` : `${path}/${child}`);
  }
}

async function deleteTree(client: ZooKeeperClient, path: string): Promise<void> {
  for (const child of await client.getChildren(path)) await deleteTree(client, `${path === '/' ? '' : path}/${child}`);
  await client.delete(path);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printStat(stat: Stat): void {
  print(`cZxid = 0x${zxidHex(stat.czxid)}`);
  print(`ctime = ${new Date(stat.ctime).toISOString()}`);
  print(`mZxid = 0x${zxidHex(stat.mzxid)}`);
  print(`mtime = ${new Date(stat.mtime).toISOString()}`);
  print(`pZxid = 0x${zxidHex(stat.pzxid)}`);
  print(`cversion = ${stat.cversion}`);
  print(`dataVersion = ${stat.version}`);
  print(`aclVersion = ${stat.aversion}`);
  print(`ephemeralOwner = 0x${BigInt.asUintN(64, stat.ephemeralOwner).toString(16)}`);
  print(`dataLength = ${stat.dataLength}`);
  print(`numChildren = ${stat.numChildren}`);
}

process.exitCode = await main();
