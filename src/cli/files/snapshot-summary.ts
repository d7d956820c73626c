import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import { childrenInOrder, joinPath, openSnapshotFile } from './snapshot-file.ts';
import { line, ToolError, type ToolIo } from './tool.ts';

/** SnapshotRecursiveSummary: how many nodes and how much data there is below each node that has children. */
const USAGE = `USAGE:


SnapshotRecursiveSummary  <snapshot_file>  <starting_node>  <max_depth>


snapshot_file:    path to the zookeeper snapshot
starting_node:    the path in the zookeeper tree where the traversal should begin
max_depth:        defines the depth where the tool still writes to the output. 0 means there is no depth limit, every non-leaf node's stats will be displayed, 1 means it will only contain the starting node's and it's children's stats, 2 ads another level and so on. This ONLY affects the level of details displayed, NOT the calculation.`;
const INVALID_INVOCATION = 2;

interface Summary {
  readonly path: string;
  readonly level: number;
  /** Indices of the children's summaries. */
  readonly children: Summary[];
  nodes: number;
  bytes: number;
}

export function snapshotSummary(args: readonly string[], io: ToolIo): number {
  const [file, top, depthText] = args as [string, string, string];
  if (args.length !== 3 || !/^\d{1,9}$/.test(depthText)) throw new ToolError(USAGE, INVALID_INVOCATION);
  const { database } = openSnapshotFile(file);
  if (database.tree.lookup(top) < 0) throw new ToolError(`there is no node ${top} in ${file}`);
  const depth = Number(depthText);
  printSummaries(io, summarize(database.tree, top), depth);
  // Apache's tool ends its text with an empty line.
  line(io, '');
  return 0;
}

/** Children are counted before their parents, from the end of the list in which parents come first. */
function summarize(tree: ReadableTree, top: string): Summary {
  const root: Summary = { path: top, level: 0, children: [], nodes: 0, bytes: 0 };
  const all = [root];
  for (let i = 0; i < all.length; i++) {
    const summary = all[i] as Summary;
    const node = tree.lookup(summary.path);
    summary.bytes = tree.dataLength(node);
    for (const name of childrenInOrder(tree, node)) {
      const path = joinPath(summary.path, name);
      const child: Summary = { path, level: summary.level + 1, children: [], nodes: 0, bytes: 0 };
      summary.children.push(child);
      all.push(child);
    }
  }
  for (const summary of all.reverse()) {
    for (const child of summary.children) {
      summary.nodes += child.nodes + 1;
      summary.bytes += child.bytes;
    }
  }
  return root;
}

function printSummaries(io: ToolIo, root: Summary, depth: number): void {
  const pending = [root];
  for (let summary = pending.pop(); summary !== undefined; summary = pending.pop()) {
    if (summary.children.length === 0 && summary !== root) continue;
    if (depth === 0 || summary.level <= depth) {
      const lead = '--'.repeat(summary.level);
      line(io, `${lead} ${summary.path}`);
      line(io, `${lead}   children: ${summary.nodes}`);
      line(io, `${lead}   data: ${summary.bytes}`);
    }
    for (const child of [...summary.children].reverse()) pending.push(child);
  }
}
