import { readFileSync } from 'node:fs';
import { messageOf } from '../../../base/errors.ts';
import { isZooKeeperError, type Reconfiguration, ZooKeeperError } from '../../../client/client.ts';
import { CliError } from '../cli-error.ts';
import { type Command, type CommandContext, usageText } from '../command.ts';
import type { ParsedFlags } from '../flags.ts';
import { dryRun } from '../reconfig-dry-run.ts';
import { statJson } from '../stat-text.ts';
import { printStat } from './read-commands.ts';

/** config, reconfig: who the members are. */
export const config: Command = {
  name: 'config',
  usage: '[-c] [-w] [-s]',
  rules: {
    flags: [
      { name: '-s', help: 'stats' },
      { name: '-w', help: 'watch' },
      { name: '-c', help: 'client connection string' },
    ],
  },
  words: [0, 0],
  async run(context, args) {
    const { client, output, watcher, signal } = context;
    const { data, stat } = await client.getConfig(args.has('-w') ? { watch: watcher, signal } : { signal });
    const text = data?.toString('utf8') ?? 'null';
    output.line(args.has('-c') ? clientConnectString(text) : text);
    if (args.has('-s')) printStat(context, stat);
    output.value({ config: text, clients: clientConnectString(text), stat: statJson(stat) });
  },
};

/** "100000000 host:port,host:port": the version and where each member listens for clients. */
export function clientConnectString(configText: string): string {
  let version = '';
  const addresses: string[] = [];
  for (const line of configText.split('\n')) {
    const equals = line.indexOf('=');
    const [key, value] = [line.slice(0, equals), line.slice(equals + 1)];
    if (key === 'version') version = value;
    const client = key.startsWith('server.') ? value.split(';')[1] : undefined;
    if (client === undefined) continue;
    addresses.push(client.includes(':') ? client : `0.0.0.0:${client}`);
  }
  return `${version} ${addresses.join(',')}`;
}

export const reconfig: Command = {
  name: 'reconfig',
  usage:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | [-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  rules: {
    flags: [
      { name: '-s', help: 'stats' },
      { name: '-v', value: 'version', help: 'required current config version' },
      { name: '-file', value: 'path', help: 'path of config file to parse for membership' },
      {
        name: '-members',
        value: 'members',
        help: 'comma-separated list of config strings for non-incremental reconfig',
      },
      { name: '-add', value: 'joining', help: 'comma-separated list of config strings for new servers' },
      { name: '-remove', value: 'leaving', help: 'comma-separated list of server IDs to remove' },
      { name: '--dry-run', help: 'only say what it would do to the quorum, and why it would be refused' },
    ],
  },
  ours: '--dry-run ...',
  words: [0, 0],
  async run(context, args) {
    const { output } = context;
    const fromVersion = configVersion(args.value('-v'));
    if (args.has('--dry-run')) return sayDryRun(context, { ...membershipChange(args), fromVersion });
    const { data, stat } = await changeMembers(context, { ...membershipChange(args), fromVersion });
    const text = data?.toString('utf8') ?? '';
    output.line(`Committed new configuration:\n${text}`);
    if (args.has('-s')) printStat(context, stat);
    output.value({ config: text, stat: statJson(stat) });
  },
};

/** Exit code 1 where it would be refused, as the reconfiguration itself would have. */
async function sayDryRun({ client, output, signal }: CommandContext, change: Reconfiguration): Promise<void> {
  const { forecast, lines } = await dryRun(client, change, signal);
  for (const line of lines) output.line(line);
  output.value({ ...forecast, refused: forecast.refused?.reason ?? null });
  if (forecast.refused !== undefined) throw new CliError(`it would be refused: ${forecast.refused.reason}`);
}

/** Its errors concern no node: Apache's sentences end behind the colon. */
async function changeMembers({ client, signal }: CommandContext, change: Reconfiguration) {
  try {
    return await client.reconfig(change, { signal });
  } catch (error) {
    throw isZooKeeperError(error) ? new ZooKeeperError(error.code, '') : error;
  }
}

/** In hexadecimal, as `config` prints it. -1: whichever it is. */
function configVersion(text: string | undefined): bigint {
  if (text === undefined) return -1n;
  if (!/^[0-9a-fA-F]{1,15}$/.test(text)) throw new CliError('-v must be followed by a long (configuration version)');
  return BigInt(`0x${text}`);
}

function membershipChange(args: ParsedFlags): { joining?: string; leaving?: string; members?: string } {
  const isWhole = args.has('-file') || args.has('-members');
  const isPart = args.has('-add') || args.has('-remove');
  if (isWhole && isPart) {
    throw new CliError(
      "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental modes is not allowed)",
    );
  }
  if (args.has('-file') && args.has('-members')) {
    throw new CliError("Can't use -file and -members together (conflicting non-incremental modes)");
  }
  if (!isWhole && !isPart) throw new CliError(usageText(reconfig));
  const [file, members, joining, leaving] = ['-file', '-members', '-add', '-remove'].map((flag) => args.value(flag));
  const lowered = joining?.toLowerCase();
  return {
    ...(lowered === undefined ? {} : { joining: lowered }),
    ...(leaving === undefined ? {} : { leaving: leaving.toLowerCase() }),
    ...(members === undefined ? {} : { members: members.toLowerCase() }),
    ...(file === undefined ? {} : { members: membersOfFile(file) }),
  };
}

/** A dynamic configuration file: nothing but server, group and weight lines. */
function membersOfFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`Error processing ${file}: ${messageOf(error)}`);
  }
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('version='));
  const stranger = lines.find((line) => !/^(server|group|weight)\.\d+\s*=/.test(line));
  if (stranger !== undefined) {
    throw new CliError(`Error processing ${file}: "${stranger}" is no server, group or weight line`);
  }
  if (!lines.some((line) => line.startsWith('server.'))) {
    throw new CliError(`Error processing ${file}: it names no server`);
  }
  return lines.join(',');
}
