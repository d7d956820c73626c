import { type Acl, isZooKeeperError } from '../../../client/client.ts';
import { aclArgument, aclLines, parseAcl, permsText } from '../acl-text.ts';
import { CliError, keeperErrorText } from '../cli-error.ts';
import { type Command, versionFlag } from '../command.ts';
import type { Json } from '../output.ts';
import { checkPath } from '../paths.ts';
import { statJson } from '../stat-text.ts';
import { walk } from '../subtree.ts';
import { printStat } from './read-commands.ts';

/** getAcl, setAcl: who may do what. */
export const getAcl: Command = {
  name: 'getAcl',
  usage: '[-s] path',
  rules: { flags: [{ name: '-s', help: 'stats' }] },
  words: [1, 1],
  async run(context, args) {
    const path = checkPath(args.words[0] as string);
    const { acl, stat } = await context.client.getAcl(path, { signal: context.signal });
    for (const line of aclLines(acl)) context.output.line(line);
    if (args.has('-s')) printStat(context, stat);
    context.output.value({ path, acl: aclJson(acl), aclArgument: aclArgument(acl), stat: statJson(stat) });
  },
};

export const setAcl: Command = {
  name: 'setAcl',
  usage: '[-s] [-v version] [-R] path acl',
  rules: {
    flags: [
      { name: '-s', help: 'stats' },
      { name: '-v', value: 'version', help: 'version' },
      { name: '-R', help: 'recursive' },
    ],
  },
  words: [2, 2],
  async run(context, args) {
    const { client, output, signal } = context;
    const [path, text] = args.words as [string, string];
    const acl = parseAcl(text, (line) => output.error(line));
    const version = versionFlag(args);
    checkPath(path);
    const paths = args.has('-R') ? walk(client, path, { signal }) : [path];
    const refused: Json[] = [];
    for await (const each of paths) {
      try {
        const stat = await client.setAcl(each, acl, { version, signal });
        if (args.has('-s')) printStat(context, stat);
      } catch (error) {
        // One node of a subtree that cannot be changed does not keep the others from it.
        if (!args.has('-R') || !isZooKeeperError(error)) throw error;
        output.text(keeperErrorText(error));
        refused.push({ path: each, error: keeperErrorText(error) });
      }
    }
    output.value({ path, acl: aclJson(acl), ...(args.has('-R') ? { refused } : {}) });
    if (refused.length > 0) throw new CliError(`${refused.length} node(s) of the subtree keep the ACL they had`);
  },
};

function aclJson(acl: readonly Acl[]): Json {
  return acl.map(({ perms, id }) => ({ ...id, perms: permsText(perms) }));
}
