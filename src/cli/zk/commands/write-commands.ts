import { type CreateOptions, ErrorCode, isZooKeeperError } from '../../../client/client.ts';
import { parseAcl } from '../acl-text.ts';
import { CliError, keeperErrorText } from '../cli-error.ts';
import { type Command, type CommandContext, integerFlag, versionFlag } from '../command.ts';
import type { ParsedFlags } from '../flags.ts';
import { checkPath } from '../paths.ts';
import { statJson } from '../stat-text.ts';
import { printStat } from './read-commands.ts';

/** create, set, delete: one node. */
const MAX_TTL_MS = 0xff_ffff_ffff;

export const create: Command = {
  name: 'create',
  usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  rules: {
    flags: [
      { name: '-e', help: 'ephemeral' },
      { name: '-s', help: 'sequential' },
      { name: '-c', help: 'container' },
      { name: '-t', value: 'ttl', help: 'ttl' },
    ],
  },
  words: [1, 3],
  async run(context, args) {
    const { client, output, signal } = context;
    const [path, data, aclText] = args.words as [string, string | undefined, string | undefined];
    const options = createOptionsOf(args);
    try {
      const acl = aclText === undefined ? {} : { acl: parseAcl(aclText, (line) => output.error(line)) };
      checkPath(path, args.has('-s'));
      const created = await client.create(path, data, { ...options, ...acl, signal });
      output.note(`Created ${created}`);
      output.value({ created });
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.invalidACL)) output.error(keeperErrorText(error));
      if (isZooKeeperError(error, ErrorCode.ephemeralOnLocalSession)) {
        output.error('Unable to create ephemeral node on a local session');
      }
      throw error;
    }
  },
};

function createOptionsOf(args: ParsedFlags): CreateOptions {
  const [isEphemeral, isSequential, isContainer] = [args.has('-e'), args.has('-s'), args.has('-c')];
  if (isContainer && (isEphemeral || isSequential)) {
    throw new CliError('-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.');
  }
  const ttlMs = integerFlag(args, '-t', '-t argument must be a long value');
  if (ttlMs === undefined) {
    if (isContainer) return { mode: 'container' };
    if (isEphemeral) return { mode: isSequential ? 'ephemeralSequential' : 'ephemeral' };
    return { mode: isSequential ? 'persistentSequential' : 'persistent' };
  }
  if (isEphemeral) throw new CliError('TTLs cannot be used with Ephemeral znodes');
  if (isContainer) throw new CliError('TTLs cannot be used with Container znodes');
  if (ttlMs <= 0 || ttlMs > MAX_TTL_MS) {
    throw new CliError(`ttl must be positive and cannot be larger than: ${MAX_TTL_MS}`);
  }
  return { mode: isSequential ? 'persistentSequentialWithTTL' : 'persistentWithTTL', ttlMs };
}

export const set: Command = {
  name: 'set',
  usage: 'path data [-s] [-v version] [-b]',
  rules: {
    flags: [
      { name: '-s', help: 'Print znode stats additionally' },
      { name: '-v', value: 'version', help: 'Set with an expected version' },
      { name: '-b', help: 'Supply data in base64 format' },
    ],
  },
  words: [2, 2],
  explainsFlags: true,
  async run(context, args) {
    const [path, text] = args.words as [string, string];
    const data = args.has('-b') ? fromBase64(text) : Buffer.from(text, 'utf8');
    const version = versionFlag(args);
    const stat = await context.client.setData(checkPath(path), data, { version, signal: context.signal });
    if (args.has('-s')) printStat(context, stat);
    context.output.value({ path, stat: statJson(stat) });
  },
};

function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  // Node's decoder passes over what is no base64: it must come out again as it went in.
  if (bytes.toString('base64').replaceAll('=', '') !== text.replaceAll('=', '')) {
    throw new CliError(`"${text}" is not base64`);
  }
  return bytes;
}

export const deleteNode: Command = {
  name: 'delete',
  usage: '[-v version] path',
  rules: { flags: [{ name: '-v', value: 'version', help: 'version' }] },
  words: [1, 2],
  async run({ client, output, signal }: CommandContext, args) {
    const path = args.words[0] as string;
    let version = versionFlag(args);
    const oldForm = args.words[1];
    if (oldForm !== undefined) {
      output.note("'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.");
      if (!/^\d{1,9}$/.test(oldForm)) throw new CliError(`"${oldForm}" is not a version number`);
      version = Number(oldForm);
    }
    await client.delete(checkPath(path), { version, signal });
    output.value({ deleted: path });
  },
};
