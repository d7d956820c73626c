import { ErrorCode, type Stat, type Watcher, ZooKeeperError } from '../../../client/client.ts';
import { CliError } from '../cli-error.ts';
import { type Command, type CommandContext, integerFlag } from '../command.ts';
import type { ParsedFlags } from '../flags.ts';
import { hexDump } from '../hex-dump.ts';
import type { Json } from '../output.ts';
import { checkPath } from '../paths.ts';
import { statJson, statLines } from '../stat-text.ts';
import { walk } from '../subtree.ts';

/** get, ls, stat, getAllChildrenNumber, getEphemerals: what is there. */
export const get: Command = {
  name: 'get',
  usage: '[-s] [-w] [-b] [-x] path',
  rules: {
    flags: [
      { name: '-s', help: 'Print znode stats additionally' },
      { name: '-w', help: 'Watch for changes on the znode' },
      { name: '-b', help: 'Output data in base64 format' },
      { name: '-x', help: 'Output data in hexdump format' },
    ],
  },
  words: [1, 2],
  explainsFlags: true,
  async run(context, args) {
    const { output } = context;
    const isWatched = watchAsked(context, args, 'get', '[-s] [-w]');
    const path = checkPath(args.words[0] as string);
    const { data, stat } = await context.client.getData(path, watchOptions(context, isWatched));
    // A node without data prints as the word null, in every format.
    const bytes = data ?? Buffer.from('null');
    if (args.has('-x')) output.line(hexDump(bytes));
    else output.line(bytes.toString(args.has('-b') ? 'base64' : 'utf8'));
    if (args.has('-s')) printStat(context, stat);
    output.value({ path, ...dataJson(data, args.has('-b') || args.has('-x')), stat: statJson(stat) });
  },
};

export const ls: Command = {
  name: 'ls',
  usage: '[-s] [-w] [-R] path',
  rules: {
    flags: [
      { name: '-s', help: 'stat' },
      { name: '-w', help: 'watch' },
      { name: '-R', help: 'recurse' },
      { name: '--depth', value: 'levels', help: 'with -R: so many levels below the path' },
    ],
  },
  words: [1, 2],
  ours: '-R [--depth levels]',
  async run(context, args) {
    const { client, output } = context;
    const isWatched = watchAsked(context, args, 'ls', '[-w]');
    const path = checkPath(args.words[0] as string);
    const depth = integerFlag(args, '--depth', '--depth must be followed by a number of levels');
    if (depth !== undefined && (depth < 0 || !args.has('-R'))) {
      throw new CliError(depth < 0 ? '--depth cannot be negative' : '--depth has a meaning with -R only');
    }
    const read = watchOptions(context, isWatched);
    if (args.has('-R')) {
      const paths: string[] = [];
      for await (const each of walk(client, path, { ...read, ...(depth === undefined ? {} : { depth }) })) {
        if (output.json) paths.push(each);
        else output.line(each);
      }
      output.value({ path, paths });
      return;
    }
    const { children, stat } = await client.getChildrenAndStat(path, read);
    output.line(`[${children.sort().join(', ')}]`);
    if (args.has('-s')) printStat(context, stat);
    output.value({ path, children, stat: statJson(stat) });
  },
};

export const stat: Command = {
  name: 'stat',
  usage: '[-w] path',
  rules: { flags: [{ name: '-w', help: 'watch' }] },
  words: [1, 2],
  async run(context, args) {
    const isWatched = watchAsked(context, args, 'stat', '[-w]');
    const path = checkPath(args.words[0] as string);
    const found = await context.client.exists(path, watchOptions(context, isWatched));
    if (found === undefined) throw new ZooKeeperError(ErrorCode.noNode, path);
    printStat(context, found);
    context.output.value({ path, stat: statJson(found) });
  },
};

export const getAllChildrenNumber: Command = {
  name: 'getAllChildrenNumber',
  usage: 'path',
  rules: { flags: [] },
  words: [1, 1],
  async run({ client, output, signal }, { words }) {
    const path = checkPath(words[0] as string);
    const number = await client.getAllChildrenNumber(path, { signal });
    output.line(String(number));
    output.value({ path, number });
  },
};

export const getEphemerals: Command = {
  name: 'getEphemerals',
  usage: 'path',
  rules: { flags: [] },
  words: [0, 1],
  async run({ client, output, signal }, { words }) {
    const prefix = checkPath(words[0] ?? '/');
    const paths = await client.getEphemerals(prefix, { signal });
    output.line(`[${paths.join(', ')}]`);
    output.value({ prefix, paths });
  },
};

export function printStat({ output }: CommandContext, stat: Stat): void {
  for (const line of statLines(stat)) output.line(line);
}

/** The old form, a second word behind the path, still sets a watch; Apache's shell says the same of it. */
function watchAsked({ output }: CommandContext, args: ParsedFlags, name: string, flags: string): boolean {
  if (args.words.length === 1) return args.has('-w');
  output.note(`'${name} path [watch]' has been deprecated. Please use '${name} ${flags} path' instead.`);
  return true;
}

function watchOptions(
  { watcher, signal }: CommandContext,
  isWatched: boolean,
): { signal: AbortSignal; watch?: Watcher } {
  return isWatched ? { watch: watcher, signal } : { signal };
}

/** Text when it is text, base64 otherwise or when that was asked for; `encoding` says which. */
export function dataJson(data: Buffer | undefined, asBase64: boolean): { data: Json; encoding?: string } {
  if (data === undefined) return { data: null };
  const text = data.toString('utf8');
  if (!asBase64 && Buffer.from(text, 'utf8').equals(data)) return { data: text, encoding: 'utf8' };
  return { data: data.toString('base64'), encoding: 'base64' };
}
