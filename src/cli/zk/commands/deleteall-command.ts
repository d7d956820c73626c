import { ErrorCode, isZooKeeperError, type ZooKeeperError } from '../../../client/client.ts';
import { CliError, keeperErrorText } from '../cli-error.ts';
import { type Command, integerFlag } from '../command.ts';
import { checkPath } from '../paths.ts';
import { ProgressBar } from '../progress-bar.ts';
import { inWindow, listSubtree } from '../subtree.ts';

/** deleteall: a node and everything below it, children before their parents. */
const DEFAULT_BATCH = 1000;
/** Whoever sits at a terminal is asked first when more nodes than this would go. */
const ASK_ABOVE_NODES = 1000;

export const deleteall: Command = {
  name: 'deleteall',
  usage: 'path [-b batch size]',
  rules: {
    flags: [
      { name: '-b', value: 'size', help: 'batch size' },
      { name: '--yes', help: `do not ask at a terminal before more than ${ASK_ABOVE_NODES} nodes go` },
    ],
  },
  words: [1, 1],
  ours: '[--yes]',
  async run({ client, output, signal, confirm }, args) {
    const path = checkPath(args.words[0] as string);
    const batch = integerFlag(args, '-b', '-b argument must be an int value') ?? DEFAULT_BATCH;
    if (batch < 1) throw new CliError('-b argument must be an int value, 1 or more');
    const paths = (await listSubtree(client, path, { signal })).reverse();
    if (paths.length > ASK_ABOVE_NODES && !args.has('--yes')) {
      if (!(await confirm(`Delete ${paths.length} nodes, ${path} and all below it?`))) {
        throw new CliError('Nothing was deleted');
      }
    }
    const failed: ZooKeeperError[] = [];
    const bar = new ProgressBar('deleted', paths.length, output);
    try {
      await inWindow(paths, batch, signal, async (each) => {
        try {
          await client.delete(each, { signal });
        } catch (error) {
          // A connection that is gone fails all that follow in the same way.
          if (!isZooKeeperError(error) || error.code === ErrorCode.connectionLoss) throw error;
          failed.push(error);
        }
        bar.step();
      });
    } finally {
      bar.end();
    }
    output.value({
      path,
      deleted: paths.length - failed.length,
      failed: failed.map((error) => ({ path: error.path, error: keeperErrorText(error) })),
    });
    if (failed.length > 0) throw new CliError('Failed to delete some node(s) in the subtree!');
  },
};
