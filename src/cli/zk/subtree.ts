import { ErrorCode, isZooKeeperError, type Watcher, type ZooKeeperClient } from '../../client/client.ts';
import { childPath } from './paths.ts';

/** Ways through a subtree, several requests under way at a time, however deep or wide it is. */
const READS_AT_ONCE = 64;

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** 0: the top alone. */
  readonly depth?: number;
  /** Waits at every node that is listed for a change of its children. */
  readonly watch?: Watcher;
}

/**
 * All of a node's children, sorted, then what is below the first of them, then below the second: the order of
 * `ls -R`. Rejects when a node cannot be listed; one that went away meanwhile has no children.
 */
export async function* walk(client: ZooKeeperClient, top: string, options: WalkOptions): AsyncGenerator<string> {
  const { depth = Number.POSITIVE_INFINITY, ...read } = options;
  const listing = (path: string): Promise<string[]> =>
    client.getChildren(path, read).then((names) => names.sort().map((name) => childPath(path, name)));
  if (depth < 1) {
    yield top;
    return;
  }
  // A stack of nodes to list, the next one last; the first READS_AT_ONCE of them are being listed already.
  const stack: { path: string; level: number; children?: Promise<string[]> }[] = [{ path: top, level: 0 }];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    let children: string[];
    try {
      children = await (node.children ?? listing(node.path));
    } catch (error) {
      if (node.path === top || !isZooKeeperError(error, ErrorCode.noNode)) throw error;
      continue;
    }
    // Not before it was listed: a top that is not there is an error and nothing else.
    if (node.path === top) yield top;
    yield* children;
    const level = node.level + 1;
    if (level >= depth) continue;
    for (const path of children.reverse()) stack.push({ path, level });
    for (const next of stack.slice(-READS_AT_ONCE)) {
      next.children ??= listing(next.path);
      // It is awaited when its turn comes, and reported then.
      next.children.catch(() => {});
    }
  }
}

/** Level by level, parents before their children. Rejects when a node cannot be listed. */
export async function listSubtree(client: ZooKeeperClient, top: string, options: WalkOptions): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of walk(client, top, options)) paths.push(path);
  const depths = new Map(paths.map((path) => [path, path === '/' ? 0 : path.split('/').length]));
  return paths.sort((a, b) => (depths.get(a) as number) - (depths.get(b) as number));
}

/** Runs `task` for each item, `atOnce` of them at a time, begun in their order. The first failure ends it. */
export async function inWindow<T>(
  items: Iterable<T>,
  atOnce: number,
  signal: AbortSignal,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (const item of items) {
    signal.throwIfAborted();
    while (underWay.size >= atOnce) await Promise.race(underWay);
    const running: Promise<void> = task(item).finally(() => underWay.delete(running));
    running.catch(() => {});
    underWay.add(running);
  }
  await Promise.all(underWay);
}
