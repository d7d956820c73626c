import { NO_NODE } from '../datatree/tree/node-table.ts';
import type { ReadableTree } from '../datatree/tree/tree-views.ts';

/** The nodes that one tree has and another one has not, or has otherwise. */
export type Kind = 'added' | 'removed' | 'changed';

export interface Difference {
  readonly kind: Kind;
  readonly path: string;
  /** For a changed node: data, acl, stat, or "made anew" for one that was deleted and created between the two. */
  readonly what: readonly string[];
}

export interface Counts {
  added: number;
  removed: number;
  changed: number;
}

/** Calls back in the order of paths, parents first; children that came or went do not change their parent. */
export function diffTrees(left: ReadableTree, right: ReadableTree, onDifference: (one: Difference) => void): void {
  const stack = ['/'];
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const [a, b] = [left.lookup(path), right.lookup(path)];
    const [inLeft, inRight] = [a !== NO_NODE, b !== NO_NODE];
    if (!inLeft) onDifference({ kind: 'added', path, what: [] });
    else if (!inRight) onDifference({ kind: 'removed', path, what: [] });
    else {
      const what = changesOf({ tree: left, node: a }, { tree: right, node: b });
      if (what.length > 0) onDifference({ kind: 'changed', path, what });
    }
    const names = new Set([...(inLeft ? left.childNames(a) : []), ...(inRight ? right.childNames(b) : [])]);
    const below = path === '/' ? '/' : `${path}/`;
    // The last one pushed is the next one looked at.
    for (const name of [...names].sort().reverse()) stack.push(`${below}${name}`);
  }
}

/** Differences below each node of a depth; those above it are counted at the node itself. */
export class SubtreeCounts {
  readonly total: Counts = { added: 0, removed: 0, changed: 0 };
  private readonly depth: number;
  private readonly byPath = new Map<string, Counts>();

  constructor(depth: number) {
    this.depth = depth;
  }

  add({ kind, path }: Difference): void {
    const subtree = `/${path
      .split('/')
      .slice(1, this.depth + 1)
      .join('/')}`;
    const counts = this.byPath.get(subtree) ?? { added: 0, removed: 0, changed: 0 };
    this.byPath.set(subtree, counts);
    counts[kind]++;
    this.total[kind]++;
  }

  /** In the order in which they were met. */
  get subtrees(): readonly (readonly [path: string, counts: Counts])[] {
    return [...this.byPath];
  }
}

interface Place {
  readonly tree: ReadableTree;
  readonly node: number;
}

function changesOf(a: Place, b: Place): string[] {
  const [before, after] = [a.tree.persistedStat(a.node), b.tree.persistedStat(b.node)];
  const changes: string[] = [];
  if (!sameData(a.tree.dataOf(a.node), b.tree.dataOf(b.node))) changes.push('data');
  if (JSON.stringify(a.tree.aclOf(a.node)) !== JSON.stringify(b.tree.aclOf(b.node))) changes.push('acl');
  if (before.czxid !== after.czxid) changes.push('made anew');
  else if (before.ephemeralOwner !== after.ephemeralOwner) changes.push('owner');
  else if (before.mzxid !== after.mzxid || before.version !== after.version || before.aversion !== after.aversion) {
    changes.push('stat');
  }
  return changes;
}

function sameData(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
