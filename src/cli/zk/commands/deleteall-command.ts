import { ErrorCode, isZooKeeperError, type ZooKeeperError } from '../../../client/client.ts';
import { CliError, keeperErrorText } from '../cli-error.ts';
import { type Command, integerFlag } from '../command.ts';
import { checkPath } from '../paths.ts';
import { inWindow, listSubtree } from '../subtree.ts';
import { ProgressBar } from '../terminal/progress-bar.ts';

/** deleteall: a node and everything below it, children before their parents, a batch in one transaction. */
const DEFAULT_BATCH = 1000;
const BATCHES_AT_ONCE = 4;
/** jute.maxbuffer is 1 MiB by default. */
const MAX_BATCH_BYTES = 500_000;
const DELETE_OVERHEAD_BYTES = 20;
/** A person at a terminal is asked first when more nodes than this would go. */
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
    let deleted = 0;
    try {
      await inWindow(batchesOf(paths, batch), BATCHES_AT_ONCE, signal, async (each) => {
        try {
          await client.multi(
            each.map((node) => ({ op: 'delete', path: node })),
            { signal },
          );
          deleted += each.length;
        } catch (error) {
          // A connection that is gone fails all that follow in the same way.
          if (!isZooKeeperError(error) || error.code === ErrorCode.connectionLoss) throw error;
          failed.push(error);
        }
        bar.step(each.length);
      });
    } finally {
      bar.end();
    }
    output.value({
      path,
      deleted,
      failed: failed.map((error) => ({ path: error.path, error: keeperErrorText(error) })),
    });
    if (failed.length > 0) throw new CliError('Failed to delete some node(s) in the subtree!');
  },
};

/** A batch is one transaction: `most` nodes, or as many as a server takes in one request. */
function* batchesOf(paths: readonly string[], most: number): Generator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    const more = Buffer.byteLength(path) + DELETE_OVERHEAD_BYTES;
    if (batch.length > 0 && (batch.length === most || bytes + more > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(path);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}
