import { type Acl, ErrorCode, type MultiOp, type Stat, ZooKeeperError } from '../../../client/client.ts';
import { CliError } from '../cli-error.ts';
import { type Command, type CommandContext, integerFlag } from '../command.ts';
import { baseName, checkPath, parentPath } from '../paths.ts';
import { hexOf } from '../stat-text.ts';
import { inWindow, listSubtree, walk } from '../subtree.ts';
import { ProgressBar } from '../terminal/progress-bar.ts';

/** find, du, cp, mv: whole subtrees. Apache's shell has none of these. */
const AT_ONCE = 64;
/**
 * The longest request that a server takes is jute.maxbuffer, 1 MiB less a byte by default; room is left for the frame.
 */
const MAX_MULTI_BYTES = 1_000_000;

export const find: Command = {
  name: 'find',
  usage: '[--name glob] [--ephemeral] [--owner session] [--min-bytes bytes] path',
  rules: {
    flags: [
      { name: '--name', value: 'glob', help: 'the last part of the path; * and ? stand for others' },
      { name: '--ephemeral', help: 'ephemeral nodes alone' },
      { name: '--owner', value: 'session', help: 'of that session, 0x...' },
      { name: '--min-bytes', value: 'bytes', help: 'with so much data or more' },
    ],
  },
  words: [1, 1],
  ours: '',
  async run({ client, output, signal }, args) {
    const top = checkPath(args.words[0] as string);
    const glob = args.value('--name');
    const name = glob === undefined ? undefined : globPattern(glob);
    const minBytes = integerFlag(args, '--min-bytes', '--min-bytes must be followed by a number of bytes') ?? 0;
    const owner = args.value('--owner')?.toLowerCase();
    if (owner !== undefined && !/^0x[0-9a-f]{1,16}$/.test(owner)) {
      throw new CliError(`--owner takes a session id, 0x and hexadecimal digits, not "${owner}"`);
    }
    const needsStat = args.has('--ephemeral') || owner !== undefined || minBytes > 0;
    const matches = (stat: Stat): boolean => {
      if (stat.dataLength < minBytes) return false;
      if (args.has('--ephemeral') && stat.ephemeralOwner === 0n) return false;
      return owner === undefined || hexOf(stat.ephemeralOwner) === owner;
    };
    const found: string[] = [];
    for await (const path of walk(client, top, { signal })) {
      if (name !== undefined && !name.test(baseName(path))) continue;
      if (needsStat) {
        const stat = await client.exists(path, { signal });
        if (stat === undefined || !matches(stat)) continue;
      }
      found.push(path);
      output.line(path);
    }
    output.value({ path: top, found });
  },
};

function globPattern(glob: string): RegExp {
  const escaped = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's');
}

export const du: Command = {
  name: 'du',
  usage: '[--depth levels] path',
  rules: { flags: [{ name: '--depth', value: 'levels', help: 'how far below the path to list; 1 by default' }] },
  words: [1, 1],
  ours: '',
  async run({ client, output, signal }, args) {
    const top = checkPath(args.words[0] as string);
    const depth = integerFlag(args, '--depth', '--depth must be followed by a number of levels') ?? 1;
    const paths = await listSubtree(client, top, { signal });
    const totals = new Map<string, { nodes: number; bytes: number }>();
    for (const path of paths) if (levelBelow(top, path) <= depth) totals.set(path, { nodes: 0, bytes: 0 });
    await inWindow(paths, AT_ONCE, signal, async (path) => {
      const stat = await client.exists(path, { signal });
      if (stat === undefined) return;
      for (let each = path; ; each = parentPath(each)) {
        const total = totals.get(each);
        if (total !== undefined) {
          total.nodes++;
          total.bytes += stat.dataLength;
        }
        if (each === top) return;
      }
    });
    const rows = [...totals].map(([path, total]) => ({ path, ...total }));
    for (const { path, nodes, bytes } of rows.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))) {
      output.line(`${String(bytes).padStart(12)} bytes ${String(nodes).padStart(9)} nodes  ${path}`);
    }
    output.value({ path: top, totals: rows });
  },
};

function levelBelow(top: string, path: string): number {
  return path === top ? 0 : path.slice(top === '/' ? 0 : top.length).split('/').length - 1;
}

interface CopiedNode {
  readonly from: string;
  readonly to: string;
  readonly data: Buffer | undefined;
  readonly stat: Stat;
  readonly acl: Acl[];
}

export const cp: Command = {
  name: 'cp',
  usage: 'path newPath # containers and nodes with a TTL become plain ones',
  rules: { flags: [] },
  words: [2, 2],
  ours: '',
  async run(context, args) {
    const { client, output, signal } = context;
    const { nodes, leftOut } = await readSubtree(context, args.words as [string, string]);
    const bar = new ProgressBar('copied', nodes.length, output);
    try {
      // In their order, parents first: a session's requests are carried out in the order they were made.
      await inWindow(nodes, AT_ONCE, signal, async ({ to, data, acl }) => {
        await client.create(to, data, { acl, signal });
        bar.step();
      });
    } finally {
      bar.end();
    }
    for (const path of leftOut) output.note(`${path} is ephemeral, belongs to its session and was not copied`);
    output.value({ copied: nodes.length, to: args.words[1] as string, leftOut });
  },
};

export const mv: Command = {
  name: 'mv',
  usage: 'path newPath # in one transaction; the same',
  rules: { flags: [] },
  words: [2, 2],
  ours: '',
  async run(context, args) {
    const { client, output, signal } = context;
    const { nodes, leftOut } = await readSubtree(context, args.words as [string, string]);
    if (leftOut.length > 0) {
      throw new CliError(`${leftOut[0]} is ephemeral and cannot be moved; nothing was changed`);
    }
    const bytes = nodes.reduce((sum, node) => sum + (node.data?.length ?? 0) + 3 * node.to.length + 100, 0);
    if (bytes > MAX_MULTI_BYTES) {
      throw new CliError(
        `the subtree takes about ${bytes} bytes, more than one transaction holds (${MAX_MULTI_BYTES}): use cp, then deleteall`,
      );
    }
    // One transaction, and only if every node is still as it was read: nobody sees half a move, nothing is lost.
    const creates = nodes.map(
      ({ to, data, acl }): MultiOp => ({
        op: 'create',
        path: to,
        ...(data === undefined ? {} : { data }),
        acl,
      }),
    );
    const deletes = [...nodes].reverse().map(
      ({ from, stat }): MultiOp => ({
        op: 'delete',
        path: from,
        version: stat.version,
      }),
    );
    await client.multi([...creates, ...deletes], { signal });
    output.value({ moved: nodes.length, to: args.words[1] as string });
  },
};

/**
 * Everything of a subtree, with the paths it is going to have. Ephemeral nodes belong to their session. A server does not
 * tell clients which nodes are containers or have a TTL: they come out as plain ones.
 */
async function readSubtree(
  { client, signal }: CommandContext,
  [from, to]: [string, string],
): Promise<{ nodes: CopiedNode[]; leftOut: string[] }> {
  checkPath(from);
  checkPath(to);
  if (from === '/') throw new CliError('the root can be neither copied nor moved');
  if (to === from || to.startsWith(`${from}/`)) throw new CliError(`${to} lies within ${from}`);
  if ((await client.exists(to, { signal })) !== undefined) throw new ZooKeeperError(ErrorCode.nodeExists, to);
  const paths = await listSubtree(client, from, { signal });
  const read: (CopiedNode | undefined)[] = paths.map(() => undefined);
  const leftOut: string[] = [];
  await inWindow(paths.entries(), AT_ONCE, signal, async ([i, path]) => {
    const [{ data, stat }, { acl }] = await Promise.all([
      client.getData(path, { signal }),
      client.getAcl(path, { signal }),
    ]);
    if (stat.ephemeralOwner !== 0n) leftOut.push(path);
    else read[i] = { from: path, to: to + path.slice(from.length), data, stat, acl };
  });
  return { nodes: read.filter((node) => node !== undefined), leftOut: leftOut.sort() };
}
